import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { beforeAll, expect, test } from 'vitest';
import { Address } from '../../shared/protocol/address.ts';
import { withMosquitto } from '../gateway/broker/mosquitto.ts';
import { buy, type Platform, vinOf, withPlatform } from '../helpers/running-platform.ts';
import { until } from '../helpers/until.ts';
import { buildWhenOutdated } from './build.ts';
import { fleetwake } from './command.ts';
import { handPlayedVehicle } from './documented.ts';
import { success } from './expected.ts';
import { commandsOf, storyOf } from './story.ts';

beforeAll(buildWhenOutdated);

const aurora = { vinPrefix: 'WFWAUR1E', vinPlant: 'TA' };

interface Twin {
  readonly online: boolean;
  readonly firmware: string | null;
  readonly reported: { feature: string; state: string; version: number }[] | null;
  readonly telemetry: Readonly<Record<string, unknown>>;
}

async function twinOf(platform: Platform, vin: string): Promise<Twin> {
  return (await platform.clients.apiIot.get(`/vehicle/${vin}/status`)).body as Twin;
}

/** Plays one command of the vehicle as docs/mqtt.md tells it: bash, mosquitto_sub and mosquitto_pub, nothing else. */
async function playedByHand(
  platform: Platform,
  vin: string,
  password: string,
  meanwhile: () => Promise<void>,
): Promise<void> {
  const { hostname, port } = new URL(platform.mqttUrl);
  const playing = promisify(execFile)('bash', ['-c', handPlayedVehicle()], {
    env: { PATH: process.env.PATH, VIN: vin, TOKEN: password, HOST: hostname, PORT: port },
  });
  await until(async () => (await twinOf(platform, vin)).online, 'it says that it is here');
  await meanwhile();
  await playing;
}

test('a vehicle registered by `fleetwake register` and played by mosquitto_sub and mosquitto_pub takes a purchase to active', async () => {
  const vin = '1M8GDM9AXKP042788';
  await withPlatform({ vehicles: [], timeScale: 20 }, async (platform) => {
    const { origins, dataFolder } = platform;
    const places = [
      '--platform-url',
      origins.platform,
      '--api-iot-url',
      origins.apiIot,
      '--data',
      dataFolder,
    ];
    const registered = await fleetwake(dataFolder, ['register', vin, ...places, '--json']);
    const account = JSON.parse(registered.stdout) as { password: string };
    expect([registered.exitCode, registered.stderr, account]).toEqual([
      0,
      '',
      { vin, clientId: `vehicle-${vin}`, username: vin, password: expect.stringMatching(/^[\w-]{43}$/) },
    ]);

    await playedByHand(platform, vin, account.password, async () => {
      const bought = await buy(platform, { vin, customerId: 'customer-0001' });
      expect(await storyOf(platform, bought)).toEqual({
        ...success,
        attempts: [null],
        // This customer has no app, and only this test plays the vehicle.
        pushes: [],
        feature: null,
      });
    });
    await until(
      async () => (await twinOf(platform, vin)).telemetry['Vehicle.LowVoltageSystemState'] === 'LOCK',
      'its telemetry came',
    );
    expect(await twinOf(platform, vin)).toMatchObject({
      online: true,
      firmware: 'by hand',
      reported: [{ feature: 'heated_seats', state: 'active', version: 1 }],
    });
    expect((await commandsOf(platform, vin)).map(({ state }) => state)).toEqual(['applied']);
  });
});

test('with Mosquitto for the broker and its shipped files: a simulated vehicle and one played by hand become active', async () => {
  const vehicles = [{ password: 'simulated' }, { password: 'by-hand', isPlayedByHand: true }];
  const accounts = [
    ['api-iot', 'gateway'],
    [vinOf(aurora, 0), 'simulated'],
    [vinOf(aurora, 1), 'by-hand'],
  ] as const;
  await withMosquitto(async (mqttUrl) => {
    const config = { mqttUrl: new Address(mqttUrl), mqttPassword: 'gateway' };
    await withPlatform({ vehicles, config, timeScale: 20 }, async (platform) => {
      expect(platform.gateway.apiIot?.broker).toBe(null);
      expect(await storyOf(platform, await buy(platform))).toEqual({ ...success, attempts: [null] });
      await playedByHand(platform, vinOf(aurora, 1), 'by-hand', async () => {
        const bought = await buy(platform, { vehicle: 1 });
        expect(await storyOf(platform, bought)).toEqual({ ...success, attempts: [null], feature: null });
      });
    });
  }, accounts);
});
