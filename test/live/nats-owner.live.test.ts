import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { openKeys } from '../../gateway/live/keys.ts';
import { isRunning } from '../../shared/live/processes.ts';
import { clientsOf } from '../../simulator/live/clients.ts';
import { buildWhenOutdated } from '../e2e/build.ts';
import { fleetwake, startFleetwake, withFleetwake } from '../e2e/command.ts';
import { withTemporaryFolder } from '../support/temporary-folder.ts';
import { until } from '../support/until.ts';

beforeAll(buildWhenOutdated);

const command = ['gateway', '--data', '.', '--port', '0', '--api-iot-port', '0', '--mqtt-port', '0'];

it('a second gateway on the same folder does not take the nats-server of the first away', () =>
  withTemporaryFolder(async (folder) => {
    const natsPid = async () => Number(await readFile(join(folder, 'nats', 'nats-server.pid'), 'utf8'));
    const first = startFleetwake(folder, command);
    await until(() => first.stdout().endsWith('\n') || first.process.exitCode !== null, 'it starts');
    const pid = await natsPid();
    expect(await fleetwake(folder, command)).toEqual({
      exitCode: 2,
      stdout: '',
      stderr: `fleetwake: the nats-server of nats belongs to process ${first.process.pid}, which runs: stop that one, or name a NATS for both with NATS_URL\n`,
    });
    expect([isRunning(pid), await natsPid()]).toEqual([true, pid]);
    first.process.kill('SIGKILL');
    await first.exitCode();
    // What the first left behind is nobody's.
    const third = startFleetwake(folder, command);
    await until(() => third.stdout().endsWith('\n') || third.process.exitCode !== null, 'it starts again');
    third.process.kill('SIGTERM');
    expect(await third.exitCode()).toBe(0);
  }));

it('a second `fleetwake up` on the same folder is refused before it touches the vehicles of the first', () =>
  withTemporaryFolder((folder) => {
    const up = [
      'up',
      ...command.slice(1),
      '--mail-port',
      '0',
      '--control-port',
      '0',
      '--vehicles',
      '1',
      '--json',
    ];
    return withFleetwake(folder, up, async (first) => {
      await until(() => first.stdout().endsWith('\n') || first.process.exitCode !== null, 'it is up', 25_000);
      const { platform, apiIot, vehicles } = JSON.parse(first.stdout()) as {
        platform: string;
        apiIot: string;
        vehicles: readonly [string];
      };
      const { apiIot: api } = clientsOf(await openKeys(folder), { platform, apiIot });
      const isOnline = async () =>
        ((await api.get(`/vehicle/${vehicles[0]}/status`)).body as { online: boolean }).online;
      await until(isOnline, 'the vehicle is there');
      expect(await fleetwake(folder, up)).toEqual({
        exitCode: 2,
        stdout: '',
        stderr: `fleetwake: the nats-server of nats belongs to process ${first.process.pid}, which runs: stop that one, or name a NATS for both with NATS_URL\n`,
      });
      expect(await isOnline()).toBe(true);
    });
  }));
