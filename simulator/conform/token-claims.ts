import { broken, type Claim, judged, notTestable } from './claim.ts';

const noToken = notTestable('the adapter has no token request');
const credentials = 'Any client in the network can switch features.';

/** Claims about tokens and scopes (specification, "Authentication"). */
export const tokenClaims: readonly Claim[] = [
  {
    name: 'token_issued',
    title: 'The token endpoint issues a token for the right credentials',
    guarantee: 'Nothing works without: no command can be sent.',
    async test(subject) {
      if (subject.settings.adapter.token === null) return noToken;
      const { status, token } = await subject.askToken();
      return judged(
        token !== null,
        `the token endpoint answered ${status} without a token where the adapter says`,
      );
    },
  },
  {
    name: 'wrong_secret_refused',
    title: 'A wrong client secret gets no token',
    guarantee: credentials,
    async test(subject) {
      if (subject.settings.adapter.token === null) return noToken;
      const { status, token } = await subject.askToken({ secret: 'a-wrong-secret' });
      return judged(token === null, `a wrong secret was answered ${status} with a token`);
    },
  },
  {
    name: 'foreign_scope_refused',
    title: 'A scope that the client does not have is not granted',
    guarantee: 'A client that may read could give itself the right to send commands.',
    async test(subject) {
      if (subject.settings.adapter.token === null) return noToken;
      if (subject.settings.adapter.token.scope === '') return notTestable('the adapter names no scope');
      const { status, token } = await subject.askToken({ scope: 'conform:not-granted' });
      return judged(token === null, `an unknown scope was answered ${status} with a token`);
    },
  },
  {
    name: 'command_needs_token',
    title: 'A command without a token is refused',
    guarantee: credentials,
    async test(subject) {
      if (subject.settings.adapter.token === null) return noToken;
      const { status } = await subject.configure({ key: subject.key('no-token'), token: null });
      return judged(status === 401 || status === 403, `a command without a token was answered ${status}`);
    },
  },
  {
    name: 'forged_token_refused',
    title: 'A command with a token that was never issued is refused',
    guarantee: credentials,
    async test(subject) {
      if (subject.settings.adapter.token === null) return noToken;
      const { status } = await subject.configure({ key: subject.key('forged'), token: 'forged' });
      return judged(status === 401 || status === 403, `a command with a forged token was answered ${status}`);
    },
  },
  {
    name: 'reading_needs_token',
    title: "A vehicle's state is not shown without a token",
    guarantee: 'Where a vehicle is, and what its owner bought, is personal data.',
    async test(subject) {
      if (subject.settings.adapter.token === null) return noToken;
      const read = await subject.vehicle('status', subject.settings.vin, null);
      if (read === null) return notTestable('the adapter has no status');
      const { status } = read.sent;
      return judged(status === 401 || status === 403, `the status without a token was answered ${status}`);
    },
  },
  {
    name: 'scope_limits_commands',
    title: 'A token whose scope is for reading alone sends no command',
    guarantee: 'A dashboard that may read could switch features.',
    async test(subject) {
      const scopes = subject.settings.adapter.token?.scope.split(' ') ?? [];
      if (scopes.length < 2) return notTestable('the adapter names fewer than two scopes');
      const statuses: number[] = [];
      for (const scope of scopes) {
        const { token } = await subject.askToken({ scope });
        if (token === null) return broken(`no token was issued for the scope ${scope} alone`);
        statuses.push(
          (await subject.configure({ key: subject.key(`scope-${scope}`), rawBody: '{', token })).status,
        );
      }
      // A body that is no JSON is refused in any case, so that no command is sent: only the reason differs.
      return judged(
        statuses.some((status) => status === 401 || status === 403),
        `every scope alone may send commands (answers ${statuses.join(', ')})`,
      );
    },
  },
];
