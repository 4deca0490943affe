import { describe, expect, test } from 'vitest';
import { wallClock } from '../../../shared/live/clock.ts';
import { systemRandom } from '../../../shared/live/random.ts';
import { channelGates } from '../../../simulator/faults/channel-gates.ts';
import { type HttpFaults, httpFaults, paymentsAnswer } from '../../../simulator/faults/http-faults.ts';
import { withControl } from '../../helpers/control-under-test.ts';
import { until } from '../../helpers/until.ts';

const routes = [
  ['GET', '/faults'],
  ['POST', '/faults'],
  ['DELETE', '/faults'],
  ['POST', '/faults/preview'],
  ['GET', '/vehicles'],
  ['GET', '/vehicles/1M8GDM9AXKP042788'],
  ['GET', '/faults/fault-1'],
  ['DELETE', '/faults/fault-1'],
  ['GET', '/version'],
  ['POST', '/reset'],
  ['GET', '/proxies'],
  ['POST', '/proxies'],
  ['POST', '/populate'],
  ['GET', '/proxies/1M8GDM9AXKP042788'],
  ['POST', '/proxies/1M8GDM9AXKP042788'],
  ['POST', '/proxies/1M8GDM9AXKP042788/toxics'],
  ['DELETE', '/proxies/1M8GDM9AXKP042788/toxics/latency_downstream'],
] as const;

describe('faults of a running fleet over REST', () => {
  test('every route asks for the credential, and a wrong one in the path is none either', async () => {
    await withControl(async ({ origin, secret }) => {
      const statuses = await Promise.all(
        routes.flatMap(([method, path]) =>
          [path, `/as/wrong${path}`].map(async (place) => {
            const response = await fetch(`${origin}${place}`, { method });
            return `${method} ${place} ${response.status}`;
          }),
        ),
      );
      expect(statuses.filter((line) => !line.endsWith(' 401'))).toEqual([]);
      expect((await fetch(`${origin}/as/${secret}/faults`)).status).toBe(200);
      const wrong = await fetch(`${origin}/faults`);
      expect([wrong.headers.get('www-authenticate'), await wrong.json()]).toEqual([
        'Bearer realm="fleetwake control"',
        {
          type: 'urn:fleetwake:problem:unauthorized',
          title: 'A valid access token is needed',
          status: 401,
          detail:
            'Send the secret of control.json in the data folder: Authorization: Bearer SECRET, or /as/SECRET in front of the path.',
        },
      ]);
    });
  });

  test('a preview names the vehicles that a fault would have, and places nothing', async () => {
    await withControl(async ({ vin, call }) => {
      const fault = {
        name: 'x',
        layer: 'link',
        type: 'offline',
        target: { mode: 'fixed-percent', value: 40 },
      };
      expect(await call('POST', '/faults/preview', fault)).toEqual({
        status: 200,
        body: { vehicles: 0, candidates: 1, vins: [vin] },
      });
      const most = { ...fault, target: { mode: 'random-max-percent', value: 100 } };
      expect((await call('POST', '/faults/preview', most)).body).toEqual({
        vehicles: 1,
        candidates: 1,
        vins: [vin],
      });
      const none = { ...fault, target: { selector: { regions: ['AQ'] } } };
      expect((await call('POST', '/faults/preview', none)).body).toEqual({
        vehicles: 0,
        candidates: 0,
        vins: [],
      });
      expect((await call('POST', '/faults/preview', { ...fault, type: 'ofline' })).status).toBe(422);
      expect((await call('GET', '/faults')).body).toEqual({ faults: [] });
    });
  });

  test('the vehicles are listed with their connection and their faults', async () => {
    await withControl(async ({ vin, call, cars }) => {
      const { model, region } = cars.vehicle(vin);
      const listed = async () => (await call('GET', '/vehicles')).body;
      expect(await listed()).toEqual({ vehicles: [{ vin, model, region, connected: true, faults: 0 }] });
      const fault = { name: 'tunnel', layer: 'link', type: 'offline' };
      await call('POST', '/faults', fault);
      await until(() => !cars.vehicle(vin).connected, 'the vehicle is offline');
      expect(await listed()).toEqual({ vehicles: [{ vin, model, region, connected: false, faults: 1 }] });
      expect((await call('GET', '/vehicles?view=models')).body).toEqual({
        models: [{ model, vehicles: 1, connected: 0 }],
      });
      expect((await call('GET', `/vehicles/${vin}`)).body).toMatchObject({
        ...{ vin, model, region, connected: false },
        faults: [{ id: 'fault-1', name: 'tunnel', type: 'offline' }],
      });
      expect((await call('GET', '/vehicles/1M8GDM9AXKP042788')).status).toBe(
        vin === '1M8GDM9AXKP042788' ? 200 : 404,
      );
    });
  });

  test('a fault is added, strikes, is listed with how often it did, and removed', async () => {
    await withControl(async (world) => {
      const fault = {
        name: 'no seats today',
        layer: 'vehicle',
        type: 'hang_at',
        target: { selector: { vins: [world.vin] } },
        schedule: { first: 1 },
      };
      const added = await world.call('POST', '/faults', fault);
      const shown = {
        id: 'fault-1',
        addedAt: expect.any(Number),
        ...fault,
        toxicity: 1,
        attributes: { at: 'applying' },
        target: { mode: 'all', selector: { vins: [world.vin] } },
        vehicles: 1,
        vins: [world.vin],
      };
      expect(added).toEqual({
        status: 201,
        body: { ...shown, struck: 0, state: 'active', remainingMs: null },
      });
      await world.send('cmd_1', 1);
      await world.send('cmd_2', 2);
      await until(() => world.results().length === 1, 'the second was answered');
      expect(world.results()).toEqual(['cmd_2 applied']);
      expect(await world.call('GET', '/faults')).toEqual({
        status: 200,
        body: { faults: [{ ...shown, struck: 1, state: 'over', remainingMs: null }] },
      });
      expect(await world.call('DELETE', '/faults/fault-1')).toEqual({ status: 204, body: null });
      expect(await world.call('DELETE', '/faults/fault-1')).toMatchObject({
        status: 404,
        body: { detail: 'There is no fault fault-1; "fleetwake fault list" shows those that there are.' },
      });
      expect(await world.call('GET', '/faults')).toEqual({ status: 200, body: { faults: [] } });
    });
  });

  test('clear takes all away, and the vehicle is back', async () => {
    await withControl(async (world) => {
      await world.call('POST', '/faults', { name: 'a', layer: 'link', type: 'offline' });
      await world.call('POST', '/faults', { name: 'b', layer: 'vehicle', type: 'asleep' });
      await until(() => !world.cars.vehicle(world.vin).connected, 'it is away');
      expect(await world.call('DELETE', '/faults')).toEqual({ status: 200, body: { removed: 2 } });
      await until(() => world.cars.vehicle(world.vin).connected, 'it is back');
    });
  });

  test.each([
    [{ name: 'x', layer: 'link', type: 'latency' }, 'attributes is missing; write fields with their values'],
    [
      { name: 'x', layer: 'link', type: 'latency', attributes: { latencyMs: -1 }, colour: 'red' },
      'attributes.latencyMs is -1; write at least 0; colour is no field of a fault; remove it or correct its name',
    ],
    [
      { name: 'x', layer: 'link', type: 'slicer' },
      'type is "slicer"; an MQTT message is handed over whole, so cutting the stream shows nothing; use latency or bandwidth',
    ],
    [
      { name: 'x', layer: 'link', type: 'offline', target: { selector: { models: ['dacia'] } } },
      'The fault cannot be added: no vehicle of this fleet fits the target: widen its selector, or raise its value.',
    ],
    [
      { name: 'x', layer: 'services', type: 'unauthorized', target: { service: 'api_iot' } },
      'The fault cannot be added: this process runs vehicles alone: add it where the services run ("fleetwake up", or "fleetwake gateway" and "fleetwake stand-ins" with --control-port).',
    ],
  ])('%o is refused with the reason', async (fault, detail) => {
    await withControl(async (world) => {
      expect(await world.call('POST', '/faults', fault)).toMatchObject({ status: 422, body: { detail } });
      expect(await world.call('GET', '/faults')).toEqual({ status: 200, body: { faults: [] } });
    });
  });

  test('what is no JSON, or too much of it, is refused', async () => {
    await withControl(async ({ origin, secret, call }) => {
      const send = (body: string) =>
        fetch(`${origin}/faults`, { method: 'POST', headers: { authorization: `Bearer ${secret}` }, body });
      expect((await send('{')).status).toBe(400);
      expect((await send(JSON.stringify({ name: 'x'.repeat(70_000) }))).status).toBe(413);
      expect(await call('GET', '/nothing')).toMatchObject({ status: 404 });
    });
  });

  test('a path that leads nowhere is not found, with the secret in a header or in the path, and asks for it without one', async () => {
    await withControl(async ({ origin, secret }) => {
      const authorization = `Bearer ${secret}`;
      const at = async (path: string, headers = {}) => {
        const response = await fetch(`${origin}${path}`, { headers });
        const { detail } = (await response.json()) as { detail: string };
        return [response.status, detail];
      };
      const nothing = [404, 'Nothing is at GET /nothing.'];
      expect(await at('/nothing', { authorization })).toEqual(nothing);
      expect(await at(`/as/${secret}/nothing`)).toEqual(nothing);
      expect((await at('/nothing'))[0]).toBe(401);
      expect((await at('/as/wrong/nothing'))[0]).toBe(401);
    });
  });

  test('a hundred faults are on one vehicle at most', async () => {
    await withControl(async (world) => {
      const wedged = { name: 'w', layer: 'vehicle', type: 'ecu_busy' };
      for (let count = 0; count < 100; count += 1) await world.call('POST', '/faults', wedged);
      expect(await world.call('POST', '/faults', wedged)).toMatchObject({
        status: 422,
        body: {
          detail: `The fault cannot be added: ${world.vin} has 100 faults already: remove some with "fleetwake fault clear".`,
        },
      });
      expect(await world.call('DELETE', '/faults')).toEqual({ status: 200, body: { removed: 100 } });
    });
  });

  test('a fault of a service counts from its adding, and ends with its removal', async () => {
    const answers = async () => new Response('{}');
    const deps = { clock: wallClock, random: systemRandom };
    const api_iot = httpFaults(deps);
    const payments = httpFaults({ ...deps, answer: paymentsAnswer });
    const { push } = channelGates(deps, []);
    for (const service of [api_iot, payments, push]) service.begin();
    await withControl(
      async (world) => {
        const target = { service: 'payments', method: 'POST', path: '/v1/refunds' };
        const fault = {
          name: 'no refunds',
          layer: 'services',
          type: 'server_error',
          target,
          schedule: { first: 2 },
        };
        expect(await world.call('POST', '/faults', fault)).toMatchObject({
          status: 201,
          body: { vehicles: 0 },
        });
        const refund = async (faults: HttpFaults) =>
          (await faults.around(answers)(new Request('http://x/v1/refunds', { method: 'POST' }))).status;
        expect([await refund(payments), await refund(payments), await refund(payments)]).toEqual([
          503, 503, 200,
        ]);
        expect(await refund(api_iot)).toBe(200);
        expect(await world.call('GET', '/faults/fault-1')).toMatchObject({ body: { struck: 2 } });
        await world.call('DELETE', '/faults');
        expect(await refund(payments)).toBe(200);

        const down = { name: 'no pushes', layer: 'services', type: 'push_down', schedule: { first: 1 } };
        expect(await world.call('POST', '/faults', down)).toMatchObject({
          status: 201,
          body: { id: 'fault-2', target: { service: 'push' }, attributes: { hangs: false, takes: false } },
        });
        expect([push.meets('ana'), push.meets('ana'), push.meets('ben')]).toEqual([
          { type: 'refused' },
          null,
          { type: 'refused' },
        ]);
        expect(await world.call('GET', '/faults/fault-2')).toMatchObject({ body: { struck: 2 } });
        expect(
          await world.call('POST', '/faults', { name: 'no mail', layer: 'services', type: 'smtp_down' }),
        ).toMatchObject({
          status: 422,
          body: {
            detail:
              'The fault cannot be added: the service mail does not run in this process: let smtp_down happen where it runs, or start without an address of your own for it.',
          },
        });
      },
      { api_iot, payments, platform: null, mail: null, push },
    );
  });
});
