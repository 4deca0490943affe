import { expect, it } from 'vitest';
import { accessTokens } from '../../../gateway/oauth/access-token.ts';
import { manualClock } from '../../helpers/manual-clock.ts';

/** A token endpoint that knows one client by this text of its Basic header; `asked` has the texts that came. */
function endpoint(known: string) {
  const asked: string[] = [];
  return {
    asked,
    http: async (request: Request) => {
      const [, encoded = ''] = (request.headers.get('authorization') ?? '').split(' ');
      const text = Buffer.from(encoded, 'base64').toString();
      asked.push(text);
      return text === known
        ? Response.json({ access_token: `token-${asked.length}`, token_type: 'Bearer', expires_in: 60 })
        : Response.json({ error: 'invalid_client' }, { status: 401 });
    },
  };
}

const encoded = 'engine:p%2Bs%2541x';
const raw = 'engine:p+s%41x';

function tokensFor(http: ReturnType<typeof endpoint>['http'], clientSecret = 'p+s%41x') {
  const credentials = {
    tokenUrl: 'http://iot.test/oauth/token',
    clientId: 'engine',
    clientSecret,
    scope: '',
  };
  return accessTokens({ http, clock: manualClock(), credentials });
}

it.each([
  ['decodes the Basic header (RFC 6749)', encoded, [encoded]],
  ['takes the Basic header as it is', raw, [encoded, raw]],
])('gets a token with + and %% in the secret from a server that %s', async (_, known, texts) => {
  const { http, asked } = endpoint(known);
  const tokens = tokensFor(http);
  const token = await tokens.get();
  expect([token, asked]).toEqual([`token-${texts.length}`, texts]);
  // From then on it sends what was taken.
  tokens.forget(token ?? '');
  await tokens.get();
  expect(asked).toEqual([...texts, known]);
});

it('is refused after both forms, and after one where they are the same', async () => {
  const odd = endpoint('another');
  expect([await tokensFor(odd.http).get(), odd.asked]).toEqual([null, [encoded, raw]]);
  const plain = endpoint('another');
  expect([await tokensFor(plain.http, 'plain').get(), plain.asked]).toEqual([null, ['engine:plain']]);
});
