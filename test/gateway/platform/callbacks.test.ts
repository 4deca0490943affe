import { describe, expect, it } from 'vitest';
import { signCallback } from '../../../gateway/http/webhook-signature.ts';
import type { CommandCallback } from '../../../shared/protocol/api-iot.ts';
import { callbackSecret, vin, type World, withPlatform } from '../../helpers/platform-under-test.ts';
import { problem } from './problem.ts';

const callback: CommandCallback = {
  type: 'command.ended',
  command: {
    id: 'cmd_1',
    vin,
    reference: 'act_1',
    key: 'act_1:1',
    state: 'applied',
    features: [{ feature: 'heated_seats', target: 'active', version: 1 }],
    acceptedAt: 1,
    expiresAt: 2,
    endedAt: 2,
    results: [{ feature: 'heated_seats', outcome: 'applied', version: 1 }],
    late: false,
    clock: 2,
  },
};

async function post(
  { fetch, clock }: World,
  body: string,
  options: { secret?: string; ageMs?: number; sentBody?: string; without?: string } = {},
) {
  const { secret = callbackSecret, ageMs = 0, sentBody = body, without } = options;
  const headers = new Headers({
    'content-type': 'application/json',
    ...signCallback(secret, 'evt_1', clock.now() - ageMs, body),
  });
  if (without !== undefined) headers.delete(without);
  const answer = await fetch('/callbacks/api-iot', { method: 'POST', headers, body: sentBody });
  const text = await answer.text();
  return { status: answer.status, body: text === '' ? null : JSON.parse(text) };
}

describe('a callback of the API IoT', () => {
  it('that is signed goes to the engine and is answered 204 without a token', () =>
    withPlatform(async (world) => {
      expect(await post(world, JSON.stringify(callback))).toEqual({ status: 204, body: null });
      expect(world.engine.received).toEqual([callback]);
    }));

  const other = `whsec_${Buffer.from('another secret of 32 characters!').toString('base64')}`;
  it.each([
    ['signed with another secret', { secret: other }, 'no signature is ours'],
    ['changed on its way', { sentBody: JSON.stringify({ ...callback, type: 'x' }) }, 'no signature is ours'],
    ['older than 5 minutes', { ageMs: 301_000 }, 'the timestamp is more than 5 minutes old'],
    ['from the future', { ageMs: -301_000 }, 'the timestamp is more than 5 minutes ahead'],
    [
      'without a signature',
      { without: 'webhook-signature' },
      'webhook-id, webhook-timestamp or webhook-signature is missing or malformed',
    ],
  ])('%s is refused and reaches no activation', (_, options, reason) =>
    withPlatform(async (world) => {
      const answer = await post(world, JSON.stringify(callback), options);
      expect([answer.status, answer.body]).toEqual([
        403,
        problem('invalid-signature', `The callback was refused: ${reason}.`),
      ]);
      expect(world.engine.received).toEqual([]);
    }),
  );

  it('that is signed but has an unknown type gets a problem', () =>
    withPlatform(async (world) => {
      expect((await post(world, 'x')).body).toEqual(problem('malformed-request', 'The body is not JSON.'));
      const strange = await post(world, JSON.stringify({ ...callback, command: { id: 7 } }));
      expect([strange.status, strange.body.errors[0]]).toMatchObject([
        422,
        { in: 'body', pointer: '/command/id' },
      ]);
      expect(world.engine.received).toEqual([]);
    }));

  it('is counted', () =>
    withPlatform(async (world) => {
      await post(world, JSON.stringify(callback));
      await post(world, JSON.stringify(callback), { secret: other });
      const { body } = await world.call('GET', '/metrics');
      expect(body).toContain('\nfleetwake_api_iot_callbacks_total{answer="taken"} 1\n');
      expect(body).toContain('\nfleetwake_api_iot_callbacks_total{answer="refused"} 1\n');
    }));
});
