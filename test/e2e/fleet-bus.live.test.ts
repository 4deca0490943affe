import { execFile } from 'node:child_process';
import { readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { connect } from '@nats-io/transport-node';
import { beforeAll, expect, test } from 'vitest';
import { type NatsServer, startNatsServer } from '../../shared/live/nats-server.ts';
import { silentLog } from '../../shared/ports/log.ts';
import { withTemporaryFolder } from '../helpers/temporary-folder.ts';
import { until } from '../helpers/until.ts';
import { buildWhenOutdated } from './build.ts';
import { fleetwake, startFleetwake } from './command.ts';

beforeAll(buildWhenOutdated, 300_000);

const page = readFileSync(new URL('../../docs/fleet-bus.md', import.meta.url), 'utf8');
const script = /<!-- script -->\n```js\n([\s\S]*?)\n```/.exec(page)?.[1] ?? '';
const free = (...names: string[]) => names.flatMap((name) => [`--${name}-port`, '0']);
const ports = free('api-iot', 'mqtt', 'payments', 'smtp', 'mail', 'push', 'control', 'console');

/** Starts the command; `work` gets the JSON line that it prints. */
async function withRunning(
  folder: string,
  parameters: readonly string[],
  work: (line: Record<string, unknown>) => Promise<void>,
): Promise<void> {
  const command = startFleetwake(folder, parameters);
  try {
    const isReady = () => command.stdout().includes('\n') || command.process.exitCode !== null;
    await until(isReady, `${parameters.join(' ')} runs`);
    expect([command.process.exitCode, command.stderr()]).toEqual([null, '']);
    await work(JSON.parse(command.stdout()));
  } finally {
    command.process.kill('SIGTERM');
    await command.exitCode();
  }
}

const withNats = (work: (server: NatsServer, folder: string) => Promise<void>) =>
  withTemporaryFolder(async (folder) => {
    const server = await startNatsServer({ dataFolder: join(folder, 'nats'), log: silentLog });
    try {
      await work(server, folder);
    } finally {
      await server.stop();
    }
  });

test('the script of docs/fleet-bus.md drives a fleet of fleetwake up with a NATS client alone', () =>
  withTemporaryFolder(async (folder) => {
    symlinkSync(resolve('node_modules'), join(folder, 'node_modules'));
    writeFileSync(join(folder, 'drive.mjs'), script);
    const [, up = ''] = /^npx fleetwake (up .*)$/m.exec(page) ?? [];
    await withRunning(folder, [...up.split(' '), '--json', ...ports], async ({ nats }) => {
      const settings = join(folder, '.fleetwake', 'fleet-nats.json');
      const kept = JSON.parse(readFileSync(settings, 'utf8')) as Record<string, string>;
      expect(nats).toEqual({
        url: expect.stringMatching(/^nats:\/\/127\.0\.0\.1:\d+$/),
        user: 'fleet-client',
        events: 'fleetwake.fleet.events.>',
        telemetry: 'fleetwake.fleet.telemetry.*',
        control: 'fleetwake.fleet.control.faults.*',
        settings: '.fleetwake/fleet-nats.json',
      });
      expect(kept).toMatchObject({ user: 'fleet-client', password: expect.stringMatching(/^[0-9a-f]{64}$/) });
      expect(statSync(settings).mode & 0o777).toBe(0o600);
      const { stdout } = await promisify(execFile)(process.execPath, ['drive.mjs'], { cwd: folder });
      expect(stdout).toBe('fleetwake.vehicle.disconnected true\nfleetwake.vehicle.connected true\n');
    });
  }));

test('fleetwake up says URL, user and subjects of its NATS, and no password', () =>
  withTemporaryFolder(async (folder) => {
    const up = startFleetwake(folder, ['up', '--vehicles', '1', '--port', '0', ...ports]);
    try {
      await until(() => up.stdout().includes('vehicles:'), `it is up: ${up.stderr()}`);
      const file = join(folder, '.fleetwake', 'fleet-nats.json');
      const { url, password } = JSON.parse(readFileSync(file, 'utf8')) as { url: string; password: string };
      expect(up.stdout()).toContain(
        `  NATS           ${url}   (events fleetwake.fleet.events.>, faults fleetwake.fleet.control.faults.*; user fleet-client, password in .fleetwake/fleet-nats.json)\n`,
      );
      expect(up.stdout() + up.stderr()).not.toContain(password);
    } finally {
      up.process.kill('SIGTERM');
      await up.exitCode();
    }
  }));

test('a fleet beside another one on the same NATS needs a prefix of its own', () =>
  withNats(async (server, folder) => {
    const up = ['up', '--vehicles', '1', '--no-test-vehicles', '--json', '--port', '0'];
    await withRunning(folder, [...up, ...ports, '--nats-url', server.url], async (line) => {
      const fleet = [
        ...['fleet', '--vehicles', '1', '--seed', '7', '--control-port', '0', '--nats-url', server.url],
        ...['--platform-url', String(line.platform), '--api-iot-url', String(line.apiIot)],
        ...['--mqtt-url', String(line.mqtt)],
      ];
      const refused = await fleetwake(folder, fleet);
      expect([refused.exitCode, refused.stderr]).toEqual([
        2,
        'fleetwake: another fleet answers on fleetwake.fleet.control.faults.* at this NATS: give this one a prefix of its own with --nats-prefix (NATS_PREFIX), or a NATS of its own\n',
      ]);
      await withRunning(folder, [...fleet, '--nats-prefix', 'second'], async ({ nats }) => {
        expect(nats).toEqual({
          url: `nats://127.0.0.1:${server.port}`,
          events: 'second.fleet.events.>',
          telemetry: 'second.fleet.telemetry.*',
          control: 'second.fleet.control.faults.*',
        });
        const { username: user, password: pass, host: servers } = new URL(server.url);
        const client = await connect({ servers, user, pass });
        const sizes = await Promise.all(
          ['fleetwake', 'second'].map(async (prefix) =>
            (await client.request(`${prefix}.fleet.control.ping`, '', { timeout: 30_000 })).json(),
          ),
        );
        expect(sizes).toEqual([
          { vehicles: 1, connected: 1 },
          { vehicles: 1, connected: 1 },
        ]);
        await client.close();
      });
    });
  }));

const scenario = `name: small
description: Two cars, two purchases.
timeScale: 200
vehicles: { count: 2 }
purchases: { count: 2, overMs: 500 }
`;

test('a live run publishes the events of its vehicles under its own prefix, and says where', () =>
  withNats(async (server, folder) => {
    writeFileSync(join(folder, 'small.yaml'), scenario);
    const { username: user, password: pass, host: servers } = new URL(server.url);
    const client = await connect({ servers, user, pass });
    const types: string[] = [];
    client.subscribe('*.fleet.events.>', {
      callback(_, message) {
        types.push(`${message.subject.split('.')[0]} ${message.json<{ type: string }>().type}`);
      },
    });
    await client.flush();
    const run = await fleetwake(folder, ['run', 'small.yaml', '--live', '--nats-url', server.url]);
    expect([run.exitCode, run.stdout]).toEqual([0, expect.stringContaining('All 11 rules hold.')]);
    const [, prefix] =
      /^NATS nats:\/\/127\.0\.0\.1:\d+ {3}\(events (run-[\w-]+)\.fleet\.events\.>\)$/m.exec(run.stderr) ?? [];
    const count = (type: string) => types.filter((one) => one === `${prefix} fleetwake.${type}`).length;
    expect([count('vehicle.connected'), count('vehicle.disconnected')]).toEqual([2, 2]);
    expect(count('command.applied')).toBeGreaterThanOrEqual(2);
    expect(count('command.received')).toBeGreaterThanOrEqual(2);
    expect(types.filter((one) => !one.startsWith(`${prefix} `))).toEqual([]);
    await client.close();
  }));
