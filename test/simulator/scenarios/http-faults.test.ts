import { expect, test } from 'vitest';
import { type Http, TransportError } from '../../../shared/ports/http.ts';
import { seededRandom } from '../../../shared/virtual/random.ts';
import type { HttpFault } from '../../../simulator/faults/http-fault.ts';
import { httpFaults, paymentsAnswer } from '../../../simulator/faults/http-faults.ts';
import { manualClock } from '../../helpers/manual-clock.ts';

const configure = (vin: string) =>
  new Request(`http://api-iot.test/vehicle/${vin}/configure`, { method: 'POST', body: '{}' });
const status = (vin: string) => new Request(`http://api-iot.test/vehicle/${vin}/status`);

/** A service that writes down what reached it. */
function service(): { http: Http; reached: string[] } {
  const reached: string[] = [];
  return {
    reached,
    http: async (request) => {
      reached.push(`${request.method} ${new URL(request.url).pathname}`);
      return Response.json({ ok: true });
    },
  };
}

function withFaults(faults: readonly HttpFault[], seed = 1) {
  const clock = manualClock();
  const { http, reached } = service();
  const faulty = httpFaults({ clock, random: seededRandom(seed) }, faults);
  return { clock, reached, faulty: { ...faulty, http: faulty.around(http) } };
}

test('a server error answers before the service has acted', async () => {
  const { faulty, reached } = withFaults([
    { name: 'down', type: 'server_error', toxicity: 1, attributes: { status: 503 } },
  ]);
  const response = await faulty.http(configure('V1'));
  expect(response.status).toBe(503);
  expect(response.headers.get('content-type')).toBe('application/problem+json');
  expect(await response.json()).toEqual({
    type: 'urn:fleetwake:problem:unavailable',
    title: 'The service is not available now',
    status: 503,
    detail: 'fault "down"',
  });
  expect(reached).toEqual([]);
});

test('a lost response leaves the caller without an answer after the service has acted', async () => {
  const { faulty, reached } = withFaults([
    { name: 'cut', type: 'response_lost', toxicity: 1, attributes: {} },
  ]);
  const failure = await faulty.http(configure('V1')).catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(TransportError);
  expect(failure).toMatchObject({
    kind: 'reset',
    mayHaveSucceeded: true,
    message: 'fault "cut": the answer was lost',
  });
  expect(reached).toEqual(['POST /vehicle/V1/configure']);
});

test.each([
  [false, 'refused', false],
  [true, 'reset', true],
] as const)(
  'a service that is unreachable (breaks: %s) never receives the request',
  async (breaks, kind, mayHaveSucceeded) => {
    const { faulty, reached } = withFaults([
      { name: 'gone', type: 'unreachable', toxicity: 1, attributes: { breaks } },
    ]);
    const failure = await faulty.http(configure('V1')).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(TransportError);
    expect(failure).toMatchObject({
      kind,
      mayHaveSucceeded,
      message: 'fault "gone": the service cannot be reached',
    });
    expect(reached).toEqual([]);
  },
);

test('a rate limit says when to come again', async () => {
  const { faulty, reached } = withFaults([
    { name: 'busy', type: 'rate_limited', toxicity: 1, attributes: { retryAfterSeconds: 7 } },
  ]);
  const response = await faulty.http(configure('V1'));
  expect([response.status, response.headers.get('retry-after')]).toEqual([429, '7']);
  expect(await response.json()).toMatchObject({ type: 'urn:fleetwake:problem:quota-exceeded', status: 429 });
  expect(reached).toEqual([]);
});

test('a slow request waits on the clock and is answered by the service', async () => {
  const { faulty, reached, clock } = withFaults([
    { name: 'slow', type: 'slow', toxicity: 1, attributes: { latencyMs: 100, jitterMs: 0 } },
  ]);
  const answer = faulty.http(status('V1'));
  await clock.advance(99);
  expect(reached).toEqual([]);
  await clock.advance(1);
  expect((await answer).status).toBe(200);
  expect(clock.pending()).toEqual([]);
});

test('a slow request may still meet another fault', async () => {
  const { faulty, clock } = withFaults([
    { name: 'slow', type: 'slow', toxicity: 1, attributes: { latencyMs: 10, jitterMs: 0 } },
    { name: 'down', type: 'server_error', toxicity: 1, attributes: { status: 500 } },
  ]);
  const answer = faulty.http(status('V1'));
  await clock.advance(10);
  expect((await answer).status).toBe(500);
  expect(faulty.counts()).toEqual({
    server_error: 1,
    response_lost: 0,
    rate_limited: 0,
    unauthorized: 0,
    unreachable: 0,
    slow: 1,
  });
});

test('jitter stays within its bound', async () => {
  const { faulty, clock } = withFaults([
    { name: 'slow', type: 'slow', toxicity: 1, attributes: { latencyMs: 10, jitterMs: 5 } },
  ]);
  const startedAt = clock.now();
  const answers = Array.from({ length: 200 }, (_, index) => faulty.http(status(`V${index}`)));
  const waits = clock.pending().map((at) => at - startedAt);
  expect(new Set(waits)).toEqual(new Set([10, 11, 12, 13, 14, 15]));
  await clock.advance(15);
  expect((await Promise.all(answers)).map((answer) => answer.status)).toEqual(
    Array.from({ length: 200 }, () => 200),
  );
});

test('a fault meets only the method and the path that it names, a star standing for one segment', async () => {
  const { faulty } = withFaults([
    {
      name: 'configure only',
      type: 'server_error',
      toxicity: 1,
      match: { method: 'POST', path: '/vehicle/*/configure' },
      attributes: { status: 503 },
    },
  ]);
  const statuses = async (...requests: Request[]) =>
    (await Promise.all(requests.map((request) => faulty.http(request)))).map((response) => response.status);
  expect(
    await statuses(
      configure('V1'),
      status('V1'),
      new Request('http://api-iot.test/vehicle/V1/configure'),
      new Request('http://api-iot.test/vehicle/V1/more/configure', { method: 'POST' }),
      new Request('http://api-iot.test/oauth/token', { method: 'POST' }),
    ),
  ).toEqual([503, 200, 200, 200, 200]);
});

test('healed, nothing more goes wrong, and faults can be set again', async () => {
  const fault: HttpFault = { name: 'down', type: 'server_error', toxicity: 1, attributes: { status: 503 } };
  const { faulty } = withFaults([fault]);
  const seen = [(await faulty.http(status('V1'))).status];
  faulty.clear();
  seen.push((await faulty.http(status('V1'))).status);
  faulty.set([fault]);
  seen.push((await faulty.http(status('V1'))).status);
  expect(seen).toEqual([503, 200, 503]);
  expect(faulty.counts()).toEqual({
    server_error: 2,
    response_lost: 0,
    rate_limited: 0,
    unauthorized: 0,
    unreachable: 0,
    slow: 0,
  });
});

test('the seed decides who is met, and one vehicle does not shift the fate of another', async () => {
  const faults: HttpFault[] = [
    { name: 'now and then', type: 'server_error', toxicity: 0.3, attributes: { status: 503 } },
  ];
  const fates = async (seed: number, disturbed: boolean) => {
    const { faulty } = withFaults(faults, seed);
    const seen: number[] = [];
    for (let index = 0; index < 40; index += 1) {
      if (disturbed) await faulty.http(configure('V2'));
      seen.push((await faulty.http(configure('V1'))).status);
    }
    return seen;
  };
  const plain = await fates(1, false);
  expect(plain.filter((one) => one === 503)).toHaveLength(13);
  expect(await fates(1, true)).toEqual(plain);
  expect(await fates(2, false)).not.toEqual(plain);
});

test('refused credentials are answered 401 before the service has acted', async () => {
  const { faulty, reached } = withFaults([
    { name: 'expired', type: 'unauthorized', toxicity: 1, attributes: {} },
  ]);
  const response = await faulty.http(configure('V1'));
  expect(response.status).toBe(401);
  expect(await response.json()).toEqual({
    type: 'urn:fleetwake:problem:unauthorized',
    title: 'A valid access token is needed',
    status: 401,
    detail: 'fault "expired"',
  });
  expect(reached).toEqual([]);
});

const down: HttpFault = { name: 'down', type: 'server_error', toxicity: 1, attributes: { status: 503 } };

/** Statuses at these moments after the first of the workload. */
async function statusesAt(fault: HttpFault, moments: readonly number[]): Promise<number[]> {
  const { faulty, clock } = withFaults([fault]);
  faulty.begin();
  const seen: number[] = [];
  let atMs = 0;
  for (const moment of moments) {
    await clock.advance(moment - atMs);
    atMs = moment;
    seen.push((await faulty.http(status('V1'))).status);
  }
  return seen;
}

test('a window begins and ends at its milliseconds, counted from the first moment of the workload', async () => {
  const fault = { ...down, schedule: { afterMs: 1_000, forMs: 500 } };
  expect(await statusesAt(fault, [0, 999, 1_000, 1_499, 1_500, 9_000])).toEqual([
    200, 200, 503, 503, 200, 200,
  ]);
});

test('a window without an end lasts until the run heals', async () => {
  expect(await statusesAt({ ...down, schedule: { afterMs: 100 } }, [99, 100, 3_600_000])).toEqual([
    200, 503, 503,
  ]);
});

test('a window comes again every so often', async () => {
  const fault = { ...down, schedule: { afterMs: 100, forMs: 10, everyMs: 50 } };
  expect(await statusesAt(fault, [99, 100, 109, 110, 149, 150, 159, 160, 200])).toEqual([
    200, 503, 503, 200, 200, 503, 503, 200, 503,
  ]);
});

test('before the workload begins, a fault with a window has no effect and one without has', async () => {
  const timed = withFaults([{ ...down, schedule: { forMs: 1_000 } }]);
  expect((await timed.faulty.http(status('V1'))).status).toBe(200);
  timed.faulty.begin();
  expect((await timed.faulty.http(status('V1'))).status).toBe(503);
  const always = withFaults([down]);
  expect((await always.faulty.http(status('V1'))).status).toBe(503);
});

test('a fault for the first two strikes two requests of each vehicle, and no more', async () => {
  const { faulty } = withFaults([{ ...down, schedule: { first: 2 } }]);
  faulty.begin();
  const seen: number[] = [];
  for (const vin of ['V1', 'V1', 'V2', 'V1', 'V2', 'V2']) {
    seen.push((await faulty.http(status(vin))).status);
  }
  expect(seen).toEqual([503, 503, 503, 200, 503, 200]);
});

test('the payment service answers a fault in its own words, and each payment has a fate of its own', async () => {
  const { http, reached } = service();
  const faulty = httpFaults({ clock: manualClock(), random: seededRandom(1), answer: paymentsAnswer }, [
    { ...down, match: { path: '/v1/payment_intents/*/cancel' }, schedule: { first: 1 } },
  ]);
  faulty.begin();
  const cancel = (id: string) =>
    faulty.around(http)(new Request(`http://pay.test/v1/payment_intents/${id}/cancel`, { method: 'POST' }));
  const first = await cancel('pi_1');
  expect([first.status, await first.json()]).toEqual([
    503,
    { error: { type: 'api_error', message: 'fault "down"' } },
  ]);
  const statuses = [(await cancel('pi_2')).status, (await cancel('pi_1')).status];
  expect(statuses).toEqual([503, 200]);
  expect(reached).toEqual(['POST /v1/payment_intents/pi_1/cancel']);
});

const pay = (key: string, path = '/v1/payment_intents') =>
  new Request(`http://payments.test${path}`, {
    method: 'POST',
    headers: { 'idempotency-key': key },
    body: 'amount=1',
  });

async function statusesOf(http: Http, requests: readonly Request[]): Promise<number[]> {
  const statuses: number[] = [];
  for (const request of requests) statuses.push((await http(request)).status);
  return statuses;
}

test('a fault that begins with a later request lets those before it pass, for each vehicle', async () => {
  const { faulty } = withFaults([
    {
      name: 'second and third',
      type: 'server_error',
      toxicity: 1,
      attributes: { status: 503 },
      schedule: { from: 2, first: 2 },
    },
  ]);
  faulty.begin();
  const [first, second] = ['V1', 'V2'];
  const vins = [first, first, second, first, first, second].map((vin) => configure(String(vin)));
  expect(await statusesOf(faulty.http, vins)).toEqual([200, 503, 200, 503, 200, 503]);
  expect(faulty.countsByName()).toEqual({ 'second and third': 3 });
});

test('requests about a payment are counted for each purchase over all paths', async () => {
  const { faulty } = withFaults([
    { name: 'once', type: 'server_error', toxicity: 1, attributes: { status: 500 }, schedule: { first: 1 } },
  ]);
  faulty.begin();
  const requests = [
    pay('act_1:authorise'),
    pay('act_2:authorise'),
    pay('act_1:authorise'),
    pay('act_1:refund', '/v1/refunds'),
  ];
  expect(await statusesOf(faulty.http, requests)).toEqual([500, 500, 200, 200]);
});

test('requests about a payment whose keys are not those of the engine are counted together, for each path', async () => {
  const { faulty } = withFaults([
    { name: 'once', type: 'server_error', toxicity: 1, attributes: { status: 500 }, schedule: { first: 1 } },
  ]);
  faulty.begin();
  const requests = [pay('order-1:new-1'), pay('order-1:new-2'), pay('9f8e'), pay('1', '/v1/refunds')];
  expect(await statusesOf(faulty.http, requests)).toEqual([500, 200, 200, 500]);
});

test('a fault of one purchase meets the calls of that one, by the order in which the purchases came', async () => {
  const { faulty } = withFaults([
    {
      name: 'second purchase',
      type: 'server_error',
      toxicity: 1,
      attributes: { status: 503 },
      match: { method: 'POST', purchase: 2 },
    },
  ]);
  const requests = [
    pay('act_1:authorise'),
    pay('act_2:authorise'),
    pay('act_3:authorise'),
    pay('act_2:capture', '/v1/payment_intents/pi_2/capture'),
    new Request('http://payments.test/v1/refunds', { method: 'POST' }),
  ];
  expect(await statusesOf(faulty.http, requests)).toEqual([200, 503, 200, 503, 200]);
});
