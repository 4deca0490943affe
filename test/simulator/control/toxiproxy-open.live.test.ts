import { type ICreateToxicBody, type ToxicAttributeTypes, Toxiproxy } from 'toxiproxy-node-client';
import { describe, expect, test } from 'vitest';
import { type ControlWorld, withControl } from '../../helpers/control-under-test.ts';

const withOpenControl = (work: (world: ControlWorld) => Promise<void>) =>
  withControl(work, null, { isOpen: true });

/** The client as its users make it: by host and port alone. */
const clientOf = ({ origin }: ControlWorld) => new Toxiproxy(origin);

// The cases of the client's published tests (src/tests of ihsw/toxiproxy-node-client) that need no proxy of their own.
describe('a client that knows host and port alone', () => {
  test('gets the version, resets, and gets one proxy and all', () =>
    withOpenControl(async (world) => {
      const client = clientOf(world);
      expect(await client.getVersion()).toBe('{"version":"2.9.0"}');
      await client.reset();
      expect((await client.get(world.vin)).name).toBe(world.vin);
      const proxies = await client.getAll();
      expect(Object.keys(proxies)).toEqual([world.vin]);
    }));

  test('populates, and is refused a proxy that exists with 409', () =>
    withOpenControl(async (world) => {
      const client = clientOf(world);
      const body = { name: world.vin, listen: 'localhost:0', upstream: 'localhost:6379' };
      expect(Object.keys(await client.populate([body]))).toEqual([world.vin]);
      await expect(client.createProxy(body)).rejects.toThrow('Request failed with status code 409');
    }));

  test('disables and enables a proxy', () =>
    withOpenControl(async (world) => {
      const proxy = await clientOf(world).get(world.vin);
      const { listen, upstream } = proxy;
      const disabled = await proxy.update({ enabled: false, listen, upstream });
      expect(disabled.enabled).toBe(false);
      const enabled = await proxy.update({ enabled: true, listen, upstream });
      expect(enabled.enabled).toBe(true);
    }));

  test.each([
    ['latency', { latency: 1_000, jitter: 100 }],
    ['bandwidth', { rate: 1_000 }],
    ['slow_close', { delay: 1_000 }],
    ['timeout', { timeout: 5_000 }],
    ['reset_peer', { timeout: 1_000 }],
    ['limit_data', { bytes: 42 }],
  ])('adds a toxic and reads, changes and removes it: %s', (type, attributes) =>
    withOpenControl(async (world) => {
      const proxy = await clientOf(world).get(world.vin);
      const toxic = await proxy.addToxic({ type, attributes } as ICreateToxicBody<ToxicAttributeTypes>);
      expect(toxic.attributes).toEqual(attributes);
      expect((await proxy.getToxic(toxic.name)).toJson()).toMatchObject({
        name: `${type}_downstream`,
        stream: 'downstream',
        toxicity: 1,
      });
      const changed = await toxic.update({ toxicity: 0.5 } as ICreateToxicBody<ToxicAttributeTypes>);
      expect([changed.toxicity, changed.attributes]).toEqual([0.5, attributes]);
      await toxic.remove();
      await expect(proxy.getToxic(toxic.name)).rejects.toThrow('Request failed with status code 404');
    }),
  );
});

describe('the control without a secret', () => {
  const status = async (url: string, headers = {}) => (await fetch(url, { headers })).status;

  test('is off by default', () =>
    withControl(async ({ origin }) => {
      expect(await status(`${origin}/proxies`)).toBe(401);
    }));

  test('refuses web pages and wrong secrets, and still takes the right one', () =>
    withOpenControl(async ({ origin, secret }) => {
      expect(await status(`${origin}/proxies`)).toBe(200);
      expect(await status(`${origin}/faults`, { origin: 'https://evil.example' })).toBe(401);
      expect(await status(`${origin}/faults`, { 'sec-fetch-site': 'cross-site' })).toBe(401);
      expect(await status(`${origin}/faults`, { authorization: 'Bearer wrong' })).toBe(401);
      expect(await status(`${origin}/as/wrong/proxies`)).toBe(401);
      const page = { authorization: `Bearer ${secret}`, origin: 'https://mine.example' };
      expect(await status(`${origin}/faults`, page)).toBe(200);
    }));
});
