import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { openKeys } from '../../../gateway/live/keys.ts';
import { startNatsServer } from '../../../shared/live/nats-server.ts';
import { isRunning } from '../../../shared/live/processes.ts';
import { silentLog } from '../../../shared/ports/log.ts';
import { clientsOf } from '../../../simulator/live/clients.ts';
import { buildWhenOutdated } from '../../e2e/build.ts';
import { type Command, fleetwake, startFleetwake, withFleetwake } from '../../e2e/command.ts';
import { withTemporaryFolder } from '../../helpers/temporary-folder.ts';
import { until } from '../../helpers/until.ts';

beforeAll(buildWhenOutdated);

const command = ['gateway', '--data', '.', '--port', '0', '--api-iot-port', '0', '--mqtt-port', '0'];

/** Starts it and waits until it says where it listens. */
async function started(folder: string, parameters: readonly string[], environment = {}): Promise<Command> {
  const gateway = startFleetwake(folder, parameters, environment);
  const isThere = () => gateway.stdout().endsWith('\n') || gateway.process.exitCode !== null;
  await until(isThere, `it starts: ${gateway.stderr()}`);
  return gateway;
}

const refusal = (owner: Command) => ({
  exitCode: 2,
  stdout: '',
  stderr: `fleetwake: the API IoT of the data folder . runs in process ${owner.process.pid}: stop that one, choose another folder with --data, or leave the API IoT to it with --roles platform,engine and API_IOT_URL\n`,
});

it('a second gateway on the same folder does not take the nats-server of the first away', () =>
  withTemporaryFolder(async (folder) => {
    const natsPid = async () => Number(await readFile(join(folder, 'nats', 'nats-server.pid'), 'utf8'));
    const first = await started(folder, command);
    const pid = await natsPid();
    expect(await fleetwake(folder, command)).toEqual(refusal(first));
    const { apiIot } = JSON.parse(first.stdout()) as { apiIot: string };
    const engine = [...command, '--roles', 'platform,engine', '--api-iot-url', apiIot];
    expect(await fleetwake(folder, engine)).toEqual({
      exitCode: 2,
      stdout: '',
      stderr: `fleetwake: the nats-server of nats belongs to process ${first.process.pid}, which runs: stop that one, or name a NATS for both with NATS_URL\n`,
    });
    expect([isRunning(pid), await natsPid()]).toEqual([true, pid]);
    first.process.kill('SIGKILL');
    await first.exitCode();
    // The folder of the first one has no owner any more.
    const third = await started(folder, command);
    third.process.kill('SIGTERM');
    expect(await third.exitCode()).toBe(0);
  }));

it('a second gateway on the same folder is refused with a NATS of their own as well, but for an engine beside the first', () =>
  withTemporaryFolder(async (folder) => {
    const dataFolder = join(folder, 'outside');
    const nats = await startNatsServer({ dataFolder, log: silentLog });
    const environment = { NATS_URL: nats.url };
    const gateways: Command[] = [];
    const start = async (parameters: readonly string[], more = {}) => {
      const gateway = await started(folder, parameters, { ...environment, ...more });
      gateways.push(gateway);
      return gateway;
    };
    try {
      const first = await start(command);
      expect(await fleetwake(folder, command, environment)).toEqual(refusal(first));
      const { apiIot } = JSON.parse(first.stdout()) as { apiIot: string };
      const second = await start([...command, '--roles', 'engine'], { API_IOT_URL: apiIot });
      expect(JSON.parse(second.stdout())).toMatchObject({ event: 'gateway.started', apiIot });
      first.process.kill('SIGKILL');
      await first.exitCode();
      // Nothing stale is left of a gateway that was killed.
      const third = await start(command);
      for (const gateway of [second, third]) {
        gateway.process.kill('SIGTERM');
        expect(await gateway.exitCode()).toBe(0);
      }
    } finally {
      for (const gateway of gateways) gateway.process.kill('SIGKILL');
      await nats.stop();
    }
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
      await until(() => first.stdout().endsWith('\n') || first.process.exitCode !== null, 'it is up');
      const { platform, apiIot, vehicles } = JSON.parse(first.stdout()) as {
        platform: string;
        apiIot: string;
        vehicles: readonly [string];
      };
      const { apiIot: api } = clientsOf(await openKeys(folder), { platform, apiIot });
      const isOnline = async () =>
        ((await api.get(`/vehicle/${vehicles[0]}/status`)).body as { online: boolean }).online;
      await until(isOnline, 'the vehicle is there');
      expect(await fleetwake(folder, up)).toEqual(refusal(first));
      expect(await isOnline()).toBe(true);
    });
  }));
