import { describe, expect, test } from 'vitest';
import { buy, withPlatform } from '../helpers/running-platform.ts';
import { until } from '../helpers/until.ts';
import { on, refused, watch } from './disturb.ts';
import { failure, success, ticket } from './expected.ts';
import { activationOf, commandsOf, ended, featureOf, recordOf, revoked, storyOf, ticketOf } from './story.ts';

/** The discard port: callbacks that go there are refused. */
const nobodyListens = 'http://127.0.0.1:9';

const loseFirstResult = (withStatus: boolean) =>
  ({ type: 'lose_result', attributes: { first: 1, withStatus } }) as const;

describe.concurrent('a result that is lost', () => {
  test('is followed by a second attempt, which the vehicle answers with already applied', async () => {
    await withPlatform({ vehicles: [{ faults: [loseFirstResult(true)] }] }, async (platform) => {
      const bought = await buy(platform);
      expect(await storyOf(platform, bought)).toEqual({ ...success, attempts: ['timed_out', null] });
      const commands = await commandsOf(platform);
      expect(commands.map(({ state, results }) => [state, results?.[0]?.outcome])).toEqual([
        ['timed_out', undefined],
        ['applied', 'already_active'],
      ]);
      const { attempts, delivery } = await activationOf(platform, bought);
      expect(attempts[0]?.failure).toMatchObject({ category: 'timeout', mayHaveSucceeded: true });
      expect(delivery).toMatchObject({ attempt: 2, evidence: 'result' });
    });
  });

  test('of the last attempt: the status is read before the money is touched, and proves the delivery', async () => {
    const { disturb, seen } = watch();
    const vehicles = [{ faults: [loseFirstResult(false)] }];
    await withPlatform({ disturb, vehicles, policy: { maxRetries: 0 } }, async (platform) => {
      const bought = await buy(platform);
      expect(await storyOf(platform, bought)).toEqual({ ...success, attempts: [null] });
      expect((await activationOf(platform, bought)).delivery).toMatchObject({
        attempt: 1,
        evidence: 'reported_state',
      });
      const lines = (await recordOf(platform, bought)).map(({ type }) => type);
      // A notification of the start may be sent meanwhile.
      const types = lines.filter((type) => type.startsWith('activation.'));
      const from = types.indexOf('activation.max_retries_exceeded');
      expect(types.slice(from, types.indexOf('activation.active') + 1)).toEqual([
        'activation.max_retries_exceeded',
        'activation.querying_vehicle_state',
        'activation.checking_response',
        'activation.success',
        'activation.notifying_customer',
        'activation.active',
      ]);
      expect(seen.slice(-3)).toEqual(['GET status 200', 'GET health 200', 'GET history 200']);
    });
  });

  test('of the last attempt, with the status: failed and reversed, and a revocation switches it off again', async () => {
    const vehicles = [{ faults: [loseFirstResult(true)] }];
    await withPlatform({ vehicles, policy: { maxRetries: 0 } }, async (platform) => {
      const bought = await buy(platform);
      const { feature: _, ...story } = await storyOf(platform, bought);
      const { feature: dormant, ...expected } = failure;
      expect(story).toEqual({
        ...expected,
        attempts: ['timed_out'],
        failure: 'timeout',
        ticket: ticket('timed_out', 1),
        isRevoked: true,
      });
      const revocation = await revoked(platform, await activationOf(platform, bought));
      expect([revocation.phase, featureOf(platform, platform.vin, 'heated_seats')]).toEqual([
        'dormant',
        dormant,
      ]);
    });
  });
});

test.concurrent('an answer of the API IoT that is lost on the last attempt: its history proves the delivery', async () => {
  let tell = () => {};
  const delivered = new Promise<void>((resolve) => {
    tell = resolve;
  });
  const { disturb, seen } = watch(
    on('configure', async (request, pass) => {
      await pass(request);
      await delivered;
      return refused();
    }),
  );
  // Without a callback nothing but the history can tell.
  const options = { disturb, config: { publicUrl: nobodyListens }, policy: { maxRetries: 0 } };
  await withPlatform(options, async (platform) => {
    const bought = await buy(platform);
    await until(async () => (await commandsOf(platform))[0]?.state === 'applied', 'it is applied');
    tell();
    expect(await storyOf(platform, bought)).toEqual({ ...success, attempts: [null] });
    expect(seen.slice(3)).toEqual([
      'POST configure refused',
      'GET status 200',
      'GET health 200',
      'GET history 200',
    ]);
  });
});

test.concurrent('a callback that never arrives: the poll finds the result, within the first attempt', async () => {
  const { disturb, seen, polls } = watch();
  await withPlatform({ disturb, config: { publicUrl: nobodyListens } }, async (platform) => {
    const bought = await buy(platform);
    expect(await storyOf(platform, bought)).toEqual({ ...success, attempts: [null] });
    expect(seen).toEqual(['POST token 200', 'GET status 200', 'GET health 200', 'POST configure 202']);
    expect(polls.at(-1)).toBe('GET command 200');
  });
});

describe.concurrent('a success that comes after the failure', () => {
  test('changes no payment: the ticket mentions it, and a revocation runs until the vehicle reports dormant', async () => {
    // The vehicle takes the command, loses its connection while it applies it, and can tell only much later.
    const options = { applyMs: 300, policy: { maxRetries: 0 } };
    await withPlatform(options, async (platform) => {
      const { vin, cars } = platform;
      const bought = await buy(platform);
      await until(() => cars.vehicle(vin).displayed.length === 1, 'the vehicle has the command');
      cars.cut(vin, null);
      await until(() => featureOf(platform, vin, 'heated_seats') === 'active', 'the vehicle has applied it');
      const failed = {
        ...failure,
        attempts: ['timed_out'],
        failure: 'vehicle_offline',
        ticket: ticket('timed_out', 1),
        isRevoked: true,
      };
      expect(await storyOf(platform, bought)).toEqual({ ...failed, feature: 'active' });
      cars.restore(vin);
      await until(
        async () => (await activationOf(platform, bought)).lateSuccessAt !== null,
        'the late success is noted',
      );
      const revocation = await revoked(platform, await activationOf(platform, bought));
      expect([revocation.kind, revocation.phase]).toEqual(['revocation', 'dormant']);
      expect(await storyOf(platform, bought)).toEqual(failed);
      const { ticketId } = await ended(platform, bought);
      const text =
        'The vehicle applied the command after the activation had failed. The money stays returned; a revocation follows.';
      const noted = (await recordOf(platform, bought)).filter(({ type }) => type === 'ticket.noted');
      expect(noted.map(({ data }) => data)).toEqual([{ ticketId, text }]);
      const { status, fields } = await ticketOf(platform, ticketId ?? '');
      expect([status, fields.notes]).toEqual(['open', [{ at: expect.any(Number), by: 'engine', text }]]);
      // The customer heard nothing of it, and neither did the display.
      expect(cars.vehicle(vin).displayed).toEqual([
        'Receiving configuration',
        'Feature enabled: Heated seats',
      ]);
    });
  });
});
