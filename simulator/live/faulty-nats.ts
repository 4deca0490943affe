import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { wallClock } from '../../shared/live/clock.ts';
import {
  installNatsServer,
  type NatsServer,
  NatsServerMissing,
  type NatsServerOptions,
  startNatsServer,
} from '../../shared/live/nats-server.ts';
import { storedMessages } from '../../shared/live/stored-messages.ts';
import { sleep } from '../../shared/ports/clock.ts';
import type { Log } from '../../shared/ports/log.ts';
import { natsNames } from '../../shared/protocol/nats-names.ts';
import { streams } from '../../shared/protocol/subjects.ts';
import type { FaultyComponents } from '../faults/component-faults.ts';

/** Between two tries of a server that cannot start yet. */
const startAgainMs = 1_000;

/** A nats-server of the run's own that a fault can kill, start again and empty. */
export interface FaultyNats {
  readonly url: string;
  /** Null where it is not the run's own. */
  readonly faults: FaultyComponents['nats'];
  readonly isUp: boolean;
  /** The events that were wiped, as they were published. */
  wipedEvents(): readonly string[];
  stop(): Promise<void>;
}

export interface FaultyNatsOptions
  extends Required<Pick<NatsServerOptions, 'program' | 'dataFolder' | 'log'>> {
  /** Names the gateway's streams. */
  readonly prefix: string;
  /** Whether a missing nats-server may be installed. */
  readonly mayInstall: boolean;
  /** Below the ports of outgoing connections: its clients dial it while it is away. */
  readonly port: number;
}

export async function faultyNats({ mayInstall, prefix, ...options }: FaultyNatsOptions): Promise<FaultyNats> {
  const { dataFolder, log } = options;
  const stopping = new AbortController();
  const wiped: string[] = [];
  let server: NatsServer | null = await startNatsServer(options).catch(async (error: unknown) => {
    if (!(error instanceof NatsServerMissing) || !mayInstall) throw error;
    await installNatsServer(log);
    return startNatsServer(options);
  });
  const { url } = server;
  const { password } = new URL(url);
  const turns = faultsInTurn(log, stopping.signal);

  async function up(): Promise<void> {
    while (server === null && !stopping.signal.aborted) {
      try {
        server = await startNatsServer({ ...options, password });
      } catch (error) {
        log.warn('run.nats_not_started', { error: String(error) });
        await sleep(wallClock, startAgainMs, stopping.signal);
      }
    }
  }

  async function down(): Promise<void> {
    await server?.kill();
    server = null;
  }

  /** Reads what it stored on a port that no client knows, so that every event is seen before it is lost. */
  async function wipe(): Promise<void> {
    const wasUp = server !== null;
    await down();
    const aside = await startNatsServer({ ...options, port: 0, password });
    try {
      wiped.push(...(await storedMessages(aside.url, natsNames(prefix).stream(streams.events.name))));
    } finally {
      await aside.kill();
    }
    await rm(join(dataFolder, 'jetstream'), { recursive: true, force: true });
    if (wasUp) await up();
  }

  return {
    url,
    faults: {
      setDown: (isDown) => turns.add(isDown ? down : up),
      wipe: () => turns.add(wipe),
    },
    get isUp() {
      return server !== null && turns.isIdle;
    },
    wipedEvents: () => wiped,
    async stop() {
      stopping.abort();
      await turns.idle();
      await server?.stop();
    },
  };
}

/** Applies faults one after the other, in the order in which they were asked for; none once `stopping` is aborted. */
function faultsInTurn(log: Log, stopping: AbortSignal) {
  let work: Promise<void> = Promise.resolve();
  let queued = 0;
  return {
    add(act: () => Promise<void>): void {
      queued += 1;
      work = work
        .then(() => (stopping.aborted ? undefined : act()))
        .catch((error: unknown) => log.error('run.nats_fault_failed', { error: String(error) }))
        .finally(() => {
          queued -= 1;
        });
    },
    get isIdle() {
      return queued === 0;
    },
    idle: () => work,
  };
}

/** Returns a NATS that is not the run's own: nothing of it fails. */
export function soundNats(url: string): FaultyNats {
  return {
    url,
    faults: { setDown() {}, wipe() {} },
    isUp: true,
    wipedEvents: () => [],
    stop: async () => {},
  };
}
