import { describe, expect, it } from 'vitest';
import { callbackSecret, configureBody, origin, otherVin, vin, withApiIot } from '../../helpers/api-iot.ts';

const start = 1_800_000_000_000;
const problem = async (answer: Response) => (await answer.json()) as Record<string, unknown>;
const typeOf = async (answer: Response) =>
  String((await problem(answer)).type).replace('urn:fleetwake:problem:', '');

describe('POST /vehicle/{vin}/configure', () => {
  it('answers 202 with where to look, when to look, and what is left of the quota', () =>
    withApiIot(async (bench) => {
      const answer = await bench.configure({ headers: { 'idempotency-key': 'act_1:1' } });
      expect(answer.status).toBe(202);
      const body = await problem(answer);
      expect(body).toEqual({
        id: body.id,
        vin,
        reference: 'act_1',
        key: 'act_1:1',
        state: 'accepted',
        features: [{ feature: 'heated_seats', target: 'active', version: 1 }],
        acceptedAt: start,
        expiresAt: start + 300_000,
        endedAt: null,
        results: null,
        late: false,
        clock: null,
      });
      expect(Object.fromEntries(answer.headers)).toEqual({
        'content-type': 'application/json',
        location: `/vehicle/${vin}/history/${body.id}`,
        'retry-after': '1',
        ratelimit: '"configure";r=9;t=3600',
        'ratelimit-policy': '"configure";q=10;w=3600',
      });
    }));

  it('sends the command to the vehicle, with its version, its deadline, its texts and its trace', () =>
    withApiIot(async (bench) => {
      const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
      const command = await bench.accept({ headers: { traceparent } });
      expect(bench.link.published.map(({ topic, qos, retain }) => ({ topic, qos, retain }))).toEqual([
        { topic: `vehicles/${vin}/cmd/configure`, qos: 1, retain: false },
      ]);
      expect(bench.commands()).toEqual([
        {
          id: command.id,
          vin,
          features: [{ feature: 'heated_seats', target: 'active', version: 1, parameters: { levels: 3 } }],
          sentAt: start,
          expiresAt: start + 300_000,
          display: configureBody.display,
          traceparent,
        },
      ]);
    }));

  it('counts a version up for each vehicle and feature', () =>
    withApiIot(async (bench) => {
      const body = (feature: string, target: string) => ({ reference: 'r', features: [{ feature, target }] });
      await bench.accept({ body: body('seats', 'active') });
      await bench.accept({ body: body('lights', 'active') });
      await bench.accept({ body: body('seats', 'dormant') });
      await bench.accept({ vin: otherVin, body: body('seats', 'active') });
      expect(bench.commands().map((command) => [command.vin, command.features[0]])).toEqual([
        [vin, { feature: 'seats', target: 'active', version: 1 }],
        [vin, { feature: 'lights', target: 'active', version: 1 }],
        [vin, { feature: 'seats', target: 'dormant', version: 2 }],
        [otherVin, { feature: 'seats', target: 'active', version: 1 }],
      ]);
      const twin = await problem(await bench.call('GET', `/vehicle/${vin}/status`));
      expect(twin.desired).toEqual([
        { feature: 'lights', state: 'active', version: 1 },
        { feature: 'seats', state: 'dormant', version: 2 },
      ]);
    }));
});

describe('the version of a command', () => {
  it('the next version is above the vehicle’s reported one, also with an empty database', () =>
    withApiIot(async (bench) => {
      expect((await bench.accept()).features).toMatchObject([{ version: 1 }]);
      await bench.status({ features: [{ feature: 'heated_seats', state: 'active', version: 40 }] });
      expect((await bench.accept()).features).toMatchObject([{ version: 41 }]);
      expect((await bench.accept()).features).toMatchObject([{ version: 42 }]);
      await bench.status({ features: [{ feature: 'heated_seats', state: 'active', version: 3 }] });
      expect((await bench.accept()).features).toMatchObject([{ version: 43 }]);
    }));

  it('the next version is above the one by which the vehicle called a command superseded', () =>
    withApiIot(async (bench) => {
      await bench.accept();
      const [command] = bench.commands();
      if (command) await bench.answer(command, 'superseded', 40);
      expect((await bench.accept()).features).toMatchObject([{ version: 41 }]);
    }));

  it('a version beyond what JSON can count is not followed', () =>
    withApiIot(async (bench) => {
      const version = Number.MAX_SAFE_INTEGER;
      await bench.status({ features: [{ feature: 'heated_seats', state: 'active', version }] });
      expect((await bench.accept()).features).toMatchObject([{ version: 1_000_000_000_000_001 }]);
    }));
});

describe('bad requests', () => {
  it.each<[string, { body?: unknown; headers?: Record<string, string> }, number, string]>([
    ['malformed JSON', { body: '{"reference":' }, 400, 'malformed-request'],
    ['a wrong media type', { headers: { 'content-type': 'text/plain' } }, 415, 'unsupported-media-type'],
    [
      'a body over 64 KiB',
      { body: { ...configureBody, reference: 'x'.repeat(65_536) } },
      413,
      'body-too-large',
    ],
    ['a wrong type', { body: { ...configureBody, features: 'heated_seats' } }, 422, 'invalid-configuration'],
    ['no features', { body: { ...configureBody, features: [] } }, 422, 'invalid-configuration'],
    [
      'a feature twice',
      { body: { ...configureBody, features: [1, 2].map(() => configureBody.features[0]) } },
      422,
      'invalid-configuration',
    ],
    [
      'a callback that is no URL',
      { body: { ...configureBody, callbackUrl: 'ftp://x' } },
      422,
      'invalid-configuration',
    ],
    [
      'a callback with a password, which no request can carry',
      { body: { ...configureBody, callbackUrl: 'http://u:pw@127.0.0.1:9/' } },
      422,
      'invalid-configuration',
    ],
    [
      'a callback with a user name alone',
      { body: { ...configureBody, callbackUrl: 'https://u@127.0.0.1:9/' } },
      422,
      'invalid-configuration',
    ],
    ['a key with spaces', { headers: { 'idempotency-key': 'a b' } }, 400, 'malformed-request'],
    [
      'a key of 129 characters',
      { headers: { 'idempotency-key': 'k'.repeat(129) } },
      400,
      'malformed-request',
    ],
  ])('%s is refused, costs nothing and reaches no vehicle', (_, options, status, type) =>
    withApiIot(async (bench) => {
      const answer = await bench.configure(options);
      expect(answer.headers.get('content-type')).toBe('application/problem+json');
      expect([answer.status, await typeOf(answer)]).toEqual([status, type]);
      expect(bench.link.published).toEqual([]);
      const health = await problem(await bench.call('GET', `/vehicle/${vin}/health`));
      expect(health.quotaRemaining).toBe(10);
    }),
  );

  it('says which part of the body is wrong', () =>
    withApiIot(async (bench) => {
      const features = [{ feature: 'seats', target: 'on' }];
      const body = await problem(await bench.configure({ body: { reference: 'r', features } }));
      expect(body.errors).toEqual([
        {
          in: 'body',
          pointer: '/features/0/target',
          message: 'write one of active, dormant',
        },
      ]);
    }));

  it('an unknown VIN is 404, a text that is no VIN 422, another method 405, another path 404', () =>
    withApiIot(async (bench) => {
      const seen: [number, string][] = [];
      for (const answer of [
        await bench.configure({ vin: '11111111111111111' }),
        await bench.configure({ vin: 'IOQ' }),
        await bench.call('GET', `/vehicle/${vin}/configure`),
        await bench.call('GET', '/cars'),
        await bench.call('GET', '/vehicle/11111111111111111/status'),
        await bench.call('GET', '/vehicle/11111111111111111/health'),
        await bench.call('GET', '/vehicle/11111111111111111/history'),
        await bench.call('GET', `/vehicle/${vin}/history/cmd_none`),
        await bench.call('GET', `/vehicle/${vin}/history?limit=0`),
        await bench.call('GET', `/vehicle/${vin}/history?cursor=x`),
      ]) {
        seen.push([answer.status, await typeOf(answer)]);
      }
      expect(seen).toEqual([
        [404, 'unknown-vehicle'],
        [422, 'invalid-request'],
        [405, 'method-not-allowed'],
        [404, 'not-found'],
        [404, 'unknown-vehicle'],
        [404, 'unknown-vehicle'],
        [404, 'unknown-vehicle'],
        [404, 'not-found'],
        [422, 'invalid-request'],
        [422, 'invalid-request'],
      ]);
    }));

  it('a missing, wrong or expired token is 401 and a missing scope 403, before anything else is looked at', () =>
    withApiIot(async (bench) => {
      const bad = { body: '{' };
      expect((await bench.configure({ ...bad, token: null })).status).toBe(401);
      expect((await bench.configure({ ...bad, token: 'abc.def.ghi' })).status).toBe(401);
      const answer = await bench.call('POST', `/provisioning/vehicles`, { body: {} });
      expect(answer.status).toBe(422);
      const request = new Request(`${origin}/oauth/token`, {
        method: 'POST',
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
        body: 'grant_type=client_credentials&client_id=engine&client_secret=engine-secret',
      });
      const token = ((await (await bench.api.fetch(request)).json()) as { access_token: string })
        .access_token;
      const foreign = await bench.call('POST', '/provisioning/vehicles', { token, body: '{' });
      expect([foreign.status, await typeOf(foreign)]).toEqual([403, 'missing-scope']);
      await bench.clock.advance(3_600_000);
      const late = await bench.configure({ token });
      expect([late.status, await typeOf(late)]).toEqual([401, 'unauthorized']);
    }));

  it('a feature that the vehicle reports not to have is 409; before any report it is left to the vehicle', () =>
    withApiIot(async (bench) => {
      await bench.accept();
      await bench.status({ features: [{ feature: 'lights', state: 'dormant', version: 0 }] });
      const answer = await bench.configure();
      expect(answer.status).toBe(409);
      expect(await problem(answer)).toEqual({
        type: 'urn:fleetwake:problem:vehicle-incompatible',
        title: 'The vehicle does not support the feature',
        status: 409,
        detail: 'The vehicle has no heated_seats.',
        features: ['heated_seats'],
      });
    }));
});

describe('the quota', () => {
  it('takes 10 commands in an hour and says exactly when the eleventh is possible', () =>
    withApiIot(async (bench) => {
      for (let count = 0; count < 10; count += 1) {
        await bench.accept();
        await bench.clock.advance(1_000);
      }
      const refused = await bench.configure({ headers: { 'idempotency-key': 'eleventh' } });
      expect(refused.status).toBe(429);
      expect(refused.headers.get('retry-after')).toBe('3590');
      expect(refused.headers.get('ratelimit')).toBe('"configure";r=0;t=3590');
      expect(await problem(refused)).toEqual({
        type: 'urn:fleetwake:problem:quota-exceeded',
        title: 'Too many configuration commands for this vehicle',
        status: 429,
        detail: 'A vehicle takes 10 configuration commands in 3600 s.',
        opensAt: start + 3_600_000,
        retryAfterMs: 3_590_000,
      });
      expect((await bench.configure({ vin: otherVin })).status).toBe(202);
      const health = await problem(await bench.call('GET', `/vehicle/${vin}/health`));
      expect([health.quotaRemaining, health.quotaOpensAt]).toEqual([0, start + 3_600_000]);
      await bench.clock.advance(3_589_999);
      expect((await bench.configure()).status).toBe(429);
      await bench.clock.advance(1);
      const opened = await bench.configure({ headers: { 'idempotency-key': 'eleventh' } });
      expect(opened.status).toBe(202);
      expect((await bench.configure()).status).toBe(429);
    }));

  it('is not exceeded by requests that arrive together', () =>
    withApiIot(async (bench) => {
      const answers = await Promise.all(Array.from({ length: 15 }, () => bench.configure()));
      expect(answers.map((answer) => answer.status).toSorted((a, b) => a - b)).toEqual([
        ...Array(10).fill(202),
        ...Array(5).fill(429),
      ]);
    }));
});

describe('an Idempotency-Key', () => {
  it('gets the same answer again, costs no quota and sends nothing, for 24 hours', () =>
    withApiIot(async (bench) => {
      const headers = { 'idempotency-key': 'act_1:1' };
      const first = await bench.configure({ headers });
      const text = await first.text();
      await bench.clock.advance(86_399_999);
      const again = await bench.configure({ headers: { 'idempotency-key': '"act_1:1"' } });
      expect([
        again.status,
        again.headers.get('idempotency-replayed'),
        again.headers.get('location'),
      ]).toEqual([202, 'true', first.headers.get('location')]);
      expect(await again.text()).toBe(text);
      expect(bench.commands()).toHaveLength(1);
      await bench.clock.advance(1);
      const fresh = await bench.configure({ headers });
      expect([fresh.status, fresh.headers.get('idempotency-replayed')]).toEqual([202, null]);
    }));

  it('is one command even when its repeats arrive together', () =>
    withApiIot(async (bench) => {
      const headers = { 'idempotency-key': 'k' };
      const answers = await Promise.all([1, 2, 3].map(() => bench.configure({ headers })));
      const ids = await Promise.all(answers.map(async (answer) => (await problem(answer)).id));
      expect(new Set(ids).size).toBe(1);
      const health = await problem(await bench.call('GET', `/vehicle/${vin}/health`));
      expect(health.quotaRemaining).toBe(9);
    }));

  it('of a refused request is free again at once', () =>
    withApiIot(async (bench) => {
      const headers = { 'idempotency-key': 'k' };
      for (const status of [404, 404]) {
        expect((await bench.configure({ headers, vin: '11111111111111111' })).status).toBe(status);
      }
      expect((await bench.configure({ headers })).status).toBe(202);
    }));

  it('with another body or another vehicle is refused', () =>
    withApiIot(async (bench) => {
      const headers = { 'idempotency-key': 'k' };
      await bench.accept({ headers });
      const body = await bench.configure({ headers, body: { ...configureBody, reference: 'act_2' } });
      expect([body.status, await typeOf(body)]).toEqual([422, 'key-mismatch']);
      const vehicle = await bench.configure({ headers, vin: otherVin });
      expect([vehicle.status, await typeOf(vehicle)]).toEqual([422, 'key-mismatch']);
    }));
});

describe('Prefer: wait', () => {
  it('turns the answer into 200 with the outcome when the vehicle is quick', () =>
    withApiIot(async (bench) => {
      bench.link.onPublish = (message) => bench.answer(JSON.parse(message.payload));
      const answer = await bench.configure({
        headers: { prefer: 'respond-async, wait=5', 'idempotency-key': 'k' },
      });
      expect([
        answer.status,
        answer.headers.get('preference-applied'),
        answer.headers.get('retry-after'),
      ]).toEqual([200, 'wait=5', null]);
      expect(await problem(answer)).toMatchObject({
        state: 'applied',
        late: false,
        endedAt: start,
        clock: start + 7,
        results: [{ feature: 'heated_seats', outcome: 'applied', version: 1 }],
      });
      const again = await bench.configure({ headers: { prefer: 'wait=5', 'idempotency-key': 'k' } });
      expect([again.status, (await problem(again)).state]).toEqual([200, 'applied']);
    }));

  it('stays 202 when the vehicle is slow, and waits no longer than the cap', () =>
    withApiIot(async (bench) => {
      await bench.call('GET', `/vehicle/${vin}/health`);
      const waiting = bench.configure({ headers: { prefer: 'wait=600' } });
      let answered = false;
      void waiting.then(() => {
        answered = true;
      });
      await bench.clock.advance(29_999);
      expect(answered).toBe(false);
      await bench.clock.advance(1);
      const answer = await waiting;
      expect([answer.status, answer.headers.get('preference-applied')]).toEqual([202, 'wait=30']);
    }));
});

describe('the documents', () => {
  /** Every operation may also be answered by the server itself, before it is one. */
  const withOfServer = (own: string) =>
    [...new Set([...own.split(' '), '400', '408', '421', '431'])]
      .toSorted((a, b) => Number(a) - Number(b))
      .join(' ');

  it('describe every operation in OpenAPI 3.1, and the page needs nothing from elsewhere', () =>
    withApiIot(async (bench) => {
      const document = (await (await bench.call('GET', '/openapi.json', { token: null })).json()) as {
        openapi: string;
        paths: Record<string, Record<string, { responses: object; security?: object[] }>>;
      };
      expect(document.openapi).toBe('3.1.0');
      expect(
        Object.entries(document.paths).flatMap(([path, operations]) =>
          Object.entries(operations).map(([method, { responses, security }]) => [
            `${method} ${path}`,
            Object.keys(responses).join(' '),
            JSON.stringify(security),
          ]),
        ),
      ).toEqual([
        ['get /livez', withOfServer('200'), '[]'],
        ['post /oauth/token', withOfServer('200 400 401 413'), '[]'],
        [
          'post /vehicle/{vin}/configure',
          withOfServer('200 202 400 401 403 404 409 413 415 422 429 503'),
          '[{"oauth":["vehicle:configure"]}]',
        ],
        ['get /callbacks', withOfServer('200 401 403 422 503'), '[{"oauth":["callbacks:operate"]}]'],
        [
          'post /callbacks/{id}/replay',
          withOfServer('200 401 403 404 413 422 503'),
          '[{"oauth":["callbacks:operate"]}]',
        ],
        [
          'post /callbacks/{id}/drop',
          withOfServer('200 401 403 404 413 422 503'),
          '[{"oauth":["callbacks:operate"]}]',
        ],
        [
          'get /vehicle/{vin}/status',
          withOfServer('200 401 403 404 422 503'),
          '[{"oauth":["vehicle:read"]}]',
        ],
        [
          'get /vehicle/{vin}/health',
          withOfServer('200 401 403 404 422 503'),
          '[{"oauth":["vehicle:read"]}]',
        ],
        [
          'get /vehicle/{vin}/history',
          withOfServer('200 401 403 404 422 503'),
          '[{"oauth":["vehicle:read"]}]',
        ],
        [
          'get /vehicle/{vin}/history/{commandId}',
          withOfServer('200 401 403 404 422 503'),
          '[{"oauth":["vehicle:read"]}]',
        ],
        ['get /vehicles', withOfServer('200 401 403 422 503'), '[{"oauth":["vehicle:read"]}]'],
        [
          'get /vehicle/{vin}/connections',
          withOfServer('200 401 403 404 422 503'),
          '[{"oauth":["vehicle:read"]}]',
        ],
        [
          'get /vehicle/{vin}/telemetry',
          withOfServer('200 401 403 404 422 503'),
          '[{"oauth":["vehicle:read"]}]',
        ],
        ['get /metrics', withOfServer('200 401 403 503'), '[{"oauth":["metrics:read"]}]'],
        ['get /readyz', withOfServer('200 503'), '[]'],
        [
          'post /provisioning/vehicles',
          withOfServer('200 207 400 401 403 409 413 415 422 503'),
          '[{"oauth":["vehicle:provision"]}]',
        ],
      ]);
      const page = await (await bench.call('GET', '/docs', { token: null })).text();
      const links = [...page.matchAll(/(?:src|href)="([^"]+)"/g)].map((match) => String(match[1]));
      expect(links).toEqual([
        'docs/favicon-32x32.png',
        'docs/swagger-ui.css',
        'docs/swagger-ui-bundle.js',
        'docs/initializer.js',
      ]);
      for (const link of links)
        expect((await bench.call('GET', `/${link}`, { token: null })).status).toBe(200);
      expect((await bench.call('GET', '/docs/package.json', { token: null })).status).toBe(404);
    }));

  it('hold no secret', () =>
    withApiIot(async (bench) => {
      const text = await (await bench.call('GET', '/openapi.json', { token: null })).text();
      expect(text.includes(callbackSecret)).toBe(false);
    }));
});
