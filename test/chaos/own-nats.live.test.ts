import { execFile } from 'node:child_process';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import {
  type OwnNatsServer,
  type OwnNatsServerOptions,
  ownNatsServer,
} from '../../gateway/live/own-nats-server.ts';
import { openNatsBus } from '../../shared/live/nats-bus.ts';
import { startNatsServer } from '../../shared/live/nats-server.ts';
import type { Bus } from '../../shared/ports/bus.ts';
import { type Log, silentLog } from '../../shared/ports/log.ts';
import { withTemporaryFolder } from '../helpers/temporary-folder.ts';
import { until } from '../helpers/until.ts';

const run = promisify(execFile);

interface Own {
  readonly dataFolder: string;
  readonly server: OwnNatsServer;
  readonly bus: Bus;
  readonly seen: string[];
  readonly errors: string[];
  /** Whether a message is stored and comes back. */
  works(payload: string): Promise<boolean>;
  pid(): Promise<number>;
}

/** A process that is never busy, and counts how often it is asked: once for each check that succeeds. */
function idleLoop() {
  let looks = 0;
  return {
    looks: () => looks,
    busyMs() {
      looks += 1;
      return 0;
    },
  };
}

/** Shorter waits than a gateway has. */
const quick = { checkEveryMs: 100, restartPauseMs: 100 };
/** Of a server that is stopped, and answers nothing for as long as one waits. */
const impatient = { ...quick, answerMaxMs: 2_000 };

/** A watched nats-server in this folder, with a client that stays connected all the time. */
async function withOwnServer(
  dataFolder: string,
  work: (own: Own) => Promise<void>,
  { eventLoop = idleLoop(), times = quick }: Partial<Pick<OwnNatsServerOptions, 'eventLoop' | 'times'>> = {},
): Promise<void> {
  const errors: string[] = [];
  const error: Log['error'] = (event, fields) => {
    errors.push(`${event} ${fields?.reason ?? ''}`);
  };
  const log: Log = { ...silentLog, error };
  const server = await ownNatsServer({ dataFolder, eventLoop, times, log });
  const bus = await openNatsBus({ url: server.url, log });
  const seen: string[] = [];
  await bus.consume(
    {
      stream: 'FLEETWAKE_WAKEUPS',
      durable: 'engine',
      subject: 'fleetwake.wake.>',
      ackWaitMs: 5_000,
      concurrency: 4,
    },
    async ({ payload, ack }) => {
      seen.push(payload);
      ack();
    },
  );
  const works = async (payload: string) => {
    await bus.publish('fleetwake.wake.a', payload, { messageId: payload }).catch(() => {});
    return seen.includes(payload);
  };
  const pid = async () =>
    Number(await readFile(join(dataFolder, 'nats-server.pid'), 'utf8').catch(() => '0'));
  try {
    await until(() => works('first'), 'it works');
    await work({ dataFolder, server, bus, seen, errors, works, pid });
  } finally {
    await bus.close();
    await server.stop();
  }
}

/** A file system of 2 MB, or null if this machine does not allow to mount one. */
async function smallDisk(folder: string): Promise<{ unmount(): Promise<unknown> } | null> {
  await mkdir(folder, { recursive: true });
  try {
    await run('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'tmpfs', folder]);
    return { unmount: () => run('umount', ['-l', folder]) };
  } catch {
    return null;
  }
}

/** Fills a disk to its last block; resolves with the file that does. */
async function fill(folder: string): Promise<string> {
  const file = join(folder, 'filler');
  await run('dd', ['if=/dev/zero', `of=${file}`, 'bs=4k']).catch(() => {});
  return file;
}

/** Stops the server's writes: by a full disk, or else by a limit of its files. Resolves with a function that undoes it. */
async function refuseWrites({ pid }: Own, disk: string, isSmall: boolean): Promise<() => Promise<void>> {
  if (isSmall) {
    const file = await fill(disk);
    return () => rm(file);
  }
  const server = await pid();
  const limit = (bytes: string) => run('prlimit', ['--pid', `${server}`, `--fsize=${bytes}:`]);
  await limit('1000');
  // A server that was restarted meanwhile has no limit.
  return async () => void (await limit('unlimited').catch(() => {}));
}

// Each has a server of its own, and waits more than it works.
describe.concurrent('A nats-server of the gateway', () => {
  it('stores again without a hand once a full disk has space', () =>
    withTemporaryFolder(async (folder) => {
      const disk = join(folder, 'disk');
      const small = await smallDisk(disk);
      try {
        await withOwnServer(join(disk, 'nats'), async (own) => {
          const { server, bus, errors, works } = own;
          const events = () => bus.publish('fleetwake.events.test', 'x'.repeat(20_000)).catch(() => {});
          for (let count = 0; count < 5; count += 1) await events();
          const free = await refuseWrites(own, disk, small !== null);
          for (let count = 0; count < 5; count += 1) void events();
          await until(() => server.problem() !== null, 'it is known');
          expect(server.problem()).toMatch(/JetStream stores nothing/);
          expect(errors.filter((line) => line.startsWith('nats.not_working')).length).toBe(1);
          await free();
          await until(() => works('after the full disk'), 'it works again');
          await until(() => server.problem() === null, 'it is known');
        });
      } finally {
        await small?.unmount();
      }
    }));

  it('is restarted when its JetStream does not answer although its process runs', () =>
    withTemporaryFolder((folder) =>
      withOwnServer(
        join(folder, 'nats'),
        async ({ server, errors, works, pid }) => {
          const before = await pid();
          process.kill(before, 'SIGSTOP');
          await until(() => server.problem() !== null, 'it is known');
          await until(() => works('after the silence'), 'it works again');
          await until(() => server.problem() === null, 'it is known');
          expect(await pid()).not.toBe(before);
          expect(errors.filter((line) => line.startsWith('nats.'))).toEqual([
            expect.stringMatching(/^nats\.not_working JetStream stores nothing \(/),
          ]);
        },
        { times: impatient },
      ),
    ));

  it('is left alone while its process is too busy to read its answers, and restarted once that is over', () =>
    withTemporaryFolder((folder) => {
      let looks = 0;
      let isBusy = true;
      const eventLoop = {
        busyMs() {
          looks += 1;
          return isBusy ? looks * 1_000 : 0;
        },
      };
      return withOwnServer(
        join(folder, 'nats'),
        async ({ server, errors, pid }) => {
          const before = await pid();
          process.kill(before, 'SIGSTOP');
          // Two looks for each check that failed: one before it, one after it.
          const from = looks;
          await until(() => looks >= from + 2 * 5, 'five checks have failed');
          expect([await pid(), server.problem(), errors.filter((line) => line.startsWith('nats.'))]).toEqual([
            before,
            null,
            [],
          ]);
          isBusy = false;
          await until(() => server.problem() !== null, 'it is known');
          await until(async () => (await pid()) !== before, 'it is restarted');
        },
        { eventLoop, times: impatient },
      );
    }));

  it('is the same server for its clients after its data folder was deleted while it ran', () =>
    withTemporaryFolder((folder) =>
      withOwnServer(join(folder, 'nats'), async ({ dataFolder, server, errors, works, pid }) => {
        const { url } = server;
        await rm(dataFolder, { recursive: true });
        await until(() => works('after the loss'), 'it works again');
        await until(async () => (await pid()) > 0, 'it has its files again');
        await until(() => server.problem() === null, 'it is known');
        await until(() => works('after the restart'), 'it works again');
        expect(errors.filter((line) => line.startsWith('nats.not_working'))).toEqual([
          `nats.not_working its data folder ${dataFolder} is gone`,
        ]);
        expect(server.url).toBe(url);
        expect(await readFile(join(dataFolder, 'nats-password'), 'utf8')).toBe(new URL(url).password);
      }),
    ));

  it('is left alone while it works', () =>
    withTemporaryFolder((folder) => {
      const eventLoop = idleLoop();
      return withOwnServer(
        join(folder, 'nats'),
        async ({ server, errors, works, pid }) => {
          const before = await pid();
          await until(() => eventLoop.looks() > 10, 'ten checks have succeeded');
          expect([await pid(), server.problem(), errors]).toEqual([before, null, []]);
          await until(() => works('still'), 'it still works');
        },
        { eventLoop },
      );
    }));

  it('has a stream without files recreated by its clients (error 10077), also without a restart of the server', () =>
    withTemporaryFolder(async (folder) => {
      const dataFolder = join(folder, 'nats');
      const server = await startNatsServer({ dataFolder, log: silentLog });
      const errors: string[] = [];
      const bus = await openNatsBus({
        url: server.url,
        log: { ...silentLog, error: (event) => void errors.push(event) },
      });
      try {
        await rm(join(dataFolder, 'jetstream'), { recursive: true });
        await writeFile(join(dataFolder, 'jetstream-was-here'), '');
        // Some 8 MB fill the block that is still open; the next one cannot be created.
        const large = 'x'.repeat(500_000);
        for (let count = 0; count < 40; count += 1) await bus.publish('fleetwake.wake.a', large);
        expect(errors).toEqual(['bus.stream_recreated']);
        expect(bus.problem()).toBeNull();
      } finally {
        await bus.close();
        await server.stop();
      }
    }));
});
