import { expect, it } from 'vitest';
import { newApp } from '../../gateway/http/app.ts';
import { newAuthenticator } from '../../gateway/http/authenticate.ts';
import { silentLog } from '../../shared/ports/log.ts';
import { KeysUnavailable, type Tokens } from '../../shared/ports/tokens.ts';
import { manualClock } from '../support/manual-clock.ts';

function appOver(verify: Tokens['verify']) {
  const tokens: Tokens = {
    verify,
    sign: () => Promise.reject(new Error('signs nothing')),
    publicKeys: () => Promise.resolve({ keys: [] }),
  };
  const app = newApp({ log: silentLog, title: 'Test', version: '1' });
  const { requireScope } = newAuthenticator({ tokens, clock: manualClock(), audience: 'test' });
  app.get('/read', requireScope('read'), (context) => context.json(true));
  return app;
}

const request = () => new Request('http://test/read', { headers: { authorization: 'Bearer abc' } });

it("answers 503 while an outside issuer's keys cannot be read: the token may be good", async () => {
  const answer = await appOver(() => Promise.reject(new KeysUnavailable('no keys'))).fetch(request());
  expect(answer.status).toBe(503);
  expect(answer.headers.get('retry-after')).toBe('5');
  expect(await answer.json()).toEqual({
    type: 'urn:fleetwake:problem:unavailable',
    title: 'The service is not available now',
    status: 503,
    detail: "The issuer's keys cannot be read now. Try again.",
  });
});
