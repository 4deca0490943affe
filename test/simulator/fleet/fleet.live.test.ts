import { describe, expect, test } from 'vitest';
import { telemetrySchema, vehicleStatusSchema } from '../../../shared/protocol/device-messages.ts';
import { topics } from '../../../shared/protocol/topics.ts';
import { first, withFleet } from '../../helpers/fleet-under-test.ts';
import { until } from '../../helpers/until.ts';

const applied = [{ feature: 'heated_seats', outcome: 'applied', version: 1 }];

describe('a fleet on a broker', () => {
  test('is ready for commands once started: online with every feature of its hardware', async () => {
    await withFleet({ count: 120, model: 'cirrus-2025' }, async ({ fleet, specs, heard, broker }) => {
      await fleet.start();
      await until(() => heard.length === 120, 'every status came');
      expect(fleet.states().every((state) => state.connected)).toBe(true);
      expect(broker.connections()).toBe(121);
      const spec = first(specs);
      const message = heard.find((item) => item.topic === topics.status(spec.vin));
      expect(vehicleStatusSchema.parse(JSON.parse(message?.payload ?? ''))).toMatchObject({
        vin: spec.vin,
        online: true,
        model: 'cirrus-2025',
        features: [
          { feature: 'heated_seats', state: 'dormant', version: 0 },
          { feature: 'ambient_light', state: 'dormant', version: 0 },
          { feature: 'remote_start', state: 'dormant', version: 0 },
        ],
      });
    });
  });

  test('applies a command, shows it, answers once and reports the new state', async () => {
    await withFleet({}, async ({ fleet, specs, send, resultsOf, heard }) => {
      await fleet.start();
      const spec = first(specs);
      await send(spec, { id: 'cmd_1', display: { receiving: 'Receiving', applied: 'Warm' } });
      await until(() => heard.length === 3, 'result and status came');
      expect(resultsOf(spec).map((result) => result.results)).toEqual([applied]);
      const { features } = vehicleStatusSchema.parse(JSON.parse(heard.at(-1)?.payload ?? ''));
      expect(features?.[0]).toEqual({
        feature: 'heated_seats',
        state: 'active',
        version: 1,
        parameters: { levels: 3, zones: 'front', maxTemperatureCelsius: 42 },
      });
      expect(fleet.vehicle(spec.vin)).toMatchObject({
        displayed: ['Receiving', 'Warm'],
        resultsWaiting: 0,
        refused: 0,
      });
    });
  });

  test('answers a repeated command with the same results and applies it once', async () => {
    await withFleet({}, async ({ fleet, specs, send, resultsOf }) => {
      await fleet.start();
      const spec = first(specs);
      await send(spec, { id: 'cmd_1' });
      await send(spec, { id: 'cmd_1' });
      await until(() => resultsOf(spec).length === 1, 'it was applied');
      await send(spec, { id: 'cmd_1' });
      await until(() => resultsOf(spec).length === 2, 'it was answered again');
      expect(resultsOf(spec).map((result) => result.results)).toEqual([applied, applied]);
    });
  });

  test('drops invalid commands, and continues', async () => {
    await withFleet({}, async ({ fleet, specs, send, service, resultsOf }) => {
      await fleet.start();
      const spec = first(specs);
      const topic = topics.configure(spec.vin);
      for (const payload of ['', '{', '[]', '{"id":"x"}', 'null']) {
        await service.publish({ topic, payload, qos: 1, retain: false });
      }
      await send(spec, { id: 'cmd_foreign', vin: '1M8GDM9AXKP042788' });
      await send(spec, { id: 'cmd_1' });
      await until(() => resultsOf(spec).length === 1, 'the genuine one was applied');
      expect(fleet.vehicle(spec.vin).refused).toBe(6);
    });
  });

  test('sends telemetry under VSS names, each vehicle at its own moments', async () => {
    await withFleet({ count: 3, fleet: { telemetryMs: 20 } }, async ({ fleet, specs, heard }) => {
      await fleet.start();
      const telemetryOf = (vin: string) => heard.filter((message) => message.topic === topics.telemetry(vin));
      await until(() => specs.every((spec) => telemetryOf(spec.vin).length > 3), 'telemetry came');
      for (const message of telemetryOf(first(specs).vin)) {
        const { vin, signals } = telemetrySchema.parse(JSON.parse(message.payload));
        expect(vin).toBe(first(specs).vin);
        expect(signals['Vehicle.Connectivity.IsConnectivityAvailable']).toBe(true);
      }
    });
  });

  test('disconnects cleanly when it stops', async () => {
    await withFleet({}, async ({ fleet, specs, statusesOf }) => {
      await fleet.start();
      const spec = first(specs);
      await until(() => statusesOf(spec).length === 1, 'it is online');
      await fleet.stop();
      expect(statusesOf(spec)).toEqual([true, false]);
    });
  });
});

describe('a vehicle without connection', () => {
  test('is reported offline by its will, gets the waiting command when it is back, and answers', async () => {
    await withFleet({}, async ({ fleet, specs, send, resultsOf, statusesOf }) => {
      await fleet.start();
      const spec = first(specs);
      await until(() => statusesOf(spec).length === 1, 'it is online');
      fleet.cut(spec.vin, null);
      await until(() => statusesOf(spec).length === 2, 'the will came');
      await send(spec, { id: 'cmd_1' });
      expect(fleet.vehicle(spec.vin)).toMatchObject({ connected: false, displayed: [] });
      fleet.restore(spec.vin);
      await until(() => resultsOf(spec).length === 1, 'the command was applied');
      await until(() => statusesOf(spec).length === 4, 'both statuses came');
      expect(statusesOf(spec)).toEqual([true, false, true, true]);
    });
  });

  test('comes back by itself after a cut with an end', async () => {
    await withFleet({}, async ({ fleet, specs, statusesOf }) => {
      await fleet.start();
      const spec = first(specs);
      fleet.cut(spec.vin, 15);
      await until(() => statusesOf(spec).length === 3, 'it is back');
      expect(statusesOf(spec)).toEqual([true, false, true]);
    });
  });

  test('keeps the result of what it applied meanwhile until a broker acknowledged it', async () => {
    await withFleet({ fleet: { applyMs: 30 } }, async ({ fleet, specs, send, resultsOf }) => {
      await fleet.start();
      const spec = first(specs);
      await send(spec, { id: 'cmd_1' });
      fleet.cut(spec.vin, null);
      await until(() => fleet.vehicle(spec.vin).resultsWaiting === 1, 'it was applied without connection');
      expect(resultsOf(spec)).toEqual([]);
      fleet.restore(spec.vin);
      await until(() => resultsOf(spec).length === 1, 'the result came');
      expect(resultsOf(spec).map((result) => result.results)).toEqual([applied]);
      await until(() => fleet.vehicle(spec.vin).resultsWaiting === 0, 'it was acknowledged');
    });
  });

  test('finds its way after the broker was gone, its session with it', async () => {
    await withFleet({ count: 3 }, async ({ fleet, specs, broker, send, service, resultsOf }) => {
      await fleet.start();
      await broker.stop();
      await until(() => fleet.states().every((state) => !state.connected), 'all are away');
      await broker.start();
      await until(
        () => service.connected && fleet.states().every((state) => state.connected),
        'all are back',
      );
      for (const spec of specs) await send(spec, { id: `cmd_${spec.vin}` });
      await until(() => specs.every((spec) => resultsOf(spec).length === 1), 'all applied');
    });
  });
});

describe('a restart of the vehicle', () => {
  test('keeps the configuration and takes commands afterwards', async () => {
    await withFleet({}, async ({ fleet, specs, send, resultsOf, statusesOf }) => {
      await fleet.start();
      const spec = first(specs);
      await send(spec, { id: 'cmd_1' });
      await until(() => statusesOf(spec).length === 2, 'it was applied');
      fleet.restart(spec.vin);
      expect(fleet.vehicle(spec.vin)).toMatchObject({ running: false, connected: false });
      await until(() => fleet.vehicle(spec.vin).connected, 'it has booted');
      expect(first(fleet.vehicle(spec.vin).features)).toEqual({
        feature: 'heated_seats',
        state: 'active',
        version: 1,
        parameters: { levels: 3, zones: 'front', maxTemperatureCelsius: 42 },
      });
      await send(spec, {
        id: 'cmd_2',
        features: [{ feature: 'heated_seats', target: 'dormant', version: 2 }],
      });
      await until(() => resultsOf(spec).length === 2, 'the second was applied');
    });
  });

  test('in the middle of applying loses nothing', async () => {
    await withFleet({ fleet: { applyMs: 50 } }, async ({ fleet, specs, send, resultsOf }) => {
      await fleet.start();
      const spec = first(specs);
      await send(spec, { id: 'cmd_1' });
      fleet.restart(spec.vin);
      await until(() => resultsOf(spec).length === 1, 'it was applied after the boot');
      expect(resultsOf(spec).map((result) => result.results)).toEqual([applied]);
    });
  });
});

describe('faults of one vehicle', () => {
  test('lose_result: the first answers never leave, the next does', async () => {
    const faults = [{ type: 'lose_result', attributes: { first: 2, withStatus: true } }] as const;
    await withFleet({ faults }, async ({ fleet, specs, send, resultsOf, statusesOf }) => {
      await fleet.start();
      const spec = first(specs);
      await send(spec, { id: 'cmd_1' });
      await until(() => fleet.vehicle(spec.vin).resultsLost === 1, 'the first was lost');
      await send(spec, { id: 'cmd_1' });
      await until(() => fleet.vehicle(spec.vin).resultsLost === 2, 'the second was lost');
      await send(spec, { id: 'cmd_1' });
      await until(() => resultsOf(spec).length === 1, 'the third came');
      expect(resultsOf(spec).map((result) => result.results)).toEqual([applied]);
      // One status at the connection, none that would give the lost result away.
      expect(statusesOf(spec)).toEqual([true]);
    });
  });

  test('offline at once and for good: it was there, its will says that it is gone, and it stays away', async () => {
    const faults = [{ type: 'offline', attributes: { afterMs: 0, forMs: null } }] as const;
    await withFleet({ faults }, async ({ fleet, specs, broker, send, statusesOf, resultsOf }) => {
      await fleet.start();
      const spec = first(specs);
      await until(() => statusesOf(spec).length === 2, 'the will came');
      await send(spec, { id: 'cmd_1' });
      expect(statusesOf(spec)).toEqual([true, false]);
      expect(resultsOf(spec)).toEqual([]);
      expect(broker.connections()).toBe(1);
    });
  });

  test('offline at once for a while: it comes back', async () => {
    const faults = [{ type: 'offline', attributes: { afterMs: 0, forMs: 30 } }] as const;
    await withFleet({ faults }, async ({ fleet, specs, statusesOf }) => {
      await fleet.start();
      expect(fleet.vehicle(first(specs).vin).connected).toBe(false);
      await until(() => statusesOf(first(specs)).length === 3, 'it is back');
      expect(statusesOf(first(specs))).toEqual([true, false, true]);
    });
  });

  test('a vehicle that was cut before the start never connects, and delays no other', async () => {
    await withFleet({ count: 2 }, async ({ fleet, specs, broker, statusesOf }) => {
      fleet.cut(first(specs).vin, null);
      await fleet.start();
      expect(broker.connections()).toBe(2);
      expect(statusesOf(first(specs))).toEqual([]);
    });
  });

  test('offline later on: it goes and comes back', async () => {
    const faults = [{ type: 'offline', attributes: { afterMs: 40, forMs: 20 } }] as const;
    await withFleet({ faults }, async ({ fleet, specs, statusesOf }) => {
      await fleet.start();
      await until(() => statusesOf(first(specs)).length === 3, 'it went and came back');
      expect(statusesOf(first(specs))).toEqual([true, false, true]);
    });
  });

  test('hang: the first command is taken and never answered, the second is', async () => {
    const faults = [{ type: 'hang', attributes: { first: 1 } }] as const;
    await withFleet({ faults }, async ({ fleet, specs, send, resultsOf }) => {
      await fleet.start();
      const spec = first(specs);
      await send(spec, { id: 'cmd_1' });
      await send(spec, {
        id: 'cmd_2',
        features: [{ feature: 'heated_seats', target: 'active', version: 2 }],
      });
      await until(() => resultsOf(spec).length === 1, 'the second was answered');
      expect(resultsOf(spec).map((result) => result.commandId)).toEqual(['cmd_2']);
    });
  });

  test.each([
    [
      { type: 'reject', attributes: { reason: 'recall 17', feature: null } },
      { outcome: 'rejected', reason: 'recall 17' },
    ],
    [
      { type: 'ecu_busy', attributes: { first: null, feature: 'heated_seats' } },
      { outcome: 'failed', reason: 'ecu_busy' },
    ],
    [{ type: 'clock_skew', attributes: { skewMs: 120_000 } }, { outcome: 'expired' }],
  ] as const)('%o', async (fault, outcome) => {
    await withFleet({ faults: [fault] }, async ({ fleet, specs, send, resultsOf }) => {
      await fleet.start();
      const spec = first(specs);
      await send(spec, { id: 'cmd_1' });
      await until(() => resultsOf(spec).length === 1, 'it was answered');
      expect(first(resultsOf(spec)).results).toEqual([{ feature: 'heated_seats', version: 0, ...outcome }]);
    });
  });
});

test('a connectivity profile takes vehicles off the network and brings them back', async () => {
  const options = { connectivity: 'flapping', fleet: { timeScale: 0.002 } } as const;
  await withFleet(options, async ({ fleet, specs, statusesOf }) => {
    await fleet.start();
    await until(() => statusesOf(first(specs)).length >= 7, 'it flapped three times');
    expect(statusesOf(first(specs)).slice(0, 7)).toEqual([true, false, true, false, true, false, true]);
  });
});
