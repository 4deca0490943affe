import { describe, expect, it } from 'vitest';
import { type VehicleApi, vehicleApi } from '../../../gateway/engine/vehicle-api.ts';
import { TransportError } from '../../../shared/ports/http.ts';
import { problemOf } from '../../../shared/protocol/problem.ts';
import { manualClock } from '../../helpers/manual-clock.ts';
import { vehicleAnswers } from './vehicle-answers.ts';

const vin = '11111111111111111';
const headers = { key: 'act_1:1', traceparent: '00-1-1-01' };
const request = { reference: 'act_1', features: [] };

/** An API IoT whose token endpoint and whose other routes answer as told; `sent` are the requests to those routes. */
function api(token: () => Response | Promise<Response>, other: () => Response | Promise<Response>) {
  const clock = manualClock();
  const sent: Request[] = [];
  return {
    clock,
    sent,
    api: vehicleApi({
      clock,
      origin: 'https://iot.example',
      clientId: 'engine',
      clientSecret: 's',
      http: async (request) => {
        if (request.url.endsWith('/oauth/token')) return token();
        sent.push(request.clone());
        return other();
      },
    }),
  };
}

const hour = 3_600_000;
const { twin: reporting, health, command } = vehicleAnswers(vin);

const granted = () => Response.json({ access_token: 't', expires_in: 300 });

it.each([
  ['503', async () => new Response('Starting', { status: 503 }), 'transient_network'],
  ['429', async () => new Response('', { status: 429 }), 'transient_network'],
  ['200 without a token', async () => Response.json({}), 'transient_network'],
  ['nothing', () => Promise.reject(new TransportError('timeout', 'no answer', true)), 'timeout'],
] as const)(
  'treats %s from the token endpoint as temporary: the command was never sent',
  (...[, token, category]) =>
    expect(api(token, () => Response.json({})).api.configure(vin, request, headers)).resolves.toMatchObject({
      ok: false,
      failure: { category, temporary: true, mayHaveSucceeded: false },
    }),
);

it.each([
  [401, { error: 'invalid_client' }],
  [400, { error: 'unauthorized_client', error_description: 'not this grant' }],
  [400, { error: 'invalid_scope' }],
  [401, problemOf('unauthorized', 'no')],
])('takes %i with %o from the token endpoint for a refusal of our credentials', (status, body) =>
  expect(
    api(
      () => Response.json(body, { status }),
      () => Response.json({}),
    ).api.configure(vin, request, headers),
  ).resolves.toMatchObject({
    ok: false,
    failure: { category: 'authorization_failure', temporary: false, mayHaveSucceeded: false },
  }),
);

it.each([301, 400, 401, 403, 404])(
  'treats status %i from the token endpoint, without an OAuth error in its body, as a temporary failure of something in between',
  (status) =>
    expect(
      api(
        () => new Response('<html>', { status, headers: { 'content-type': 'text/html' } }),
        () => Response.json({}),
      ).api.configure(vin, request, headers),
    ).resolves.toEqual({
      ok: false,
      failure: {
        category: 'transient_network',
        code: 'transport_refused',
        message: `the token endpoint answered ${status} without a token`,
        temporary: true,
        mayHaveSucceeded: false,
      },
    }),
);

const noLife = { access_token: 't', token_type: 'Bearer' };
it.each([
  ['no expires_in', noLife],
  ['expires_in null', { ...noLife, expires_in: null }],
  ['expires_in 0', { ...noLife, expires_in: 0 }],
  ['an expires_in that is no number', { ...noLife, expires_in: 'soon' }],
])('uses a token with %s until a 401', async (_, grant) => {
  let tokens = 0;
  const answers = [200, 200, 401, 200];
  const { clock, api: vehicles } = api(
    () => {
      tokens += 1;
      return Response.json(grant);
    },
    () => Response.json(health, { status: answers.shift() ?? 500 }),
  );
  expect((await vehicles.health(vin)).ok).toBe(true);
  await clock.advance(30 * 24 * hour);
  expect((await vehicles.health(vin)).ok).toBe(true);
  expect(tokens).toBe(1);
  expect((await vehicles.health(vin)).ok).toBe(true);
  expect(tokens).toBe(2);
});

it('reads an expires_in that is a string', async () => {
  let tokens = 0;
  const { clock, api: vehicles } = api(
    () => {
      tokens += 1;
      return Response.json({ ...noLife, expires_in: '3599' });
    },
    () => Response.json(health),
  );
  await vehicles.health(vin);
  await clock.advance(3_588_999);
  await vehicles.health(vin);
  expect(tokens).toBe(1);
  await clock.advance(1);
  await vehicles.health(vin);
  expect(tokens).toBe(2);
});

it.each<[string, Record<string, string>, unknown, number]>([
  ['1500.2 ms in the problem', {}, { retryAfterMs: 1_500.2 }, 1_501],
  ['a number beyond every date', {}, { retryAfterMs: 1e300 }, 876_000 * hour],
  ['more digits than a number has', { 'retry-after': '9'.repeat(400) }, {}, 876_000 * hour],
  ['ten years', { 'retry-after': String(10 * 365 * 86_400) }, {}, 87_600 * hour],
  ['a date that is over', { 'retry-after': 'Thu, 01 Jan 1970 00:00:00 GMT' }, {}, 0],
  ['a date in an hour', { 'retry-after': 'Fri, 15 Jan 2027 09:00:00 GMT' }, {}, hour],
  ['seconds', { 'retry-after': '90' }, {}, 90_000],
  ['nothing', {}, {}, 60_000],
  ['nothing, without a body', {}, null, 60_000],
  ['nonsense', { 'retry-after': 'soon' }, {}, 60_000],
  ['words and a number', { 'retry-after': 'after 90' }, {}, 60_000],
  ['a part of a second', { 'retry-after': '1.5' }, {}, 60_000],
  ['a day that is none', { 'retry-after': 'Friday' }, {}, 60_000],
  ['a number and more', { 'retry-after': '90 s' }, {}, 60_000],
  ['no time at all', { 'retry-after': '90' }, { retryAfterMs: 0 }, 0],
  ['less than no time, and says it again', { 'retry-after': '90' }, { retryAfterMs: -1 }, 90_000],
  ['a time as a text, and says it again', { 'retry-after': '90' }, { retryAfterMs: '5' }, 90_000],
])(
  'reads whole milliseconds and at most a hundred years when a 429 asks for %s',
  async (_, sent, body, waitMs) => {
    const { clock, api: vehicles } = api(granted, () => Response.json(body, { status: 429, headers: sent }));
    expect(await vehicles.configure(vin, request, headers)).toEqual({
      ok: false,
      retryAt: clock.now() + waitMs,
    });
  },
);

const twin = { ...reporting, reported: [{ feature: 'heated_seats', state: 'dormant', version: 0 }] };

/** What is asked: method and address. */
const line = ({ method, url }: Request) => `${method} ${url}`;

it('sends a command with its key, its trace and a token', async () => {
  const { sent, api: vehicles } = api(granted, () => Response.json(command, { status: 202 }));
  const wished = { reference: 'act_1', features: [{ feature: 'heated_seats', target: 'active' as const }] };
  expect(await vehicles.configure(vin, wished, headers)).toEqual({ ok: true, value: command });
  expect(sent.map(line)).toEqual([`POST https://iot.example/vehicle/${vin}/configure`]);
  expect(Object.fromEntries(sent[0]?.headers ?? [])).toEqual({
    accept: 'application/json',
    authorization: 'Bearer t',
    'content-type': 'application/json',
    'idempotency-key': 'act_1:1',
    traceparent: '00-1-1-01',
  });
  expect(await sent[0]?.json()).toEqual(wished);
});

const looks: readonly (readonly [
  string,
  (vehicles: VehicleApi) => Promise<unknown>,
  string,
  unknown,
  unknown,
  string,
])[] = [
  [
    'command',
    (vehicles) => vehicles.command(vin, 'cmd/1'),
    `/vehicle/${vin}/history/cmd%2F1`,
    command,
    command,
    '/features',
  ],
  ['status', (vehicles) => vehicles.status(vin), `/vehicle/${vin}/status`, twin, twin, '/online'],
  ['health', (vehicles) => vehicles.health(vin), `/vehicle/${vin}/health`, health, health, '/online'],
  [
    'history',
    (vehicles) => vehicles.history(vin),
    `/vehicle/${vin}/history?limit=50`,
    { vin, commands: [command], next: null },
    [command],
    '/commands',
  ],
];

describe.each(looks)('The look at %s', (_, look, path, body, value, missing) => {
  it('asks its route with a token', async () => {
    const { sent, api: vehicles } = api(granted, () => Response.json(body));
    expect(await look(vehicles)).toEqual({ ok: true, value });
    expect(sent.map(line)).toEqual([`GET https://iot.example${path}`]);
    expect(Object.fromEntries(sent[0]?.headers ?? [])).toEqual({
      accept: 'application/json',
      authorization: 'Bearer t',
    });
  });

  it('takes another shape than documented for an error of the API IoT', async () => {
    const { api: vehicles } = api(granted, () => Response.json({ vin: 'short' }));
    expect(await look(vehicles)).toEqual({
      ok: false,
      failure: {
        category: 'api_iot_error',
        code: 'http_502',
        message: `the API IoT's answer to ${path} has another shape than documented: it has nothing at "${missing}"`,
        temporary: true,
        mayHaveSucceeded: true,
      },
    });
  });

  it('treats 429 as temporary', async () => {
    const { api: vehicles } = api(granted, () => new Response('', { status: 429 }));
    expect(await look(vehicles)).toEqual({
      ok: false,
      failure: {
        category: 'api_iot_error',
        code: 'http_503',
        message: 'too many requests',
        temporary: true,
        mayHaveSucceeded: true,
      },
    });
  });

  it('says why it was refused', async () => {
    const { api: vehicles } = api(granted, () =>
      Response.json(problemOf('unknown-vehicle', 'there is none'), { status: 404 }),
    );
    expect(await look(vehicles)).toEqual({
      ok: false,
      failure: {
        category: 'unknown_vehicle',
        code: 'unknown-vehicle',
        message: 'there is none',
        temporary: false,
        mayHaveSucceeded: false,
      },
    });
  });
});

it('asks for one new token after a 401, and for no second', async () => {
  let tokens = 0;
  const grant = () => Response.json({ access_token: `t${++tokens}`, expires_in: 300 });
  let answers = [new Response('', { status: 401 }), Response.json(twin)];
  const { sent, api: vehicles } = api(grant, () => answers.shift() ?? new Response('', { status: 500 }));
  expect(await vehicles.status(vin)).toEqual({ ok: true, value: twin });
  const refused = () => Response.json(problemOf('unauthorized', 'no such token'), { status: 401 });
  answers = [refused(), refused(), Response.json(twin)];
  expect(await vehicles.status(vin)).toMatchObject({
    ok: false,
    failure: { category: 'authorization_failure', message: 'no such token' },
  });
  expect(sent.map((request) => request.headers.get('authorization'))).toEqual([
    'Bearer t1',
    'Bearer t2',
    'Bearer t2',
    'Bearer t3',
  ]);
});

it('says that our credentials were refused', async () => {
  const { sent, api: vehicles } = api(
    () => Response.json({ error: 'invalid_client' }, { status: 401 }),
    () => Response.json(twin),
  );
  expect(await vehicles.status(vin)).toEqual({
    ok: false,
    failure: {
      category: 'authorization_failure',
      code: 'credentials_refused',
      message: 'the token endpoint refused the client credentials',
      temporary: false,
      mayHaveSucceeded: false,
    },
  });
  expect(sent).toEqual([]);
});

it('treats a missing answer as a failure, and rethrows a bug of the platform', async () => {
  const lost = api(granted, () => Promise.reject(new TransportError('reset', 'cut off', true)));
  expect(await lost.api.status(vin)).toEqual({
    ok: false,
    failure: {
      category: 'transient_network',
      code: 'transport_reset',
      message: 'cut off',
      temporary: true,
      mayHaveSucceeded: true,
    },
  });
  const broken = api(granted, () => Promise.reject(new TypeError('a mistake of ours')));
  await expect(broken.api.status(vin)).rejects.toThrow(new TypeError('a mistake of ours'));
});
