import { beforeAll, expect, test } from 'vitest';
import { openKeys } from '../../gateway/live/keys.ts';
import { clientsOf } from '../../simulator/live/clients.ts';
import { withTemporaryFolder } from '../helpers/temporary-folder.ts';
import { until } from '../helpers/until.ts';
import { buildWhenOutdated } from './build.ts';
import { fleetwake, withFleetwake } from './command.ts';

beforeAll(buildWhenOutdated);

const freePorts = [
  '--port',
  '0',
  '--api-iot-port',
  '0',
  '--mqtt-port',
  '0',
  '--mail-port',
  '0',
  '--control-port',
  '0',
];

interface Places {
  readonly platform: string;
  readonly apiIot: string;
  readonly control: string;
  readonly vehicles: readonly [string, string];
}

test('fleetwake fault add, list, remove and clear act on what `fleetwake up` runs', async () => {
  await withTemporaryFolder((folder) =>
    withFleetwake(folder, ['up', ...freePorts, '--vehicles', '2', '--json'], async (up) => {
      await until(() => up.stdout().endsWith('\n') || up.process.exitCode !== null, 'it is up');
      const { platform, apiIot, control, vehicles } = JSON.parse(up.stdout()) as Places;
      const [vin, other] = vehicles;
      const { apiIot: api } = clientsOf(await openKeys(`${folder}/.fleetwake`), { platform, apiIot });
      const isOnline = async (one: string) =>
        ((await api.get(`/vehicle/${one}/status`)).body as { online: boolean }).online;
      const fault = (...parameters: readonly string[]) =>
        fleetwake(folder, ['fault', ...parameters, '--control-url', control]);

      expect(await fault('add', 'offline', '--vin', vin, '--name', 'away')).toEqual({
        exitCode: 0,
        stdout: `added fault-1 to ${vin}\n`,
        stderr: '',
      });
      await until(async () => !(await isOnline(vin)), 'it is away');
      expect(await isOnline(other)).toBe(true);
      const unauthorized = ['--service', 'api_iot', '--method', 'POST', '--path', '/vehicle/*/configure'];
      expect(await fault('add', 'unauthorized', ...unauthorized)).toEqual({
        exitCode: 0,
        stdout: 'added fault-2 to the service\n',
        stderr: '',
      });
      const down = await fault('add', 'smtp_down', '--set', 'hangs=true', '--for', '60000');
      expect(down).toEqual({ exitCode: 0, stdout: 'added fault-3 to the service\n', stderr: '' });
      const { stdout: table } = await fault('list');
      const left = expect.stringMatching(/^\d+(\.\d)? s left$/);
      expect(
        table
          .split('\n')
          .flatMap((line) => (line.includes('fault-') ? [line.split(/ *│ */).slice(1, -1)] : [])),
      ).toEqual([
        ['fault-1', 'link', 'offline', 'away', vin, '1', 'until removed'],
        ['fault-2', 'services', 'unauthorized', 'unauthorized', 'the service', '0', 'until removed'],
        ['fault-3', 'services', 'smtp_down', 'smtp_down', 'the service', '0', left],
      ]);
      const { faults } = JSON.parse((await fault('list', '--json')).stdout);
      expect(faults[0]).toMatchObject({ state: 'active', remainingMs: null });
      expect(faults[2]).toMatchObject({ state: 'active', remainingMs: expect.any(Number) });
      expect(await fault('remove', 'fault-1')).toEqual({
        exitCode: 0,
        stdout: 'removed fault-1\n',
        stderr: '',
      });
      await until(() => isOnline(vin), 'it is back');
      expect(await fault('remove', 'fault-1')).toEqual({
        exitCode: 1,
        stdout: '',
        stderr: 'fleetwake: There is no fault fault-1; "fleetwake fault list" shows those that there are.\n',
      });
      expect(await fault('add', 'latency', '--set', 'latencyMs=soon')).toEqual({
        exitCode: 2,
        stdout: '',
        stderr:
          'fleetwake: --set latencyMs is "soon"; write a duration such as "45 min", "30 s", "2 h" or "500 ms", or a whole number of milliseconds\n',
      });
      expect((await fault('clear')).stdout).toBe('2 removed\n');
      expect((await fault('list')).stdout).toBe('no faults\n');
      up.process.kill('SIGTERM');
      expect(await up.exitCode()).toBe(0);
    }),
  );
});

test('without a fleet the sentence says where one was looked for', async () => {
  await withTemporaryFolder(async (folder) => {
    expect(await fleetwake(folder, ['fault', 'list'])).toEqual({
      exitCode: 2,
      stdout: '',
      stderr: "fleetwake: there is no control.json in .fleetwake: give the fleet's data folder with --data\n",
    });
  });
});
