import { type ICreateToxicBody, type ToxicAttributeTypes, Toxiproxy } from 'toxiproxy-node-client';
import { describe, expect, test } from 'vitest';
import { type ControlWorld, withControl } from '../../helpers/control-under-test.ts';
import { until } from '../../helpers/until.ts';

/** The published client, as it is; it can send no header, so the credential is in its address. */
const clientOf = ({ origin, secret }: ControlWorld) => new Toxiproxy(`${origin}/as/${secret}`);

const toxic = <Attributes extends ToxicAttributeTypes>(body: object) => body as ICreateToxicBody<Attributes>;

describe('toxiproxy-node-client, unchanged, on the line of a live vehicle', () => {
  test('finds the vehicle as a proxy by its VIN', async () => {
    await withControl(async (world) => {
      const client = clientOf(world);
      expect(await client.getVersion()).toBe('{"version":"2.9.0"}');
      expect(Object.keys(await client.getAll())).toEqual([world.vin]);
      const proxy = await client.get(world.vin);
      expect(proxy.toJson()).toEqual({
        name: world.vin,
        listen: `vehicle-${world.vin}`,
        upstream: 'mqtt://127.0.0.1:1883',
        enabled: true,
      });
      await expect(client.get('1M8GDM9AXKP042788')).rejects.toThrow('Request failed with status code 404');
    });
  });

  test('takes the vehicle down and up', async () => {
    await withControl(async (world) => {
      const proxy = await clientOf(world).get(world.vin);
      const { listen, upstream } = proxy;
      expect((await proxy.update({ enabled: false, listen, upstream })).enabled).toBe(false);
      await until(() => world.statuses().length === 2, 'its will says that it is gone');
      expect(world.statuses()).toEqual(['on', 'off']);
      await world.send('cmd_1', 1);
      expect((await proxy.update({ enabled: true, listen, upstream })).enabled).toBe(true);
      await until(() => world.results().length === 1, 'what was sent meanwhile was applied');
      expect(world.results()).toEqual(['cmd_1 applied']);
    });
  });

  test('adds latency, changes it, and takes it away', async () => {
    await withControl(async (world) => {
      const proxy = await clientOf(world).get(world.vin);
      const attributes = { latency: 150, jitter: 0 };
      const latency = await proxy.addToxic(toxic({ type: 'latency', stream: 'upstream', attributes }));
      expect(latency.toJson()).toEqual({
        name: 'latency_upstream',
        type: 'latency',
        stream: 'upstream',
        toxicity: 1,
        attributes: { latency: 150, jitter: 0 },
      });
      await world.send('cmd_1', 1);
      await until(() => world.results().length === 1, 'the answer came');
      expect(world.lastResult().tookMs).toBeGreaterThanOrEqual(150);
      const slower = await latency.update(toxic({ attributes: { latency: 300 } }));
      expect(slower.attributes).toEqual({ latency: 300, jitter: 0 });
      await world.send('cmd_2', 2);
      await until(() => world.results().length === 2, 'the second answer came');
      expect(world.lastResult().tookMs).toBeGreaterThanOrEqual(300);
      expect((await proxy.getToxic('latency_upstream')).toJson()).toEqual(slower.toJson());
      // Far longer than the slowest machine takes without it.
      await latency.update(toxic({ attributes: { latency: 60_000 } }));
      await latency.remove();
      await world.send('cmd_3', 3);
      await until(() => world.results().length === 3, 'the third answer came');
      expect(world.lastResult().tookMs).toBeLessThan(60_000);
      await expect(proxy.getToxic('latency_upstream')).rejects.toThrow('Request failed with status code 404');
    });
  });

  test.each([
    ['timeout', { timeout: 50 }],
    ['limit_data', { bytes: 10 }],
  ])('%s: the command does not arrive before reset', async (type, attributes) => {
    await withControl(async (world) => {
      const client = clientOf(world);
      const proxy = await client.get(world.vin);
      await proxy.addToxic(toxic({ type, attributes }));
      await world.send('cmd_1', 1);
      await until(() => world.statuses().includes('off'), 'the connection ended');
      expect(world.cars.vehicle(world.vin).displayed).toEqual([]);
      await client.reset();
      await until(() => world.results().length === 1, 'it was applied');
      expect(world.results()).toEqual(['cmd_1 applied']);
    });
  });

  test('reset_peer, bandwidth and slow_close are there, with their own names', async () => {
    await withControl(async (world) => {
      const client = clientOf(world);
      const proxy = await client.get(world.vin);
      await proxy.addToxic(
        toxic({ name: 'thin', type: 'bandwidth', stream: 'upstream', attributes: { rate: 1 } }),
      );
      await world.send('cmd_1', 1);
      await until(() => world.results().length === 1, 'the answer came');
      expect(world.lastResult().tookMs).toBeGreaterThanOrEqual(150);
      await proxy.addToxic(toxic({ type: 'slow_close', attributes: { delay: 120 } }));
      const resets = await proxy.addToxic(toxic({ type: 'reset_peer', attributes: { timeout: 20 } }));
      await until(() => world.statuses().includes('off'), 'it was reset');
      await resets.remove();
      expect((await world.call('GET', `/proxies/${world.vin}/toxics`)).body).toMatchObject([
        { name: 'thin', attributes: { rate: 1 } },
        { name: 'slow_close_downstream', attributes: { delay: 120 } },
      ]);
      await client.reset();
      expect((await client.get(world.vin)).toJson()).toMatchObject({ enabled: true });
      expect(await world.call('GET', '/faults')).toEqual({ status: 200, body: { faults: [] } });
    });
  });

  test('knows existing proxies by populate, and makes and removes none', async () => {
    await withControl(async (world) => {
      const client = clientOf(world);
      const body = { name: world.vin, listen: 'localhost:0', upstream: 'anything:1883' };
      expect(Object.keys(await client.populate([body]))).toEqual([world.vin]);
      await expect(client.createProxy(body)).rejects.toThrow('Request failed with status code 409');
      await expect(client.createProxy({ ...body, name: 'redis' })).rejects.toThrow('code 400');
      await expect((await client.get(world.vin)).remove()).rejects.toThrow(
        'Request failed with status code 409',
      );
    });
  });

  test.each([
    [
      { type: 'slicer', attributes: {} },
      'slicer: an MQTT message is handed over whole, so cutting the stream shows nothing; use latency or bandwidth',
    ],
    [
      { type: 'gremlin' },
      'gremlin: write one of latency, bandwidth, slow_close, timeout, reset_peer, limit_data',
    ],
    [{ type: 'bandwidth', attributes: { rate: 0 } }, 'attributes.rate is 0; write at least 0.001'],
    [{ type: 'latency', attributes: { latency: -5 } }, 'attributes.latency is -5; write at least 0'],
    [{ type: 'latency', toxicity: 2 }, 'toxicity: write at most 1'],
  ])('%o is refused with the reason', async (body, error) => {
    await withControl(async (world) => {
      const answer = await world.call('POST', `/proxies/${world.vin}/toxics`, body);
      expect(answer).toEqual({ status: 400, body: { error, status: 400 } });
    });
  });

  test('a second toxic of the same name is refused', async () => {
    await withControl(async (world) => {
      const path = `/proxies/${world.vin}/toxics`;
      await world.call('POST', path, { type: 'timeout' });
      expect(await world.call('POST', path, { type: 'timeout' })).toEqual({
        status: 409,
        body: { error: 'toxic already exists', status: 409 },
      });
    });
  });

  test('shows up among all faults, and is gone here when they are cleared', async () => {
    await withControl(async (world) => {
      await world.call('POST', `/proxies/${world.vin}/toxics`, {
        type: 'latency',
        attributes: { latency: 10 },
      });
      expect((await world.call('GET', '/faults')).body).toMatchObject({
        faults: [
          { layer: 'link', type: 'latency', attributes: { latencyMs: 10, jitterMs: 0, correlation: 0 } },
        ],
      });
      await world.call('DELETE', '/faults');
      expect((await world.call('GET', `/proxies/${world.vin}/toxics`)).body).toEqual([]);
    });
  });

  test('populate takes an empty list, sets enabled, and names what is missing', async () => {
    await withControl(async (world) => {
      const { vin } = world;
      const populate = (body: unknown) => world.call('POST', '/populate', body);
      const refused = (error: string) => ({ status: 400, body: { error, status: 400 } });
      expect(await populate([])).toEqual({ status: 201, body: { proxies: [] } });
      const proxy = { name: vin, listen: 'localhost:0', upstream: 'anything:1883' };
      expect(await populate([{ ...proxy, enabled: false }])).toMatchObject({
        status: 201,
        body: { proxies: [{ name: vin, enabled: false }] },
      });
      expect(await populate([proxy])).toMatchObject({ status: 201, body: { proxies: [{ enabled: true }] } });
      expect(await populate([{ name: vin }])).toEqual(refused('missing required field: upstream at proxy 1'));
      expect(await populate([proxy, { upstream: 'x:1' }])).toEqual(
        refused('missing required field: name at proxy 2'),
      );
      expect(await populate({ proxies: [] })).toEqual(refused('bad request body: send a list of proxies'));
    });
  });

  test('an update without enabled changes nothing, and one that is no JSON is refused', async () => {
    await withControl(async (world) => {
      const path = `/proxies/${world.vin}`;
      await world.call('POST', path, { enabled: false });
      expect(await world.call('POST', path, {})).toMatchObject({ status: 200, body: { enabled: false } });
      const response = await fetch(`${world.origin}${path}`, {
        method: 'POST',
        headers: { authorization: `Bearer ${world.secret}` },
        body: 'enabled=true',
      });
      expect([response.status, await response.json()]).toEqual([
        400,
        { error: 'bad request body: no JSON object', status: 400 },
      ]);
    });
  });
});
