import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { freePort } from '../helpers/free-port.ts';
import { withTemporaryFolder } from '../helpers/temporary-folder.ts';
import { until } from '../helpers/until.ts';
import { buildWhenOutdated } from './build.ts';
import { type Command, startFleetwake, withFleetwake } from './command.ts';

beforeAll(buildWhenOutdated);

interface Line {
  readonly platform: string;
  readonly apiIot: string;
  readonly mqtt: string;
}

const places = ['--data', '.', '--log-level', 'info'];
const free = ['--port', '0', '--api-iot-port', '0', '--mqtt-port', '0'];
const gateway = (thread: string, ports: readonly string[] = free) => [
  ...['gateway', ...places, ...ports],
  ...['--api-iot-thread', thread],
];

const eventsOf = (command: Command) =>
  command
    .stderr()
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => (JSON.parse(line) as { event: string }).event);

async function lineOf(command: Command): Promise<Line> {
  await until(
    () => command.stdout().endsWith('\n') || command.process.exitCode !== null,
    `it starts: ${command.stderr()}`,
  );
  return JSON.parse(command.stdout()) as Line;
}

const statusOf = (url: string) =>
  fetch(url, { headers: { connection: 'close' } }).then(
    ({ status }) => status,
    () => null,
  );

describe('a gateway with API IoT and broker in a thread of their own', () => {
  it.each([
    ['yes', true],
    ['no', false],
  ])(
    'with --api-iot-thread %s prints the same addresses, answers at each, and ends on SIGTERM',
    (thread, isApart) =>
      withTemporaryFolder((folder) =>
        withFleetwake(folder, gateway(thread), async (command) => {
          const { platform, apiIot, mqtt } = await lineOf(command);
          expect(mqtt).toMatch(/^mqtt:\/\/127\.0\.0\.1:\d+$/);
          const urls = [`${platform}/livez`, `${apiIot}/livez`];
          expect(await Promise.all(urls.map(statusOf))).toEqual([200, 200]);
          expect(eventsOf(command).includes('gateway.api_iot_thread_started')).toBe(isApart);
          command.process.kill('SIGTERM');
          expect(await command.exitCode()).toBe(0);
          expect(await Promise.all(urls.map(statusOf))).toEqual([null, null]);
        }),
      ),
  );

  it('is gone whole after kill -9, and starts again at once on the same ports', () =>
    withTemporaryFolder(async (folder) => {
      const [port, apiIotPort, mqttPort] = [await freePort(), await freePort(), await freePort()];
      const ports = ['--port', port, '--api-iot-port', apiIotPort, '--mqtt-port', mqttPort].map(String);
      for (let time = 0; time < 2; time += 1) {
        await withFleetwake(folder, gateway('yes', ports), async (command) => {
          expect((await lineOf(command)).apiIot).toBe(`http://127.0.0.1:${apiIotPort}`);
          command.process.kill('SIGKILL');
          await command.exitCode();
        });
      }
    }));

  it('says in one sentence why the thread cannot start', () =>
    withTemporaryFolder((folder) =>
      withFleetwake(folder, gateway('yes'), async (first) => {
        const { port } = new URL((await lineOf(first)).apiIot);
        const ports = ['--port', '0', '--api-iot-port', port, '--mqtt-port', '0'];
        const call = [...gateway('yes', ports), '--data', 'other'];
        await withFleetwake(folder, call, async (second) => {
          expect(await second.exitCode()).toBe(2);
          expect(
            second
              .stderr()
              .split('\n')
              .filter((line) => !line.startsWith('{')),
          ).toEqual([
            `fleetwake: port ${port} on 127.0.0.1 is taken: stop what listens there, or choose another with --api-iot-port`,
            '',
          ]);
        });
      }),
    ));

  it('ends with exit code 1 when an error ends the thread', () =>
    withTemporaryFolder(async (folder) => {
      const planted = `import { existsSync } from 'node:fs';
        import { isMainThread } from 'node:worker_threads';
        if (!isMainThread) setInterval(() => { if (existsSync('crash')) throw new Error('planted'); }, 20);`;
      await writeFile(join(folder, 'planted.mjs'), planted);
      const command = startFleetwake(folder, gateway('yes'), { NODE_OPTIONS: '--import ./planted.mjs' });
      try {
        await lineOf(command);
        await writeFile(join(folder, 'crash'), '');
        expect(await command.exitCode()).toBe(1);
        expect(eventsOf(command)).toContain('gateway.api_iot_thread_ended');
      } finally {
        command.process.kill('SIGKILL');
      }
    }));
});
