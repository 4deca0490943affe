import { wallClock } from '../../shared/live/clock.ts';
import { type NatsServer, type NatsServerOptions, startNatsServer } from '../../shared/live/nats-server.ts';
import { sleep } from '../../shared/ports/clock.ts';
import type { EventLoop } from '../../shared/ports/event-loop.ts';

/** Waits of the watch; a test makes them shorter. */
interface WatchTimes {
  /** How often the server is asked whether JetStream works. */
  readonly checkEveryMs: number;
  /** Longer than a busy machine needs for an answer: a server that works must not be restarted. */
  readonly answerMaxMs: number;
  readonly restartPauseMs: number;
}

const watchTimes: WatchTimes = { checkEveryMs: 2_000, answerMaxMs: 5_000, restartPauseMs: 1_000 };
/** Failures in a row after which it is restarted. */
const failedChecksMax = 3;
/** A check in which this process was busy for longer says nothing about the server: its answer may lie here unread. */
const busyMaxMs = 500;
const diskFull = /no space left/i;

export interface OwnNatsServerOptions extends NatsServerOptions {
  /** Of this process. */
  readonly eventLoop: Pick<EventLoop, 'busyMs'>;
  readonly times?: Partial<WatchTimes>;
}

export interface OwnNatsServer {
  readonly url: string;
  readonly port: number;
  /** Why it does not work, from the moment that this is known until it works again; null when it does. */
  problem(): string | null;
  stop(): Promise<void>;
}

/**
 * A nats-server whose work is watched, not only its process: it is started again, on its port, password and data, when it ends
 * without being asked to, when its JetStream answers no more (after a full disk) and when its data folder is gone. A busy process never
 * takes its own delay for the server's.
 */
export async function ownNatsServer(options: OwnNatsServerOptions): Promise<OwnNatsServer> {
  const { log, eventLoop } = options;
  const { checkEveryMs, answerMaxMs, restartPauseMs } = { ...watchTimes, ...options.times };
  let server: NatsServer = await startNatsServer(options);
  let problem: string | null = null;
  const { url, port } = server;
  const stopping = new AbortController();
  const { signal } = stopping;

  function report(event: string, reason: string): void {
    problem = reason;
    log.error(event, { port, reason, lastWords: server.lastWords() });
  }

  async function restart(): Promise<void> {
    while (!signal.aborted) {
      await sleep(wallClock, restartPauseMs, signal);
      if (signal.aborted) return;
      try {
        server = await startNatsServer({ ...options, port, password: new URL(url).password });
        problem = null;
        return;
      } catch (error) {
        problem = error instanceof Error ? error.message : String(error);
        log.error('nats.not_started', { port, reason: problem });
      }
    }
  }

  /** Resolves when the server has to be restarted, or the signal is aborted. */
  async function untilBroken(): Promise<void> {
    let failedChecks = 0;
    let hasEnded = false;
    const ended = server.exited.then(() => {
      hasEnded = true;
    });
    while (!signal.aborted) {
      await Promise.race([ended, sleep(wallClock, checkEveryMs, signal)]);
      const busyBefore = eventLoop.busyMs();
      const failure = hasEnded || signal.aborted ? null : await server.check(answerMaxMs);
      if (signal.aborted) return;
      if (hasEnded) return report('nats.ended', 'its process ended');
      if (failure !== null && eventLoop.busyMs() - busyBefore > busyMaxMs) continue;
      failedChecks = failure === null ? 0 : failedChecks + 1;
      if (failure === null) problem = null;
      else if (failedChecks === failedChecksMax) report('nats.not_working', failure);
      // A restart frees no space, and the server recovers by itself once there is some.
      if (failure !== null && failedChecks >= failedChecksMax && !diskFull.test(failure)) return;
    }
  }

  async function watch(): Promise<void> {
    while (!signal.aborted) {
      await untilBroken();
      if (signal.aborted) return;
      await server.kill();
      await restart();
    }
  }

  const watching = watch();
  return {
    url,
    port,
    problem: () => problem,
    async stop() {
      stopping.abort();
      await server.stop();
      await watching;
      // It may have come back while it was being ended.
      await server.stop();
    },
  };
}
