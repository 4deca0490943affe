import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { isRunning } from '../../../shared/live/processes.ts';
import { buildWhenOutdated } from '../../e2e/build.ts';
import { type Command, startFleetwake } from '../../e2e/command.ts';
import { withTemporaryFolder } from '../../helpers/temporary-folder.ts';
import { until } from '../../helpers/until.ts';

beforeAll(buildWhenOutdated);

const command = ['up', '--data', '.', '--port', '0', '--api-iot-port', '0', '--mqtt-port', '0'].concat([
  ...['--mail-port', '0', '--control-port', '0', '--vehicles', '1', '--json'],
]);

/** `fleetwake up` as a terminal runs it, in a process group of its own, and the process of its nats-server. */
function withTerminal(work: (up: Command, natsPid: number) => Promise<void>): Promise<void> {
  return withTemporaryFolder(async (folder) => {
    const up = startFleetwake(folder, command, {}, { detached: true });
    try {
      await until(() => up.stdout().endsWith('\n') || up.process.exitCode !== null, 'it is up');
      const natsPid = Number(await readFile(join(folder, 'nats', 'nats-server.pid'), 'utf8'));
      expect(isRunning(natsPid)).toBe(true);
      await work(up, natsPid);
      // After any end of the gateway its server stops, too, and may write for a moment after it.
      await until(() => !isRunning(natsPid), 'the nats-server has ended');
    } finally {
      up.process.kill('SIGKILL');
    }
  });
}

it.skipIf(process.platform !== 'linux')(
  'Ctrl-C reaches every process of the group, and the nats-server ends after what was under way: nothing is logged',
  () =>
    withTerminal(async (up, natsPid) => {
      process.kill(-(up.process.pid ?? 0), 'SIGINT');
      expect([await up.exitCode(), up.stderr()]).toEqual([
        0,
        'stopping gracefully: finishing work in progress (a second signal stops at once)\n',
      ]);
      expect(isRunning(natsPid)).toBe(false);
    }),
);

it.skipIf(process.platform !== 'linux').each(['SIGHUP', 'SIGKILL', 'SIGABRT'] as const)(
  'the nats-server, which no signal of the terminal reaches, ends when %s ends the gateway',
  (signal) =>
    withTerminal(async (up) => {
      process.kill(-(up.process.pid ?? 0), signal);
      await until(() => up.process.signalCode !== null, 'the gateway has ended');
      expect(up.process.signalCode).toBe(signal);
    }),
);
