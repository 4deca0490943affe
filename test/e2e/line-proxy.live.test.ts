import { connect } from 'mqtt';
import { beforeAll, expect, test } from 'vitest';
import { openKeys } from '../../gateway/live/keys.ts';
import { vinA } from '../helpers/broker-under-test.ts';
import { freePort } from '../helpers/free-port.ts';
import { withTemporaryFolder } from '../helpers/temporary-folder.ts';
import { until } from '../helpers/until.ts';
import { buildWhenOutdated } from './build.ts';
import { fleetwake, withFleetwake } from './command.ts';
import { withTakenPort } from './taken-port.ts';

beforeAll(buildWhenOutdated);

interface Places {
  readonly control: string;
  readonly lineProxy: string;
  readonly platform: string;
  readonly apiIot: string;
  readonly mqtt: string;
}

type Running = Parameters<Parameters<typeof withFleetwake>[2]>[0];

async function placesOf(running: Running): Promise<Places> {
  await until(() => running.stdout().endsWith('\n') || running.process.exitCode !== null, 'it runs');
  return JSON.parse(running.stdout()) as Places;
}

/** A client of the broker's monitor account, at a port that is the line of a vehicle. */
async function expectFaultsOfTheLine(folder: string, { control, lineProxy }: Places): Promise<void> {
  expect(lineProxy).toMatch(new RegExp(`^127\\.0\\.0\\.1:\\d+=${vinA}$`));
  const { brokerMonitorPassword } = await openKeys(`${folder}/.fleetwake`);
  const client = connect(`mqtt://${lineProxy.replace(/=.*/, '')}`, {
    ...{ clientId: 'monitor', username: 'monitor', password: brokerMonitorPassword },
    ...{ reconnectPeriod: 20, protocolVersion: 4 },
  });
  client.on('error', () => {});
  const fault = (...words: string[]) => fleetwake(folder, ['fault', ...words, '--control-url', control]);
  try {
    await until(() => client.connected, 'it is connected');
    expect(await fault('add', 'offline', '--vin', vinA)).toMatchObject({
      ...{ exitCode: 0, stdout: `added fault-1 to ${vinA}\n` },
    });
    await until(() => !client.connected, 'it is cut');
    expect(await fault('add', 'restart', '--vin', vinA)).toMatchObject({
      exitCode: 2,
      stderr: `fleetwake: The fault cannot be added: ${vinA} is no vehicle that Fleetwake simulates, so only faults of the layer link can affect it, and of the states only "connected" can begin them: choose such a fault, or a simulated vehicle.\n`,
    });
    expect((await fault('clear')).stdout).toBe('1 removed\n');
    await until(() => client.connected, 'it is back');
  } finally {
    client.end(true);
  }
}

test('`fleetwake up --line-proxy` gives faults to vehicles of other programs', async () => {
  const ports = ['port', 'api-iot-port', 'mqtt-port', 'mail-port', 'control-port'].flatMap((name) => [
    `--${name}`,
    '0',
  ]);
  const up = ['up', ...ports, '--vehicles', '1', '--line-proxy', `0=${vinA}`, '--json'];
  await withTemporaryFolder((folder) =>
    withFleetwake(folder, up, async (running) => {
      await expectFaultsOfTheLine(folder, await placesOf(running));
      running.process.kill('SIGTERM');
      expect(await running.exitCode()).toBe(0);
    }),
  );
});

test('`fleetwake gateway` and `fleetwake fleet` with --line-proxy give them too, on the host of --line-proxy-host', async () => {
  const proxy = ['--control-port', '0', '--line-proxy', `0=${vinA}`, '--line-proxy-host', '127.0.0.1'];
  const ports = ['--port', '0', '--api-iot-port', '0', '--mqtt-port', String(await freePort())];
  await withTemporaryFolder((folder) =>
    withFleetwake(folder, ['gateway', ...ports, ...proxy], async (gateway) => {
      const places = await placesOf(gateway);
      await expectFaultsOfTheLine(folder, places);
      const { platform, apiIot, mqtt } = places;
      const urls = ['--platform-url', platform, '--api-iot-url', apiIot, '--mqtt-url', mqtt];
      const fleet = ['fleet', '--vehicles', '1', ...proxy, ...urls];
      await withFleetwake(folder, fleet, async (running) => {
        await expectFaultsOfTheLine(folder, await placesOf(running));
        running.process.kill('SIGTERM');
        expect(await running.exitCode()).toBe(0);
      });
      gateway.process.kill('SIGTERM');
      expect(await gateway.exitCode()).toBe(0);
    }),
  );
});

test('a taken port of --line-proxy is said in a sentence', async () => {
  const gateway = ['gateway', '--port', '0', '--api-iot-port', '0', '--mqtt-port', String(await freePort())];
  await withTakenPort((port) =>
    withTemporaryFolder(async (folder) => {
      expect(await fleetwake(folder, [...gateway, '--control-port', '0', '--line-proxy', `${port}`])).toEqual(
        {
          exitCode: 2,
          stdout: '',
          stderr: `fleetwake: port ${port} on 127.0.0.1 is taken: stop what listens there, or choose another with --line-proxy\n`,
        },
      );
    }),
  );
});
