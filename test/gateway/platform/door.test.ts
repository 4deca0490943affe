import { describe, expect, it } from 'vitest';
import { platformScopes } from '../../../gateway/platform/scopes.ts';
import { systemSecrets } from '../../../shared/live/secrets.ts';
import { makeVin } from '../../../shared/protocol/vin.ts';
import { order, origin, register, vin, withPlatform } from '../../helpers/platform-under-test.ts';
import { problem } from './problem.ts';

/** Every route that asks for a token, with the scope it needs. */
const doors: [string, string, string, object?][] = [
  ['PUT', '/customers/ana', 'customers:write', { name: 'Ana', email: 'ana@example.com' }],
  ['GET', '/customers/ana', 'customers:read'],
  ['PUT', `/vehicles/${vin}`, 'vehicles:write', { model: 'aurora-2026', modelName: 'Aurora' }],
  ['GET', `/vehicles/${vin}`, 'vehicles:read'],
  ['POST', '/registrations', 'vehicles:write', {}],
  ['GET', '/catalogue', 'catalogue:read'],
  ['POST', '/purchases', 'purchases:write', order],
  ['GET', '/purchases', 'purchases:read'],
  ['GET', '/purchases/pur_1', 'purchases:read'],
  ['GET', '/purchases/pur_1/record', 'purchases:read'],
  ['GET', '/activations', 'activations:read'],
  ['GET', '/activations/act_1', 'activations:read'],
  ['GET', '/tickets', 'tickets:read'],
  ['GET', '/tickets/tkt_1', 'tickets:read'],
  ...[
    'assign',
    'start',
    'comment',
    'retry',
    'payload',
    'inspection',
    'escalate',
    'contact',
    'resolve',
    'keep',
    'close',
    'reopen',
  ].map((move): [string, string, string, object] => ['POST', `/tickets/tkt_1/${move}`, 'tickets:write', {}]),
  ['GET', '/notices?status=dead', 'operations:read'],
  ['GET', '/settlements?status=unsettled', 'operations:read'],
  ['POST', '/notices/ntc_1/resend', 'operations:write'],
  ['POST', '/notices/ntc_1/drop', 'operations:write'],
  ['GET', '/webhook-events?status=parked', 'operations:read'],
  ['POST', '/webhook-events/rec_1/replay', 'operations:write'],
  ['POST', '/webhook-events/rec_1/drop', 'operations:write'],
  ['POST', '/webhook-events/resume', 'operations:write'],
  ['GET', '/events', 'events:read'],
  ['GET', '/metrics', 'metrics:read'],
];

describe('validation of requests', () => {
  it.each(doors)('of %s %s opens to %s only', (method, path, scope, body) =>
    withPlatform(async ({ call, token }) => {
      const without = await call(method, path, body, { authorization: '' });
      expect([without.status, without.headers.get('www-authenticate')]).toEqual([
        401,
        'Bearer realm="fleetwake"',
      ]);
      const others = await token(...Object.keys(platformScopes).filter((one) => one !== scope));
      const denied = await call(method, path, body, { authorization: `Bearer ${others}` });
      expect([denied.status, denied.body]).toEqual([
        403,
        problem('missing-scope', `This needs the scope ${scope}.`, { scope }),
      ]);
    }),
  );

  it('gives tokens to clients for this API alone', () =>
    withPlatform(
      async ({ fetch, call }) => {
        const answer = await fetch('/oauth/token', {
          method: 'POST',
          headers: {
            authorization: `Basic ${Buffer.from('app:s3cret').toString('base64')}`,
            'content-type': 'application/x-www-form-urlencoded',
          },
          body: 'grant_type=client_credentials',
        });
        const { access_token: token, scope } = (await answer.json()) as {
          access_token: string;
          scope: string;
        };
        expect(scope).toBe('catalogue:read');
        const claims = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());
        expect([claims.aud, claims.iss]).toEqual(['platform', origin]);
        const catalogue = await call('GET', '/catalogue', undefined, { authorization: `Bearer ${token}` });
        expect(catalogue.status).toBe(200);
        expect(catalogue.body.services[2]).toEqual({
          id: 'range-boost',
          name: 'Range boost',
          feature: 'range_boost',
          capture: 'on_delivery',
          offers: [
            { duration: { unit: 'days', count: 3 }, price: { amountMinor: 1990, currency: 'EUR' } },
            { duration: { unit: 'months', count: 1 }, price: { amountMinor: 4990, currency: 'EUR' } },
            { duration: { unit: 'months', count: 6 }, price: { amountMinor: 24900, currency: 'EUR' } },
          ],
        });
      },
      {
        clients: [
          {
            clientId: 'app',
            secretDigest: systemSecrets.digest('s3cret'),
            scopes: ['catalogue:read'],
          },
        ],
      },
    ));

  it('is open for health, documents and the public keys', () =>
    withPlatform(async ({ fetch }) => {
      for (const path of ['/healthz', '/openapi.json', '/docs', '/.well-known/jwks.json']) {
        expect([path, (await fetch(path)).status]).toEqual([path, 200]);
      }
      expect(await (await fetch('/healthz')).json()).toEqual({ status: 'ok' });
    }));

  it('shows every route in the OpenAPI document, with its scope and its refusals', () =>
    withPlatform(async ({ fetch }) => {
      const document = (await (await fetch('/openapi.json')).json()) as {
        openapi: string;
        paths: Partial<Record<string, Partial<Record<string, { security?: object[]; responses: object }>>>>;
      };
      const answersOf = (path: string, method: string) =>
        Object.keys(document.paths[path]?.[method]?.responses ?? {});
      expect(document.openapi).toBe('3.1.0');
      for (const [method, path, scope] of doors) {
        const template = (path.split('?')[0] ?? '')
          .replace(vin, '{vin}')
          .replace(/\/(ana|(pur|act|tkt|ntc|rec)_1)/, '/{id}');
        const name = method.toLowerCase();
        const security = document.paths[template]?.[name]?.security;
        expect(JSON.stringify(security), `${method} ${template}`).toContain(scope);
        expect(answersOf(template, name)).toEqual(expect.arrayContaining(['401', '403']));
      }
      expect(answersOf('/purchases', 'post')).toEqual([
        '201',
        '400',
        '401',
        '402',
        '403',
        '404',
        // 408, 421 and 431: by the server itself, to any request.
        '408',
        '409',
        '413',
        '415',
        '421',
        '422',
        '431',
        '503',
      ]);
      expect(Object.keys(document.paths)).toEqual(
        expect.arrayContaining(['/callbacks/api-iot', '/healthz', '/oauth/token']),
      );
    }));
});

describe('a request that cannot be read', () => {
  const json = { 'content-type': 'application/json' };
  const bad: [string, string, Record<string, string>, number, string][] = [
    ['malformed JSON', '{"customerId":', json, 400, 'malformed-request'],
    [
      'a wrong media type',
      JSON.stringify(order),
      { 'content-type': 'text/plain' },
      415,
      'unsupported-media-type',
    ],
    ['a body over 64 KiB', JSON.stringify({ x: 'x'.repeat(65_536) }), json, 413, 'body-too-large'],
    ['another shape', '[]', json, 422, 'invalid-request'],
  ];
  it.each(bad)('%s is refused', (_, body, headers, status, name) =>
    withPlatform(async ({ fetch, token }) => {
      const authorization = `Bearer ${await token('purchases:write')}`;
      const answer = await fetch('/purchases', {
        method: 'POST',
        headers: { authorization, ...headers },
        body,
      });
      expect([answer.status, answer.headers.get('content-type')]).toEqual([
        status,
        'application/problem+json',
      ]);
      expect(await answer.json()).toMatchObject({ type: `urn:fleetwake:problem:${name}`, status });
    }),
  );

  it('gets every mistake with a pointer', () =>
    withPlatform(async ({ call }) => {
      const { status, body } = await call('POST', '/purchases', {
        customerId: ' ana',
        vin: 'nonsense',
        duration: { unit: 'months', count: 0 },
        paymentMethod: 'pm-card',
        surprise: true,
      });
      expect(status).toBe(422);
      expect(body.errors.map((one: { in: string; pointer: string }) => [one.in, one.pointer])).toEqual([
        ['body', '/customerId'],
        ['body', '/vin'],
        ['body', '/serviceId'],
        ['body', '/duration/count'],
        ['body', '/paymentMethod'],
        ['body', ''],
      ]);
      expect(body.errors[1].message).toBe(
        'a VIN has 17 characters: digits and capital letters without I, O and Q',
      );
    }));

  it.each([
    ['/purchases?limit=101', '/limit'],
    ['/purchases?limit=0', '/limit'],
    ['/purchases?cursor=abc', '/cursor'],
    ['/activations?phase=flying', '/phase'],
    ['/notices?status=sent', '/status'],
    ['/settlements', '/status'],
  ])('%s names the parameter %s', (path, pointer) =>
    withPlatform(async ({ call }) => {
      const { status, body } = await call('GET', path);
      expect([status, body.errors.map((one: object) => ({ ...one, message: '' }))]).toEqual([
        422,
        [{ in: 'query', pointer, message: '' }],
      ]);
    }),
  );

  it('of an unknown path or method gets a problem', () =>
    withPlatform(async ({ call }) => {
      expect((await call('GET', '/nothing')).body).toEqual(problem('not-found', 'Nothing is at /nothing.'));
      const answer = await call('DELETE', '/purchases');
      expect([answer.status, answer.headers.get('allow')]).toEqual([405, 'GET, POST']);
    }));
});

describe('the registers', () => {
  const ana = {
    id: 'ana',
    name: 'Ana Torres',
    email: 'ana@example.com',
    language: 'es-MX',
    timeZone: 'Europe/Madrid',
    pushSubscription: {
      endpoint: 'https://push.example.com/1',
      keys: { p256dh: 'B'.repeat(87), auth: 'A'.repeat(22) },
    },
    createdAt: 1_800_000_000_000,
    erasedAt: null,
  };
  const { id: _, createdAt: __, erasedAt: ___, ...body } = ana;

  it('answer 201 for a new customer and 200 for a known one, who keeps the day of registration', () =>
    withPlatform(async ({ call, clock }) => {
      const created = await call('PUT', '/customers/ana', body);
      expect([created.status, created.body]).toEqual([201, ana]);
      await clock.advance(5);
      const replaced = await call('PUT', '/customers/ana', { name: 'Ana', email: 'a@example.com' });
      expect([replaced.status, replaced.body]).toEqual([
        200,
        {
          ...ana,
          name: 'Ana',
          email: 'a@example.com',
          language: 'en',
          timeZone: null,
          pushSubscription: null,
        },
      ]);
      expect((await call('GET', '/customers/ana')).body).toEqual(replaced.body);
      expect((await call('GET', '/customers/bo')).body).toEqual(
        problem(
          'unknown-customer',
          'No customer has the id bo. Check the id: purchases name it as customerId.',
          {
            customerId: 'bo',
          },
        ),
      );
    }));

  it('refuse an address that is none, a name with a line break and a broken push subscription', () =>
    withPlatform(async ({ call }) => {
      const { body: answer } = await call('PUT', '/customers/ana', {
        name: 'Ana\r\nBcc: all',
        email: 'ana',
        pushSubscription: { endpoint: 'ftp://x', keys: { p256dh: 'x', auth: 'x' } },
      });
      expect(answer.errors.map((one: { pointer: string }) => one.pointer)).toEqual([
        '/name',
        '/email',
        '/pushSubscription/endpoint',
        '/pushSubscription/keys/p256dh',
        '/pushSubscription/keys/auth',
      ]);
    }));

  it('answer 201 for a new vehicle and 200 for a known one, and know its customer', () =>
    withPlatform(async ({ call }) => {
      await call('PUT', '/customers/ana', body);
      const path = `/vehicles/${vin}`;
      const created = await call('PUT', path, {
        model: 'aurora-2026',
        modelName: 'Aurora',
        customerId: 'ana',
      });
      expect([created.status, created.body]).toEqual([
        201,
        {
          vin,
          model: 'aurora-2026',
          modelName: 'Aurora',
          customerId: 'ana',
          registeredAt: 1_800_000_000_000,
          services: [],
        },
      ]);
      expect((await call('PUT', path, { model: 'aurora-2026', modelName: 'Red' })).status).toBe(200);
      expect((await call('GET', path)).body).toMatchObject({ modelName: 'Red', customerId: null });
      const stranger = await call('PUT', path, { model: 'x', modelName: 'X', customerId: 'bo' });
      expect([stranger.status, stranger.body.type]).toEqual([404, 'urn:fleetwake:problem:unknown-customer']);
      expect((await call('GET', '/vehicles/11111111111111111')).status).toBe(404);
    }));

  it('take a fleet of 1,000 customers and 1,000 vehicles at once, and again', () =>
    withPlatform(async ({ call, database }) => {
      const numbers = Array.from({ length: 1_000 }, (_, index) => String(1000 + index));
      const fleet = {
        customers: numbers.map((number) => ({ ...body, id: `c${number}` })),
        vehicles: numbers.map((number) => ({
          vin: `1M8GDM9AXKP04${number}`,
          model: 'aurora-2026',
          modelName: 'Aurora',
          customerId: `c${number}`,
        })),
      };
      for (let round = 0; round < 2; round += 1) {
        const answer = await call('POST', '/registrations', fleet);
        expect([answer.status, answer.body]).toEqual([200, { customers: 1_000, vehicles: 1_000 }]);
      }
      expect((await database.reader.selectFrom('vehicles').select('vin').execute()).length).toBe(1_000);
      const more = await call('POST', '/registrations', {
        customers: [...fleet.customers, { ...body, id: 'one-more' }],
      });
      expect([more.status, more.body.errors[0].pointer]).toEqual([422, '/customers']);
    }));

  it('take each row of a fleet by itself, and name the fate of each where one is refused', () =>
    withPlatform(async (world) => {
      await register(world);
      const answer = await world.call('POST', '/registrations', {
        customers: [{ ...body, id: 'cleo' }],
        vehicles: [
          { vin, model: 'aurora-2026', modelName: 'New', customerId: 'cleo' },
          { vin: 'WDBEA30D3HA391172', model: 'aurora-2026', modelName: 'X', customerId: 'bo' },
        ],
      });
      expect([answer.status, answer.body]).toEqual([
        207,
        {
          customers: 1,
          vehicles: 1,
          results: [
            { pointer: '/customers/0', id: 'cleo', status: 'registered' },
            { pointer: '/vehicles/0', id: vin, status: 'registered' },
            {
              pointer: '/vehicles/1',
              id: 'WDBEA30D3HA391172',
              status: 'refused',
              problem: problem('unknown-customer', 'No customer has the id bo.', {
                customerId: 'bo',
                errors: [
                  { in: 'body', pointer: '/vehicles/1/customerId', message: 'no customer has this id' },
                ],
              }),
            },
          ],
        },
      ]);
      expect((await world.call('GET', '/customers/cleo')).status).toBe(200);
      expect((await world.call('GET', `/vehicles/${vin}`)).body.modelName).toBe('New');
      expect((await world.call('GET', '/vehicles/WDBEA30D3HA391172')).status).toBe(404);
    }));

  it('register 998 customers of 999 where one has a bad e-mail address, and the vehicles of those', () =>
    withPlatform(async ({ call, database }) => {
      const customers = Array.from({ length: 999 }, (_, index) => ({
        id: `c-${index}`,
        name: `Customer ${index}`,
        email: index === 500 ? 'not an address' : `c-${index}@example.com`,
      }));
      const vehicles = [500, 501].map((index) => ({
        vin: makeVin('WFWAUR1E', 'TA', index),
        model: 'aurora-2026',
        modelName: 'Aurora',
        customerId: `c-${index}`,
      }));
      const { status, body } = await call('POST', '/registrations', { customers, vehicles });
      expect([status, body.customers, body.vehicles, body.results.length]).toEqual([207, 998, 1, 1_001]);
      const refused = body.results.filter((row: { status: string }) => row.status === 'refused');
      expect(refused.map(({ pointer, id }: { pointer: string; id: string }) => [pointer, id])).toEqual([
        ['/customers/500', 'c-500'],
        ['/vehicles/0', makeVin('WFWAUR1E', 'TA', 500)],
      ]);
      expect(refused[0].problem).toMatchObject({
        type: 'urn:fleetwake:problem:invalid-request',
        status: 422,
        errors: [{ in: 'body', pointer: '/customers/500/email' }],
      });
      expect(refused[1].problem.type).toBe('urn:fleetwake:problem:unknown-customer');
      const rows = await database.reader.selectFrom('customers').select('id').execute();
      expect(rows).toHaveLength(998);
    }));

  it('answer the problem of the first row where every row is refused, and change nothing', () =>
    withPlatform(async ({ call }) => {
      const answer = await call('POST', '/registrations', {
        customers: [{ id: ' a', name: 'X', email: 'x@example.com' }, null],
      });
      expect([answer.status, answer.body.type, answer.body.results]).toMatchObject([
        422,
        'urn:fleetwake:problem:invalid-request',
        [
          { pointer: '/customers/0', id: null, status: 'refused' },
          { pointer: '/customers/1', id: null, status: 'refused' },
        ],
      ]);
      expect(answer.body.detail).toMatch(/Nothing was registered\.$/);
    }));
});
