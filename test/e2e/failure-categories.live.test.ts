import { describe, expect, test } from 'vitest';
import type { Catalogue } from '../../gateway/catalogue/catalogue.ts';
import { buy, withPlatform } from '../helpers/running-platform.ts';
import { until } from '../helpers/until.ts';
import {
  answerLost,
  answers,
  answersPage,
  answersProblem,
  changed,
  on,
  operationOf,
  refused,
  watch,
} from './disturb.ts';
import { failure, success, ticket } from './expected.ts';
import { activationOf, commandsOf, featureOf, mailsOf, recordOf, revoked, storyOf } from './story.ts';

const checked = ['POST token 200', 'GET status 200', 'GET health 200'];
const diagnosed = ['GET status 200', 'GET health 200', 'GET history 200'];
const sixTimes = <T>(item: T): T[] => Array.from({ length: 6 }, () => item);

test.concurrent('without any failure: one attempt, charged once, three notifications, two texts on the display', async () => {
  await withPlatform({}, async (platform) => {
    expect(await storyOf(platform, await buy(platform))).toEqual({ ...success, attempts: [null] });
    expect(platform.cars.vehicle(platform.vin).displayed).toEqual([
      'Receiving configuration',
      'Feature enabled: Heated seats',
    ]);
  });
});

describe.concurrent('transient network', () => {
  test('two requests that never arrive are repeated after their back-off', async () => {
    const { disturb, seen } = watch(on('configure', refused, { count: 2 }));
    await withPlatform({ disturb }, async (platform) => {
      const bought = await buy(platform);
      expect(await storyOf(platform, bought)).toEqual({
        ...success,
        attempts: ['transport_refused', 'transport_refused', null],
      });
      expect(seen).toEqual([
        ...checked,
        'POST configure refused',
        'POST configure refused',
        'POST configure 202',
      ]);
      const retries = (await recordOf(platform, bought))
        .filter(({ type }) => type === 'activation.calculate_backoff')
        .map(({ data }) => [data.retry, data.delayMs]);
      // The specification's 30 s and 60 s, a hundred times as fast.
      expect(retries).toEqual([
        [0, 300],
        [1, 600],
      ]);
    });
  });

  test('a request whose answer is lost is one command, and the vehicle’s own result ends the first attempt', async () => {
    const { disturb, seen } = watch(on('configure', answerLost, { count: 1 }));
    // The back-off is 3 s: long enough for the result, however busy this machine is.
    await withPlatform({ disturb, timeScale: 10 }, async (platform) => {
      expect(await storyOf(platform, await buy(platform))).toEqual({ ...success, attempts: [null] });
      expect(seen).toEqual([...checked, 'POST configure reset']);
      expect((await commandsOf(platform)).map(({ state }) => state)).toEqual(['applied']);
    });
  });
});

describe.concurrent('something between the gateway and the API IoT answers', () => {
  test.each([301, 308, 400, 403, 404, 409, 413])(
    'an HTML page with status %i is a temporary failure of something in between: the next attempt delivers',
    async (status) => {
      const { disturb, seen } = watch(on('configure', answersPage(status), { count: 1 }));
      await withPlatform({ disturb }, async (platform) => {
        const bought = await buy(platform);
        expect(await storyOf(platform, bought)).toEqual({ ...success, attempts: [`http_${status}`, null] });
        expect(seen).toEqual([...checked, `POST configure ${status}`, 'POST configure 202']);
        const [failed] = (await recordOf(platform, bought)).filter(
          ({ type }) => type === 'activation.failure',
        );
        expect(failed?.data.failure).toMatchObject({
          category: 'transient_network',
          message: `something between the gateway and the API IoT answered ${status} (text/html): no documented problem type or code`,
        });
      });
    },
  );

  test('a page in the place of the check before attempt 1 stops nothing', async () => {
    const { disturb } = watch(on('status', answersPage(404), { count: 1 }));
    await withPlatform({ disturb }, async (platform) => {
      expect(await storyOf(platform, await buy(platform))).toEqual({ ...success, attempts: [null] });
    });
  });

  test('an HTML page in the place of the token is a temporary failure of something in between', async () => {
    const { disturb } = watch(on('token', answersPage(403), { count: 3 }));
    await withPlatform({ disturb }, async (platform) => {
      expect((await storyOf(platform, await buy(platform))).phase).toBe('active');
    });
  });
});

describe.concurrent('vehicle offline', () => {
  test('for good: six attempts, escalated, the hold released; the revocation waits for the vehicle', async () => {
    await withPlatform({ timeScale: 600 }, async (platform) => {
      platform.cars.cut(platform.vin, null);
      const bought = await buy(platform);
      expect(await storyOf(platform, bought)).toEqual({
        ...failure,
        attempts: sixTimes('timed_out'),
        failure: 'vehicle_offline',
        ticket: ticket('timed_out', 6),
        isRevoked: true,
      });
      const types = (await recordOf(platform, bought)).map(({ type }) => type);
      expect(types.filter((type) => type === 'activation.max_retries_exceeded')).toHaveLength(1);
      platform.cars.restore(platform.vin);
      const revocation = await revoked(platform, await activationOf(platform, bought));
      expect([revocation.kind, revocation.phase]).toEqual(['revocation', 'dormant']);
      // Every command that waited for it had expired.
      expect(featureOf(platform, platform.vin, 'heated_seats')).toBe('dormant');
      expect((await commandsOf(platform)).map(({ state }) => state).slice(0, 6)).toEqual(sixTimes('expired'));
      expect(await mailsOf(platform, bought)).toHaveLength(3);
    });
  });

  test('back before the second attempt: two attempts, active', async () => {
    await withPlatform({}, async (platform) => {
      platform.cars.cut(platform.vin, null);
      const bought = await buy(platform);
      await until(
        async () => (await activationOf(platform, bought)).attempts[0]?.failure != null,
        'the first attempt has failed',
      );
      platform.cars.restore(platform.vin);
      expect(await storyOf(platform, bought)).toEqual({ ...success, attempts: ['timed_out', null] });
      const [first] = (await activationOf(platform, bought)).attempts;
      expect(first?.failure).toMatchObject({
        category: 'vehicle_offline',
        message: 'the vehicle was offline until the command timed out',
      });
    });
  });

  test('back while the first command waits in the broker: one attempt, active', async () => {
    await withPlatform({}, async (platform) => {
      platform.cars.cut(platform.vin, null);
      const bought = await buy(platform);
      await until(
        async () => (await activationOf(platform, bought)).phase === 'waiting_response',
        'the command was accepted',
      );
      platform.cars.restore(platform.vin);
      expect(await storyOf(platform, bought)).toEqual({ ...success, attempts: [null] });
    });
  });
});

describe.concurrent('API IoT error', () => {
  test('a 5xx is retried with back-off', async () => {
    const { disturb, seen } = watch(
      on('configure', answers(500), { count: 1 }),
      on('configure', answers(503), { count: 1 }),
    );
    await withPlatform({ disturb }, async (platform) => {
      expect(await storyOf(platform, await buy(platform))).toEqual({
        ...success,
        attempts: ['http_500', 'http_503', null],
      });
      expect(seen).toEqual([...checked, 'POST configure 500', 'POST configure 503', 'POST configure 202']);
    });
  });

  test('maximum of retries exceeded: six attempts, then diagnostics, ticket, reversal, notification, in this order', async () => {
    const { disturb, seen } = watch(on('configure', answers(502), { count: 6 }));
    await withPlatform({ disturb, timeScale: 400 }, async (platform) => {
      const bought = await buy(platform);
      expect(await storyOf(platform, bought)).toEqual({
        ...failure,
        attempts: sixTimes('http_502'),
        failure: 'api_iot_error',
        ticket: ticket('http_502', 6),
        // A server that fails may have acted before it failed.
        isRevoked: true,
      });
      expect(seen.slice(0, 12)).toEqual([...checked, ...sixTimes('POST configure 502'), ...diagnosed]);
      const types = (await recordOf(platform, bought)).map(({ type }) => type);
      const last = types.slice(types.indexOf('activation.max_retries_exceeded'));
      expect(last.at(-1)).toBe('notice.sent');
      // Those of the start may be on their way for longer.
      expect(last.filter((type) => type !== 'notice.sent')).toEqual([
        'activation.max_retries_exceeded',
        'activation.querying_vehicle_state',
        'activation.escalating_to_support',
        'revocation.owed',
        'activation.reversing_payment',
        'ticket.opened',
        'payment.voided',
        'activation.notifying_failure',
        'activation.failed',
      ]);
    });
  });
});

/** Display texts of more than 80 characters, which no API IoT takes. */
function malformed(catalogue: Catalogue): Catalogue {
  return {
    ...catalogue,
    configuration(serviceId, model) {
      const found = catalogue.configuration(serviceId, model);
      return found && { ...found, display: { ...found.display, receiving: 'x'.repeat(81) } };
    },
  };
}

describe.concurrent('invalid configuration', () => {
  test('422: one attempt, escalated at once with the payload in the ticket', async () => {
    const { disturb, seen } = watch();
    await withPlatform({ disturb, adapt: malformed }, async (platform) => {
      expect(await storyOf(platform, await buy(platform))).toEqual({
        ...failure,
        attempts: ['invalid-configuration'],
        failure: 'invalid_configuration',
        ticket: ticket('invalid-configuration', 1),
      });
      expect(seen).toEqual([...checked, 'POST configure 422', ...diagnosed]);
    });
  });

  test('400: one attempt, escalated at once', async () => {
    const halved = on('configure', async (request, pass) =>
      pass(await changed(request, { body: (text) => text.slice(0, text.length / 2) })),
    );
    const { disturb, seen } = watch(halved);
    await withPlatform({ disturb }, async (platform) => {
      expect(await storyOf(platform, await buy(platform))).toEqual({
        ...failure,
        attempts: ['malformed-request'],
        failure: 'invalid_configuration',
        ticket: ticket('malformed-request', 1),
      });
      expect(seen).toEqual([...checked, 'POST configure 400', ...diagnosed]);
    });
  });
});

describe.concurrent('vehicle incompatible', () => {
  const boost = { serviceId: 'range-boost' };

  test('the vehicle’s report lacks the feature: no attempt at all', async () => {
    const { disturb, seen } = watch();
    await withPlatform({ disturb, vehicles: [{ model: 'cirrus-2025' }] }, async (platform) => {
      expect(await storyOf(platform, await buy(platform, boost))).toEqual({
        ...failure,
        attempts: [],
        failure: 'vehicle_incompatible',
        ticket: ticket('feature_not_supported', 0),
        mails: [
          'Receipt: Range boost for your Cirrus 2025',
          'Service activation issue - You have NOT been charged',
        ],
        pushes: ['Service purchased', 'Activation issue - not charged'],
        feature: null,
      });
      expect(seen).toEqual([...checked, ...diagnosed]);
    });
  });

  test('the API IoT answers 409: one attempt', async () => {
    const { disturb, seen } = watch(on('status', answers(503), { count: 1 }));
    await withPlatform({ disturb, vehicles: [{ model: 'cirrus-2025' }] }, async (platform) => {
      const story = await storyOf(platform, await buy(platform, boost));
      expect(story).toMatchObject({
        phase: 'failed',
        attempts: ['vehicle-incompatible'],
        failure: 'vehicle_incompatible',
        money: ['authorised', 'voided'],
        ticket: ticket('vehicle-incompatible', 1),
        isRevoked: false,
      });
      expect(seen).toEqual([
        'POST token 200',
        'GET status 503',
        'GET health 200',
        'POST configure 409',
        ...diagnosed,
      ]);
    });
  });

  test('the vehicle itself rejects: one attempt, never repeated', async () => {
    const reject = { type: 'reject', attributes: { reason: 'wiring_missing', feature: null } } as const;
    await withPlatform({ vehicles: [{ faults: [reject] }] }, async (platform) => {
      const bought = await buy(platform);
      expect(await storyOf(platform, bought)).toEqual({
        ...failure,
        attempts: ['rejected'],
        failure: 'vehicle_incompatible',
        ticket: ticket('rejected', 1),
      });
      expect((await activationOf(platform, bought)).failure?.message).toBe('heated_seats: wiring_missing');
    });
  });
});

describe.concurrent('authorisation failure', () => {
  const badToken = { headers: { authorization: 'Bearer bad.token.here' } };

  test('401: exactly one token refresh, then escalated with one attempt', async () => {
    const { disturb, seen } = watch(
      on('configure', async (request, pass) => pass(await changed(request, badToken))),
    );
    await withPlatform({ disturb }, async (platform) => {
      expect(await storyOf(platform, await buy(platform))).toEqual({
        ...failure,
        attempts: ['unauthorized'],
        failure: 'authorization_failure',
        ticket: ticket('unauthorized', 1),
      });
      expect(seen).toEqual([
        ...checked,
        'POST configure 401',
        'POST token 200',
        'POST configure 401',
        ...diagnosed,
      ]);
    });
  });

  test('a 401 that one token refresh fixes costs no attempt', async () => {
    const { disturb, seen } = watch(
      on('configure', async (request, pass) => pass(await changed(request, badToken)), { count: 1 }),
    );
    await withPlatform({ disturb }, async (platform) => {
      expect(await storyOf(platform, await buy(platform))).toEqual({ ...success, attempts: [null] });
      expect(seen).toEqual([...checked, 'POST configure 401', 'POST token 200', 'POST configure 202']);
    });
  });

  test('403: escalated with one attempt and without a refresh', async () => {
    const readOnly = on('token', async (request, pass) =>
      pass(await changed(request, { body: (text) => text.replace('vehicle%3Aconfigure+', '') })),
    );
    const { disturb, seen } = watch(readOnly);
    await withPlatform({ disturb }, async (platform) => {
      expect(await storyOf(platform, await buy(platform))).toEqual({
        ...failure,
        attempts: ['missing-scope'],
        failure: 'authorization_failure',
        ticket: ticket('missing-scope', 1),
      });
      expect(seen).toEqual([...checked, 'POST configure 403', ...diagnosed]);
    });
  });

  test('refused client credentials are systemic: the activation waits, and delivers when they are taken again', async () => {
    let isRevoked = true;
    const { disturb } = watch((request) =>
      isRevoked && operationOf(request) === 'token'
        ? Promise.resolve(Response.json({ error: 'invalid_client' }, { status: 401 }))
        : null,
    );
    await withPlatform({ disturb, errors: ['api_iot.breaker_opened'] }, async (platform) => {
      const bought = await buy(platform);
      await until(
        async () => (await recordOf(platform, bought)).some(({ type }) => type === 'activation.rate_limited'),
        'the attempt was taken back',
      );
      isRevoked = false;
      expect(await storyOf(platform, bought)).toEqual({ ...success, attempts: [null] });
    });
  });
});

test.concurrent('429: waits for Retry-After, which costs no retry and sends no notification', async () => {
  const { disturb, seen } = watch();
  await withPlatform({ disturb, timeScale: 400 }, async (platform) => {
    const { vin, clients } = platform;
    for (let count = 1; count <= 10; count += 1) {
      const features = [{ feature: 'ambient_light', target: count % 2 === 1 ? 'active' : 'dormant' }];
      const answer = await clients.apiIot.send('POST', `/vehicle/${vin}/configure`, {
        reference: 'somebody else',
        features,
      });
      expect(answer.status).toBe(202);
    }
    const bought = await buy(platform);
    expect(await storyOf(platform, bought)).toEqual({ ...success, attempts: [null] });
    expect(seen).toEqual([...checked, 'POST configure 429', 'POST configure 202']);
    const [limited] = (await recordOf(platform, bought)).filter(
      ({ type }) => type === 'activation.rate_limited',
    );
    const commands = await commandsOf(platform);
    const opensAt = (commands[0]?.acceptedAt ?? 0) + 9_000;
    expect(limited?.data).toEqual({ attempt: 1, retryAt: expect.closeTo(opensAt, -3) });
    const [attempt] = (await activationOf(platform, bought)).attempts;
    expect(attempt?.startedAt).toBeGreaterThanOrEqual(opensAt);
    expect(commands).toHaveLength(11);
  });
});

test.concurrent('a registered vehicle that the API IoT does not know is retried until it knows it', async () => {
  const { disturb } = watch(
    on('status', answersProblem('unknown-vehicle'), { count: 1 }),
    on('configure', answersProblem('unknown-vehicle'), { count: 2 }),
  );
  await withPlatform({ disturb }, async (platform) => {
    const bought = await buy(platform);
    expect(await storyOf(platform, bought)).toEqual({
      ...success,
      attempts: ['unknown-vehicle', 'unknown-vehicle', null],
    });
    const [failed] = (await recordOf(platform, bought)).filter(({ type }) => type === 'activation.failure');
    expect(JSON.stringify(failed?.data)).toContain(
      'the platform has registered the vehicle, and the API IoT does not know it',
    );
  });
});

test.concurrent('a vehicle that cannot now is retried until it can', async () => {
  const busy = { type: 'ecu_busy', attributes: { first: 2, feature: null } } as const;
  await withPlatform({ vehicles: [{ faults: [busy] }] }, async (platform) => {
    expect(await storyOf(platform, await buy(platform))).toEqual({
      ...success,
      attempts: ['failed', 'failed', null],
    });
  });
});
