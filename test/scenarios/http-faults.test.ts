import { expect, test } from 'vitest';
import { type Http, TransportError } from '../../shared/ports/http.ts';
import { seededRandom } from '../../shared/virtual/random.ts';
import type { HttpFault } from '../../simulator/faults/http-fault.ts';
import { faultyHttp } from '../../simulator/faults/http-faults.ts';
import { manualClock } from '../support/manual-clock.ts';

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
  return { clock, reached, faulty: faultyHttp(http, { clock, random: seededRandom(seed) }, faults) };
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
  expect(faulty.counts()).toEqual({ server_error: 1, response_lost: 0, rate_limited: 0, slow: 1 });
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
  expect(faulty.counts()).toEqual({ server_error: 2, response_lost: 0, rate_limited: 0, slow: 0 });
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
