import { expect, it } from 'vitest';
import { vehicleApi } from '../../gateway/engine/vehicle-api.ts';
import { TransportError } from '../../shared/ports/http.ts';
import { manualClock } from '../support/manual-clock.ts';

const vin = '11111111111111111';
const headers = { key: 'act_1:1', traceparent: '00-1-1-01' };
const request = { reference: 'act_1', features: [] };

/** An API IoT whose token endpoint and whose other routes answer as told. */
function api(token: () => Response | Promise<Response>, other: () => Response) {
  const clock = manualClock();
  return {
    clock,
    api: vehicleApi({
      clock,
      origin: 'https://iot.example',
      credentials: {
        tokenUrl: 'https://iot.example/oauth/token',
        clientId: 'engine',
        clientSecret: 's',
        scope: '',
      },
      http: async ({ url }) => (url.endsWith('/oauth/token') ? token() : other()),
    }),
  };
}

const granted = () => Response.json({ access_token: 't', expires_in: 300 });

it.each([
  ['503', async () => new Response('Starting', { status: 503 }), 'transient_network'],
  ['429', async () => new Response('', { status: 429 }), 'transient_network'],
  ['200 without a token', async () => Response.json({}), 'transient_network'],
  ['nothing', () => Promise.reject(new TransportError('timeout', 'no answer', true)), 'timeout'],
] as const)(
  'takes %s from the token endpoint for a trouble that passes: the command never left',
  (...[, token, category]) =>
    expect(api(token, () => Response.json({})).api.configure(vin, request, headers)).resolves.toMatchObject({
      ok: false,
      failure: { category, temporary: true, mayHaveSucceeded: false },
    }),
);

it.each([400, 401, 403])('takes %i from the token endpoint for a refusal of our credentials', (status) =>
  expect(
    api(
      () => new Response('', { status }),
      () => Response.json({}),
    ).api.configure(vin, request, headers),
  ).resolves.toMatchObject({
    ok: false,
    failure: { category: 'authorization_failure', temporary: false, mayHaveSucceeded: false },
  }),
);

const hour = 3_600_000;

it.each([
  ['1500.2 ms in the problem', {}, { retryAfterMs: 1_500.2 }, 1_501],
  ['a number beyond every date', {}, { retryAfterMs: 1e300 }, 24 * hour],
  ['more digits than a number has', { 'retry-after': '9'.repeat(400) }, {}, 24 * hour],
  ['ten years', { 'retry-after': String(10 * 365 * 86_400) }, {}, 24 * hour],
  ['a date that is over', { 'retry-after': 'Thu, 01 Jan 1970 00:00:00 GMT' }, {}, 0],
  ['nonsense', { 'retry-after': 'soon' }, {}, 60_000],
])('waits whole milliseconds and at most a day when a 429 asks for %s', async (_, sent, body, waitMs) => {
  const { clock, api: vehicles } = api(granted, () => Response.json(body, { status: 429, headers: sent }));
  expect(await vehicles.configure(vin, request, headers)).toEqual({
    ok: false,
    retryAt: clock.now() + waitMs,
  });
});
