import type { Http } from '../../../shared/ports/http.ts';
import type { CallbackListener } from '../../../simulator/conform/callback-listener.ts';

/** An API IoT that breaks one claim: Fleetwake's own, with this between it and its clients. */
export interface BadApi {
  readonly claim: string;
  readonly what: string;
  readonly wrap?: (http: Http, token: () => Promise<string>) => Http;
  readonly hear?: (callbacks: CallbackListener) => CallbackListener;
  /** After a restart. */
  readonly forgets?: true;
}

type Json = Record<string, unknown>;

const isToken = ({ url }: Request) => url.endsWith('/oauth/token');
const isConfigure = ({ url }: Request) => url.endsWith('/configure');
const isHistory = ({ url }: Request) => /\/history(\?|$)/.test(url);
const isItem = ({ url }: Request) => /\/history\/./.test(url);
const isStatus = ({ url }: Request) => url.endsWith('/status');
const isHealth = ({ url }: Request) => url.endsWith('/health');

/** Changes the answers to some requests. */
const answers =
  (when: (request: Request) => boolean, change: (body: Json, response: Response) => Response | Json) =>
  (http: Http): Http =>
  async (request) => {
    if (!when(request)) return http(request);
    const response = await http(request);
    const text = await response.text();
    const body = (text === '' ? {} : JSON.parse(text)) as Json;
    const changed = change(body, new Response(null, response));
    return changed instanceof Response
      ? changed
      : Response.json(changed, { status: response.status, headers: response.headers });
  };

/** Changes some requests. */
const requests =
  (when: (request: Request) => boolean, change: (body: string, headers: Headers) => string) =>
  (http: Http): Http =>
  async (request) => {
    if (!when(request)) return http(request);
    const headers = new Headers(request.headers);
    const body = change(await request.text(), headers);
    return http(new Request(request.url, { method: request.method, headers, body }));
  };

const withToken =
  (when: (request: Request) => boolean): NonNullable<BadApi['wrap']> =>
  (http, token) =>
  async (request) => {
    if (!when(request)) return http(request);
    const headers = new Headers(request.headers);
    headers.set('authorization', `Bearer ${await token()}`);
    const body = request.method === 'GET' ? {} : { body: await request.text() };
    return http(new Request(request.url, { method: request.method, headers, ...body }));
  };

const commands = (body: Json, change: (command: Json) => Json) =>
  'commands' in body ? { ...body, commands: (body.commands as Json[]).map(change) } : change(body);

const lacksToken = (request: Request) => !request.headers.has('authorization');
let count = 0;
const newKey = requests(isConfigure, (body, headers) => {
  count += 1;
  headers.set('idempotency-key', `${headers.get('idempotency-key')}-${count}`);
  return body;
});
const allScopes = requests(isToken, (body) => {
  const form = new URLSearchParams(body);
  form.set('scope', 'vehicle:configure vehicle:read');
  return form.toString();
});
const received = (
  callbacks: CallbackListener,
  all: () => CallbackListener['received'],
): CallbackListener => ({
  url: callbacks.url,
  secret: callbacks.secret,
  get received() {
    return all();
  },
});

export const badApis: readonly BadApi[] = [
  {
    claim: 'token_issued',
    what: 'has no token endpoint',
    wrap: answers(isToken, () => new Response('', { status: 500 })),
  },
  {
    claim: 'wrong_secret_refused',
    what: 'issues a token for any secret',
    wrap: (http, token) => async (request) =>
      isToken(request) ? Response.json({ access_token: await token(), expires_in: 60 }) : http(request),
  },
  { claim: 'foreign_scope_refused', what: 'ignores the scope that is asked for', wrap: allScopes },
  {
    claim: 'command_needs_token',
    what: 'takes commands without a token',
    wrap: withToken((one) => isConfigure(one) && lacksToken(one)),
  },
  {
    claim: 'forged_token_refused',
    what: 'takes any token',
    wrap: withToken((one) => isConfigure(one) && one.headers.get('authorization') === 'Bearer forged'),
  },
  {
    claim: 'reading_needs_token',
    what: 'shows the status to all',
    wrap: withToken((one) => isStatus(one) && lacksToken(one)),
  },
  { claim: 'scope_limits_commands', what: 'gives every token every scope', wrap: allScopes },
  {
    claim: 'command_accepted',
    what: 'answers 500 to every command',
    wrap: answers(isConfigure, () => new Response('', { status: 500 })),
  },
  {
    claim: 'command_ends',
    what: 'never says that a command has ended',
    wrap: answers(
      (one) => isItem(one) || isHistory(one),
      (body) => commands(body, (one) => ({ ...one, state: 'accepted' })),
    ),
  },
  {
    claim: 'applied_is_reported',
    what: 'says applied, and the vehicle stays dormant',
    wrap: answers(isStatus, (body) => ({
      ...body,
      reported: (body.reported as Json[]).map((one) => ({ ...one, state: 'dormant' })),
    })),
  },
  {
    claim: 'deactivation_is_reported',
    what: 'switches nothing off',
    wrap: requests(isConfigure, (body) => body.replace('"dormant"', '"active"')),
  },
  {
    claim: 'times_are_plausible',
    what: 'has a clock of another year',
    wrap: answers(isConfigure, (body) => ({ ...body, acceptedAt: 1_500_000_000_000 })),
  },
  {
    claim: 'unknown_vehicle_refused',
    what: 'answers 503 for an unknown vehicle',
    wrap: answers(isConfigure, (body, response) =>
      response.status === 404 ? new Response('', { status: 503 }) : body,
    ),
  },
  {
    claim: 'malformed_refused',
    what: 'takes a body that is no JSON',
    wrap: answers(isConfigure, (body, response) =>
      response.status === 400 ? Response.json({}, { status: 202 }) : body,
    ),
  },
  {
    claim: 'unknown_feature_refused',
    what: 'applies something for an unknown feature',
    wrap: requests(isConfigure, (body) => body.replace('conform_no_such_feature', 'heated_seats')),
  },
  {
    claim: 'version_rises',
    what: 'gives every command the version 1',
    wrap: answers(isConfigure, (body) => ({
      ...body,
      features: (body.features as Json[]).map((one) => ({ ...one, version: 1 })),
    })),
  },
  {
    claim: 'health_says_online',
    what: 'says offline of every vehicle',
    wrap: answers(isHealth, (body) => ({ ...body, online: false })),
  },
  {
    claim: 'health_says_offline',
    what: 'says online of every vehicle',
    wrap: answers(isHealth, (body) => ({ ...body, online: true })),
  },
  {
    claim: 'command_times_out',
    what: 'lets a command wait for ever',
    wrap: answers(
      (one) => isItem(one) || isHistory(one),
      (body) => commands(body, (one) => ({ ...one, state: 'accepted' })),
    ),
  },
  {
    claim: 'late_result_kept',
    what: 'drops what comes after the time-out',
    wrap: answers(
      (one) => isItem(one) || isHistory(one),
      (body) => commands(body, (one) => (one.late === true ? { ...one, state: 'timed_out' } : one)),
    ),
  },
  { claim: 'idempotent_replay', what: 'ignores the key', wrap: newKey },
  { claim: 'idempotent_at_once', what: 'ignores the key of two requests at once', wrap: newKey },
  { claim: 'key_mismatch_refused', what: 'takes another body under the same key', wrap: newKey },
  {
    claim: 'replay_in_history_once',
    what: 'lists every command twice',
    wrap: answers(isHistory, (body) => ({
      ...body,
      commands: (body.commands as Json[]).flatMap((one) => [one, one]),
    })),
  },
  {
    claim: 'callback_arrives',
    what: 'ignores the callback URL',
    wrap: requests(isConfigure, (body) => {
      const { callbackUrl: _, ...rest } = JSON.parse(body) as Json;
      return JSON.stringify(rest);
    }),
  },
  {
    claim: 'callback_signed',
    what: 'signs with another secret',
    hear: (callbacks) => ({
      ...received(callbacks, () => callbacks.received),
      secret: `whsec_${'b'.repeat(32)}`,
    }),
  },
  {
    claim: 'callback_says_end',
    what: 'says something else in the callback',
    hear: (callbacks) =>
      received(callbacks, () =>
        callbacks.received.map((one) => ({
          ...one,
          body: one.body.replace('"state":"applied"', '"state":"failed"'),
        })),
      ),
  },
  {
    claim: 'callback_tried_again',
    what: 'tries a callback once',
    hear: (callbacks) =>
      received(callbacks, () => callbacks.received.filter(({ answered }) => answered === 503)),
  },
  {
    claim: 'history_complete',
    what: 'leaves the newest command out',
    wrap: answers(isHistory, (body) => ({ ...body, commands: (body.commands as Json[]).slice(1) })),
  },
  {
    claim: 'history_newest_first',
    what: 'lists the oldest first',
    wrap: answers(isHistory, (body) => ({ ...body, commands: (body.commands as Json[]).toReversed() })),
  },
  {
    claim: 'history_has_end',
    what: 'does not update the list',
    wrap: answers(isHistory, (body) => commands(body, (one) => ({ ...one, state: 'accepted' }))),
  },
  {
    claim: 'item_is_command',
    what: 'answers with a command of another vehicle',
    wrap: answers(isItem, (body) => ({ ...body, vin: 'WDBEA30D3HA391172' })),
  },
  {
    claim: 'unknown_item_refused',
    what: 'answers an unknown id with some command',
    wrap: (http) => async (request) => {
      if (!request.url.endsWith('conform-no-such-command')) return http(request);
      const url = request.url.replace('/conform-no-such-command', '?limit=1');
      const { commands: listed } = (await (
        await http(new Request(url, { headers: request.headers }))
      ).json()) as {
        commands: Json[];
      };
      return Response.json(listed[0] ?? someCommand(request.url));
    },
  },
  { claim: 'history_survives_restart', what: 'forgets everything at a restart', forgets: true },
  {
    claim: 'quota_holds',
    what: 'has no quota',
    wrap: answers(isConfigure, (body, response) =>
      response.status === 429 ? Response.json(someCommand(response.url), { status: 202 }) : body,
    ),
  },
  {
    claim: 'quota_is_rate_limit',
    what: 'answers 503 at the end of the quota',
    wrap: answers(isConfigure, (body, response) =>
      response.status === 429 ? new Response('', { status: 503 }) : body,
    ),
  },
  {
    claim: 'quota_says_when',
    what: 'does not say when the quota opens',
    wrap: answers(isConfigure, (body, response) =>
      response.status === 429 ? Response.json({}, { status: 429 }) : body,
    ),
  },
  {
    claim: 'quota_per_vehicle',
    what: 'has one quota for all vehicles',
    wrap: (http) => {
      let isFull = false;
      return async (request) => {
        if (isConfigure(request) && isFull) return Response.json({}, { status: 429 });
        const response = await http(request);
        isFull ||= isConfigure(request) && response.status === 429;
        return response;
      };
    },
  },
];

/** The historyless middle of a restart: nothing is listed any more. */
export const forgotten = answers(isHistory, (body) => ({ ...body, commands: [] }));

function someCommand(url: string): Json {
  return {
    ...{
      id: 'cmd_other',
      vin: /vehicle\/([^/]+)/.exec(url)?.[1] ?? '1M8GDM9AXKP042788',
      reference: 'r',
      key: 'k',
    },
    state: 'accepted',
    features: [{ feature: 'heated_seats', target: 'active', version: 1 }],
    ...{ acceptedAt: 1_800_000_000_000, expiresAt: 1_800_000_300_000, endedAt: null },
    ...{ results: null, late: false, clock: null },
  };
}
