import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { isRunning } from '../../shared/live/processes.ts';
import { buildWhenOutdated } from '../e2e/build.ts';
import { fleetwake, startFleetwake } from '../e2e/command.ts';
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
