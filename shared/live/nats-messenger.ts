import { type NatsConnection, PermissionViolationError } from '@nats-io/transport-node';
import { sleep } from '../ports/clock.ts';
import type { Log } from '../ports/log.ts';
import type { Messenger } from '../ports/messenger.ts';
import { maskedAddress } from '../protocol/address.ts';
import { wallClock } from './clock.ts';
import { connectTo, NatsAccessUnusable, type NatsAddress, reasonOf } from './nats-connection.ts';
import { within } from './nats-consumption.ts';
import { natsServices } from './nats-services.ts';

/** Messages that the server has not taken yet; further ones are dropped. */
export const waitingMax = 10_000;
/** The server is asked for an acknowledgement after so many messages. */
const flushEvery = 256;
const reconnectDelayMs = 2_000;
/** How long a start waits for a NATS that takes the connection and says nothing. */
const firstConnectionMaxMs = 2_000;
const closeMaxMs = 2_000;

/**
 * Messages over NATS without JetStream. A NATS that is away at start is tried again for as long as the messenger is open. Rejects
 * with `NatsAccessUnusable` when a file of the credentials cannot be read at start.
 */
export async function openNatsMessenger(address: NatsAddress & { readonly log: Log }): Promise<Messenger> {
  const { log } = address;
  const stopping = new AbortController();
  const outgoing = outgoingQueue();
  const refusals = refusalLog(log);
  let connection: NatsConnection | null = null;
  let problem: string | null = `NATS at ${maskedAddress(address.url)} has not answered yet`;
  let hasFailed = false;
  const usable = () => (problem === null && connection?.isClosed() === false ? connection : null);
  const services = natsServices(usable, log);

  async function connectOnce(isFirst: boolean): Promise<boolean> {
    try {
      const opened = await connectTo(address);
      if (stopping.signal.aborted) {
        await opened.close();
        return false;
      }
      connection = opened;
      problem = null;
      void follow(opened);
      return true;
    } catch (error) {
      if (isFirst && error instanceof NatsAccessUnusable) throw error;
      if (!hasFailed) log.error('fleet_bus.connect_failed', { reason: reasonOf(error) });
      hasFailed = true;
      problem = reasonOf(error);
      return false;
    }
  }

  async function connectUntilOpen(first: Promise<boolean>): Promise<void> {
    let isOpen = await first.catch(() => false);
    while (!isOpen) {
      if (stopping.signal.aborted) return;
      await sleep(wallClock, reconnectDelayMs, stopping.signal);
      if (stopping.signal.aborted) return;
      isOpen = await connectOnce(false);
    }
    log.info('fleet_bus.connected', {});
    await services.serveAll();
  }

  async function follow(followed: NatsConnection): Promise<void> {
    for await (const event of followed.status()) {
      if (event.type === 'disconnect') {
        problem = 'the connection to NATS is interrupted';
        log.warn('fleet_bus.disconnected', { server: event.server });
      }
      if (event.type === 'reconnect') {
        problem = null;
        outgoing.reset();
        refusals.reset();
        log.info('fleet_bus.reconnected', { server: event.server });
        void services.serveAll();
      }
      if (event.type === 'error') refusals.add(event.error);
    }
  }

  const first = connectOnce(true);
  let isOpen = false;
  await orLater(
    firstConnectionMaxMs,
    first.then((opened) => {
      isOpen = opened;
    }),
  );
  if (!isOpen) void connectUntilOpen(first);
  return {
    publish: (subject, payload) =>
      connection !== null && problem === null && outgoing.send(connection, subject, payload),
    answer: services.add,
    problem: () => problem ?? outgoing.problem(),
    async close() {
      // A connection that is still being made is closed when it comes.
      stopping.abort();
      if (connection === null || connection.isClosed()) return;
      if (problem === null) await within(closeMaxMs, connection.flush());
      await connection.close();
    },
  };
}

/** Waits for `work`, but not longer than `limitMs`. Rejects with its error. */
async function orLater(limitMs: number, work: Promise<void>): Promise<void> {
  const waited = new AbortController();
  await Promise.race([work, sleep(wallClock, limitMs, waited.signal)]).finally(() => waited.abort());
}

/** Logs what the server refuses: of messages that this account may not publish, the first one of a connection. */
function refusalLog(log: Log) {
  let isLogged = false;
  return {
    add(error: Error): void {
      const isPublish = error instanceof PermissionViolationError && error.operation === 'publish';
      if (!isPublish || !isLogged) log.error('fleet_bus.server_error', { error: String(error) });
      isLogged ||= isPublish;
    },
    reset(): void {
      isLogged = false;
    },
  };
}

/** Bounds what is handed to the connection before the server has taken it. */
function outgoingQueue() {
  let waiting = 0;
  let flushing: object | null = null;

  function flush(connection: NatsConnection): void {
    const covered = waiting;
    const own = {};
    flushing = own;
    const end = (taken: number) => {
      if (flushing !== own) return;
      flushing = null;
      waiting -= taken;
      if (waiting >= flushEvery) flush(connection);
    };
    // Rejects when the connection is interrupted: what was under way is lost then.
    connection.flush().then(
      () => end(covered),
      () => end(waiting),
    );
  }

  return {
    send(connection: NatsConnection, subject: string, payload: string): boolean {
      if (waiting >= waitingMax) return false;
      try {
        connection.publish(subject, payload);
      } catch {
        // Longer than the server takes, or the connection has just ended.
        return false;
      }
      waiting += 1;
      if (waiting >= flushEvery && flushing === null) flush(connection);
      return true;
    },
    reset(): void {
      waiting = 0;
      flushing = null;
    },
    problem: () =>
      waiting >= waitingMax ? `NATS takes messages too slowly: ${waitingMax} already wait` : null,
  };
}
