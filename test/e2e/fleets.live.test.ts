import { copyFileSync, mkdirSync, rmSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { openKeys } from '../../gateway/live/keys.ts';
import { type Clients, clientsOf } from '../../simulator/live/clients.ts';
import { startMosquitto } from '../helpers/mosquitto.ts';
import { withTemporaryFolder } from '../helpers/temporary-folder.ts';
import { until } from '../helpers/until.ts';
import { buildWhenOutdated } from './build.ts';
import { type Command, fleetwake, startFleetwake } from './command.ts';

beforeAll(buildWhenOutdated);

interface Gateway {
  readonly platform: string;
  readonly apiIot: string;
  readonly mqtt: string;
}

interface FleetStarted {
  readonly vehicles: readonly string[];
  readonly connected: number;
}

async function lineOf<Line>(command: Command): Promise<Line> {
  const { stdout, stderr, process } = command;
  await until(() => stdout().endsWith('\n') || process.exitCode !== null, `it starts: ${stderr()}`);
  if (stdout() === '') throw new Error(`it ended: ${stderr()}`);
  return JSON.parse(stdout()) as Line;
}

interface Under {
  /** Starts a fleet with this data folder, which has the secrets of the gateway, until it is connected. */
  start(data: string, ...parameters: string[]): Promise<FleetStarted & { readonly command: Command }>;
  /** Starts a fleet that is refused. Resolves with what it said. */
  refused(data: string, ...parameters: string[]): Promise<string>;
  /** As a copy of its folder would have them. */
  copyPasswords(from: string, to: string): void;
  readonly clients: Clients;
}

async function withGateway(
  folder: string,
  more: readonly string[],
  work: (under: Under) => Promise<void>,
): Promise<void> {
  const commands: Command[] = [];
  const started = (parameters: readonly string[]) => {
    const command = startFleetwake(folder, parameters);
    commands.push(command);
    return command;
  };
  try {
    const ports = ['--port', '0', '--api-iot-port', '0'];
    const gateway = started(['gateway', '--data', 'gateway', ...ports, ...more]);
    const { platform, apiIot, mqtt } = await lineOf<Gateway>(gateway);
    const places = ['--platform-url', platform, '--api-iot-url', apiIot, '--mqtt-url', mqtt];
    const callOf = (data: string, parameters: readonly string[]) => {
      mkdirSync(join(folder, data), { recursive: true, mode: 0o700 });
      copyFileSync(join(folder, 'gateway', 'keys.json'), join(folder, data, 'keys.json'));
      const own = ['--data', data, '--control-port', '0', '--telemetry-every', '1 s'];
      return ['fleet', ...places, ...own, ...parameters];
    };
    await work({
      async start(data, ...parameters) {
        const command = started(callOf(data, parameters));
        return { ...(await lineOf<FleetStarted>(command)), command };
      },
      async refused(data, ...parameters) {
        const { exitCode, stdout, stderr } = await fleetwake(folder, callOf(data, parameters));
        expect([exitCode, stdout]).toEqual([2, '']);
        return stderr;
      },
      copyPasswords(from, to) {
        mkdirSync(join(folder, to), { mode: 0o700 });
        copyFileSync(join(folder, from, 'fleet.json'), join(folder, to, 'fleet.json'));
      },
      clients: clientsOf(await openKeys(join(folder, 'gateway')), { platform, apiIot }),
    });
  } finally {
    for (const { process } of commands.reverse()) process.kill('SIGKILL');
  }
}

async function ended(command: Command, signal: NodeJS.Signals): Promise<void> {
  command.process.kill(signal);
  await command.exitCode();
}

/** Two fleets, restarts and refusals at one gateway, with any broker. */
async function playTogether(folder: string, gatewayParameters: readonly string[]): Promise<void> {
  await withGateway(folder, gatewayParameters, async (under) => {
    const { platform, apiIot } = under.clients;
    const a = await under.start('a', '--vehicles', '3');
    expect(a.connected).toBe(3);
    const [first = '', second = ''] = a.vehicles;
    // What customers did since.
    const ana = { name: 'Ana', email: 'ana@own.example', language: 'es', timeZone: null };
    expect((await platform.send('PUT', '/customers/customer-0001', ana)).status).toBe(200);
    const sold = { model: 'aurora-2026', modelName: 'Aurora', customerId: 'customer-0001' };
    expect((await platform.send('PUT', `/vehicles/${second}`, sold)).status).toBe(200);
    const untouched = async () => {
      expect((await platform.get('/customers/customer-0001')).body).toMatchObject({
        ...ana,
        pushSubscription: null,
      });
      expect((await platform.get(`/vehicles/${second}`)).body).toMatchObject({ customerId: 'customer-0001' });
    };

    const holder = `fleetwake fleet on ${hostname()} with the data folder ${join(folder, 'a')}`;
    expect(await under.refused('b', '--vehicles', '5')).toBe(
      `fleetwake: ${a.vehicles.slice(0, 2).join(', ')} and ${a.vehicles[2]} are registered with other passwords by ${holder} (3 connected now): choose other vehicles with --first or --shard, start with the data folder that has their passwords, or take them over with --take-over where that folder is lost\n`,
    );
    // The vehicles that were free are registered nowhere.
    expect((await platform.get('/customers/customer-0004')).status).toBe(404);
    await untouched();
    const b = await under.start('b', '--first', '4', '--vehicles', '2');
    expect(b.connected).toBe(2);

    under.copyPasswords('a', 'copy');
    expect(await under.refused('copy', '--vehicles', '3')).toMatch(
      /fleetwake: .* connected by another process with the same passwords, such as one with a copy of this data folder: choose other vehicles with --first or --shard, or stop that process\n$/,
    );
    // No session was taken over: the vehicles of the first fleet take commands still.
    for (const vin of [first, b.vehicles[0] ?? '']) {
      const features = [{ feature: 'heated_seats', target: 'active', parameters: { levels: 2 } }];
      const path = `/vehicle/${vin}/configure`;
      const { headers, status } = await apiIot.send('POST', path, { reference: 'r', features }, `key-${vin}`);
      expect(status).toBe(202);
      const location = new URL(headers.get('location') ?? '', 'http://api.iot').pathname;
      await until(
        async () => ((await apiIot.get(location)).body as { state: string }).state === 'applied',
        `${vin} applies a command`,
      );
    }

    await ended(a.command, 'SIGKILL');
    const again = await under.start('a', '--vehicles', '3');
    expect([again.connected, again.vehicles]).toEqual([3, a.vehicles]);
    await untouched();
  });
}

test('a second fleet on one gateway disturbs no vehicle and no customer of the first, which continues after SIGKILL', () =>
  withTemporaryFolder((folder) => playTogether(folder, ['--mqtt-port', '0'])));

test('the same holds on Mosquitto, which knows no passwords here', () =>
  withTemporaryFolder(async (folder) => {
    const mosquitto = await startMosquitto(folder);
    try {
      await playTogether(folder, ['--mqtt-url', mosquitto.url]);
    } finally {
      await mosquitto.stop();
    }
  }));

test('vehicles of a lost data folder are taken over with --take-over, unless they are connected', () =>
  withTemporaryFolder(async (folder) => {
    await withGateway(folder, ['--mqtt-port', '0'], async (under) => {
      const { platform } = under.clients;
      const a = await under.start('a', '--vehicles', '2');
      const ana = { name: 'Ana', email: 'ana@own.example', language: 'es', timeZone: null };
      await platform.send('PUT', '/customers/customer-0001', ana);
      expect(await under.refused('lost', '--vehicles', '2', '--take-over')).toMatch(
        /fleetwake: .* connected by another process/,
      );
      await ended(a.command, 'SIGTERM');
      const registeredBy = (data: string) =>
        `by fleetwake fleet on ${hostname()} with the data folder ${join(folder, data)}`;
      expect(await under.refused('lost', '--vehicles', '2')).toContain(
        `${registeredBy('a')} (none of them connected now)`,
      );
      const taken = await under.start('lost', '--vehicles', '2', '--take-over');
      expect([taken.connected, taken.vehicles]).toEqual([2, a.vehicles]);
      expect((await platform.get('/customers/customer-0001')).body).toMatchObject(ana);
      // The old folder has lost its vehicles.
      expect(await under.refused('a', '--vehicles', '1')).toContain(
        `${registeredBy('lost')} (1 connected now)`,
      );
    });
    const ports = ['--port', '--api-iot-port', '--mqtt-port', '--mail-port', '--control-port'];
    const up = ['up', '--data', 'up', '--vehicles', '1', '--no-console', '--no-test-vehicles', '--json'];
    const start = async (...parameters: string[]) => {
      const command = startFleetwake(folder, [...up, ...ports.flatMap((port) => [port, '0']), ...parameters]);
      await until(() => command.stdout() !== '' || command.process.exitCode !== null, 'up starts or ends');
      if (command.process.exitCode === null) command.process.kill('SIGTERM');
      return [await command.exitCode(), command.stdout().includes('"vehicleCount":1'), command.stderr()];
    };
    expect((await start()).slice(0, 2)).toEqual([0, true]);
    rmSync(join(folder, 'up', 'fleet.json'));
    expect(await start()).toEqual([
      2,
      false,
      expect.stringContaining('or take them over with --take-over where that folder is lost\n'),
    ]);
    expect((await start('--take-over')).slice(0, 2)).toEqual([0, true]);
  }));
