import { describe, expect, test } from 'vitest';
import { newSigningKey } from '../../shared/live/tokens.ts';
import { orderBody, withPlatform } from '../helpers/running-platform.ts';
import { until } from '../helpers/until.ts';
import { success } from './expected.ts';
import { type Call, call, problemOf, signedToken, tokenOf } from './http.ts';
import { commandsOf, storyOf, takesAPurchase } from './story.ts';

const tooLarge = JSON.stringify({ padding: 'x'.repeat(64 * 1024) });
const configure = (changes: object = {}) =>
  JSON.stringify({
    reference: 'test',
    features: [{ feature: 'ambient_light', target: 'active' }],
    ...changes,
  });

describe.concurrent('the platform API', () => {
  test('answers every bad purchase as documented, loses nothing, and takes the next good one', async () => {
    await withPlatform({}, async (platform) => {
      const { keys } = platform.gateway;
      const origin = platform.origins.platform;
      const token = await tokenOf(origin, 'developer', keys.developerSecret);
      const order = (changes: object = {}) => JSON.stringify({ ...orderBody(platform), ...changes });
      const purchase = (request: Call) =>
        problemOf(`${origin}/purchases`, { token, body: order(), ...request });

      expect(await purchase({ body: '{"vin":' })).toBe('400 malformed-request');
      expect(await purchase({ body: '' })).toBe('400 malformed-request');
      expect(await purchase({ body: '[]' })).toBe('422 invalid-request');
      expect(await purchase({ body: order({ vin: 17 }) })).toBe('422 invalid-request');
      expect(await purchase({ body: order({ vin: 'IOQ' }) })).toBe('422 invalid-request');
      expect(await purchase({ body: order({ duration: { unit: 'months', count: 5 } }) })).toBe(
        '422 invalid-request',
      );
      expect(await purchase({ body: order({ price: 1 }) })).toBe('422 invalid-request');
      expect(await purchase({ body: order({ vin: '1M8GDM9AXKP042788' }) })).toBe('404 unknown-vehicle');
      expect(await purchase({ body: order({ customerId: 'nobody' }) })).toBe('404 unknown-customer');
      expect(await purchase({ body: order({ serviceId: 'teleport' }) })).toBe('404 unknown-service');
      expect(await purchase({ body: tooLarge })).toBe('413 body-too-large');
      expect(await purchase({ headers: { 'content-type': 'text/plain' } })).toBe(
        '415 unsupported-media-type',
      );
      expect(await purchase({ headers: { 'idempotency-key': 'a b' } })).toBe('400 malformed-request');
      expect(await problemOf(`${origin}/purchases`, { method: 'DELETE', token })).toBe(
        '405 method-not-allowed',
      );
      expect(await problemOf(`${origin}/nothing`, { method: 'GET', token })).toBe('404 not-found');

      const { signingKey } = keys;
      const readOnly = await tokenOf(origin, 'developer', keys.developerSecret, 'purchases:read');
      const foreign = JSON.stringify(await newSigningKey());
      expect(await purchase({ token: null })).toBe('401 unauthorized');
      expect(await purchase({ token: 'nonsense' })).toBe('401 unauthorized');
      expect(await purchase({ token: await signedToken(foreign, origin, 'platform', 60) })).toBe(
        '401 unauthorized',
      );
      expect(await purchase({ token: await signedToken(signingKey, origin, 'platform', -1) })).toBe(
        '401 unauthorized',
      );
      expect(await purchase({ token: await signedToken(signingKey, origin, 'elsewhere', 60) })).toBe(
        '401 unauthorized',
      );
      expect(await purchase({ token: readOnly })).toBe('403 missing-scope');

      // The same token with another end is good: what was refused above was refused for its end alone.
      const good = await signedToken(signingKey, origin, 'platform', 60);
      expect(await purchase({ token: good, body: order({ serviceId: 'teleport' }) })).toBe(
        '404 unknown-service',
      );

      expect(await platform.clients.platform.get('/purchases')).toMatchObject({ body: { purchases: [] } });
      await takesAPurchase(platform);
    });
  });

  test('says what is wrong: where, why and what helps', async () => {
    await withPlatform({}, async (platform) => {
      const { origins, gateway } = platform;
      const token = await tokenOf(origins.platform, 'developer', gateway.keys.developerSecret);
      const url = `${origins.platform}/purchases`;
      const wrongType = await call(url, { token, body: JSON.stringify({ ...orderBody(platform), vin: 17 }) });
      expect(wrongType.json).toEqual({
        type: 'urn:fleetwake:problem:invalid-request',
        title: 'The request is not valid',
        status: 422,
        detail: 'The request does not follow the schema. body/vin: write a text.',
        errors: [{ in: 'body', pointer: '/vin', message: 'write a text' }],
      });
      const expired = await signedToken(gateway.keys.signingKey, origins.platform, 'platform', -1);
      const late = await call(url, { token: expired, body: JSON.stringify(orderBody(platform)) });
      expect([late.headers.get('www-authenticate'), late.json]).toEqual([
        'Bearer realm="fleetwake", error="invalid_token"',
        {
          type: 'urn:fleetwake:problem:unauthorized',
          title: 'A valid access token is needed',
          status: 401,
          detail: 'The access token is not valid (expired). Get a new one.',
        },
      ]);
    });
  });

  test('buys once for one Idempotency-Key, and refuses another body under it', async () => {
    await withPlatform({}, async (platform) => {
      const { platform: client } = platform.clients;
      const body = orderBody(platform);
      const first = await client.send('POST', '/purchases', body, 'order-1');
      const repeat = await client.send('POST', '/purchases', body, 'order-1');
      const other = await client.send(
        'POST',
        '/purchases',
        { ...body, serviceId: 'ambient-light' },
        'order-1',
      );
      const bought = first.body as { id: string; activation: { id: string; phase: string } };
      expect([first.status, repeat.status, (repeat.body as { id: string }).id]).toEqual([
        201,
        201,
        bought.id,
      ]);
      expect(repeat.headers.get('idempotency-replayed')).toBe('true');
      expect([other.status, other.body]).toEqual([
        422,
        {
          type: 'urn:fleetwake:problem:key-mismatch',
          title: 'The Idempotency-Key was used with another request',
          status: 422,
          detail: 'Use a new Idempotency-Key for a new request, or repeat the first one unchanged.',
        },
      ]);
      expect(await storyOf(platform, bought)).toEqual({ ...success, attempts: [null] });
      // Another key buys more time of it: nothing is sent for that.
      const more = await client.send('POST', '/purchases', body, 'order-2');
      expect(more.status).toBe(201);
      const entitlementOf = async ({ id }: { id: string }) => {
        const { body: purchase } = await client.get(`/purchases/${id}`);
        return (purchase as { entitlement: { validFrom: number; validUntil: number } | null }).entitlement;
      };
      const renewal = more.body as { id: string };
      await until(async () => (await entitlementOf(renewal)) !== null, 'the renewal is active');
      expect((await entitlementOf(renewal))?.validFrom).toBe((await entitlementOf(bought))?.validUntil);
      const history = await platform.clients.apiIot.get(`/vehicle/${body.vin}/history`);
      expect((history.body as { commands: unknown[] }).commands).toHaveLength(1);
    });
  });

  test('takes no callback that the API IoT did not sign', async () => {
    await withPlatform({}, async (platform) => {
      const url = `${platform.origins.platform}/callbacks/api-iot`;
      const headers = {
        'webhook-id': 'cmd_1.applied',
        'webhook-timestamp': String(Math.floor(Date.now() / 1_000)),
        'webhook-signature': 'v1,K5oZfzN95Z9UVu1EsfQmfVNQhnkZ2pj9o9NDN/H/pI4=',
      };
      expect(await problemOf(url, { body: '{}', headers })).toBe('403 invalid-signature');
      expect(await problemOf(url, { body: '{}' })).toBe('403 invalid-signature');
      await takesAPurchase(platform);
    });
  });
});

describe.concurrent('the API IoT', () => {
  test('answers every bad command as documented, sends none of them, and takes the next good one', async () => {
    await withPlatform({ vehicles: [{}, { model: 'cirrus-2025' }] }, async (platform) => {
      const { vin, vehicles } = platform;
      const { keys } = platform.gateway;
      const origin = platform.origins.apiIot;
      const token = await tokenOf(origin, 'developer', keys.developerSecret);
      const path = (name: string) => `${origin}/vehicle/${name}/configure`;
      const command = (request: Call, name = vin) =>
        problemOf(path(name), { token, body: configure(), ...request });
      const features = (feature: unknown, target: unknown = 'active') =>
        configure({ features: [{ feature, target }] });

      expect(await command({ body: '{"reference"' })).toBe('400 malformed-request');
      expect(await command({ body: features('ambient_light', 'on') })).toBe('422 invalid-configuration');
      expect(await command({ body: features(7) })).toBe('422 invalid-configuration');
      expect(await command({ body: configure({ features: [] }) })).toBe('422 invalid-configuration');
      expect(await command({}, '1M8GDM9AXKP042788')).toBe('404 unknown-vehicle');
      expect(await command({}, 'IOQ')).toBe('422 invalid-request');
      expect(await command({ body: features('teleport') })).toBe('409 vehicle-incompatible');
      expect(await command({ body: features('sport_mode') }, vehicles[1]?.vin)).toBe(
        '409 vehicle-incompatible',
      );
      expect(await command({ body: tooLarge })).toBe('413 body-too-large');
      expect(await command({ headers: { 'content-type': 'application/xml' } })).toBe(
        '415 unsupported-media-type',
      );

      const provisioner = await tokenOf(origin, 'provisioner', keys.provisionerSecret);
      const readOnly = await tokenOf(origin, 'developer', keys.developerSecret, 'vehicle:read');
      const platformToken = await tokenOf(platform.origins.platform, 'developer', keys.developerSecret);
      expect(await command({ token: null })).toBe('401 unauthorized');
      expect(await command({ token: 'a.b.c' })).toBe('401 unauthorized');
      expect(await command({ token: await signedToken(keys.signingKey, origin, origin, -1) })).toBe(
        '401 unauthorized',
      );
      // Good for the platform's surface, and for no other.
      expect(await command({ token: platformToken })).toBe('401 unauthorized');
      expect(await command({ token: readOnly })).toBe('403 missing-scope');
      expect(await command({ token: provisioner })).toBe('403 missing-scope');

      expect(await commandsOf(platform)).toEqual([]);
      await takesAPurchase(platform);
    });
  });

  test('refuses the client that it does not know in the words of RFC 6749', async () => {
    await withPlatform({}, async (platform) => {
      const { status, json } = await call(`${platform.origins.apiIot}/oauth/token`, {
        body: 'grant_type=client_credentials&client_id=developer&client_secret=guess',
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
      });
      expect([status, json]).toEqual([
        401,
        { error: 'invalid_client', error_description: 'Client id or secret is wrong.' },
      ]);
    });
  });

  test('refuses the 11th command of an hour, and an Idempotency-Key with another body; a repeat costs nothing', async () => {
    await withPlatform({ vehicles: [{}, {}] }, async (platform) => {
      const { vin, clients } = platform;
      const send = (target: string, key?: string) =>
        clients.apiIot.send(
          'POST',
          `/vehicle/${vin}/configure`,
          { reference: 'test', features: [{ feature: 'ambient_light', target }] },
          key,
        );
      expect((await send('active', 'key-1')).status).toBe(202);
      const repeat = await send('active', 'key-1');
      expect([repeat.status, repeat.headers.get('idempotency-replayed')]).toEqual([202, 'true']);
      const mismatch = await send('dormant', 'key-1');
      expect([mismatch.status, mismatch.body]).toMatchObject([
        422,
        { type: 'urn:fleetwake:problem:key-mismatch' },
      ]);
      for (let count = 2; count <= 10; count += 1) {
        expect((await send(count % 2 === 0 ? 'dormant' : 'active')).status).toBe(202);
      }
      const eleventh = await send('active');
      const [first] = await commandsOf(platform);
      const opensAt = (first?.acceptedAt ?? 0) + 36_000;
      expect([eleventh.status, eleventh.body]).toEqual([
        429,
        {
          type: 'urn:fleetwake:problem:quota-exceeded',
          title: 'Too many configuration commands for this vehicle',
          status: 429,
          detail: 'A vehicle takes 10 configuration commands in 36 s.',
          opensAt,
          retryAfterMs: expect.any(Number),
        },
      ]);
      const { retryAfterMs } = eleventh.body as { retryAfterMs: number };
      expect(eleventh.headers.get('retry-after')).toBe(String(Math.ceil(retryAfterMs / 1_000)));
      expect(await commandsOf(platform)).toHaveLength(10);
      // Another vehicle has a quota of its own.
      await takesAPurchase(platform, 1);
    });
  });
});
