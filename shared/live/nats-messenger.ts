import { type Msg, type NatsConnection, headers as newHeaders } from '@nats-io/transport-node';
import { sleep } from '../ports/clock.ts';
import type { Log } from '../ports/log.ts';
import type {
  AnsweredSubject,
  Answering,
  MessageReply,
  MessageRequest,
  Messenger,
} from '../ports/messenger.ts';
import { wallClock } from './clock.ts';
import { connectTo, NatsAccessUnusable, type NatsAddress, reasonOf } from './nats-connection.ts';
import { within } from './nats-consumption.ts';

/** Messages that the server has not taken yet; further ones are dropped. */
export const waitingMax = 10_000;
/** The server is asked for an acknowledgement after so many messages. */
const flushEvery = 256;
const dialAgainMs = 2_000;
const pingMaxMs = 2_000;
const closeMaxMs = 2_000;

interface Service extends AnsweredSubject {
  readonly handle: (request: MessageRequest) => MessageReply;
}

/**
 * Messages over NATS without JetStream. A NATS that is away at start is tried again for as long as the messenger is open. Rejects
 * with `NatsAccessUnusable` when a file of the credentials cannot be read.
 */
export async function openNatsMessenger(address: NatsAddress & { readonly log: Log }): Promise<Messenger> {
  const { log } = address;
  const stopping = new AbortController();
  const outgoing = outgoingQueue();
  const services: Service[] = [];
  let connection: NatsConnection | null = null;
  let problem: string | null = null;

  async function dial(): Promise<boolean> {
    try {
      connection = await connectTo(address);
      problem = null;
      void follow(connection);
      return true;
    } catch (error) {
      if (error instanceof NatsAccessUnusable) throw error;
      if (problem === null) log.error('fleet_bus.connect_failed', { reason: reasonOf(error) });
      problem = reasonOf(error);
      return false;
    }
  }

  async function dialUntilConnected(): Promise<void> {
    while (!stopping.signal.aborted) {
      await sleep(wallClock, dialAgainMs, stopping.signal);
      if (stopping.signal.aborted || !(await dial())) continue;
      log.info('fleet_bus.connected', {});
      for (const service of services)
        if ((await serve(service)) === 'taken')
          log.error('fleet_bus.subjects_taken', { subject: service.subject });
      return;
    }
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
        log.info('fleet_bus.reconnected', { server: event.server });
      }
      if (event.type === 'error') log.error('fleet_bus.server_error', { error: String(event.error) });
    }
  }

  async function serve({ subject, ping, handle }: Service): Promise<Answering> {
    if (connection === null || problem !== null) return 'away';
    if (await isAnswered(connection, ping)) return 'taken';
    connection.subscribe(subject, {
      callback: (error, message) => {
        if (error) log.error('fleet_bus.subscription_failed', { subject, error: reasonOf(error) });
        else if (message.reply) respond(message, handle, log);
      },
    });
    await within(pingMaxMs, connection.flush());
    return 'answers';
  }

  const dialling = (await dial()) ? Promise.resolve() : dialUntilConnected();
  return {
    publish: (subject, payload) =>
      connection !== null && problem === null && outgoing.send(connection, subject, payload),
    answer(service, handle) {
      const one = { ...service, handle };
      services.push(one);
      return serve(one);
    },
    problem: () => problem ?? outgoing.problem(),
    async close() {
      stopping.abort();
      await dialling;
      if (connection === null || connection.isClosed()) return;
      if (problem === null) await within(closeMaxMs, connection.flush());
      await connection.close();
    },
  };
}

function respond(message: Msg, handle: Service['handle'], log: Log): void {
  const { payload, headers } = handle({ subject: message.subject, payload: message.data });
  const sent = newHeaders();
  for (const [name, value] of Object.entries(headers)) sent.set(name, value);
  try {
    message.respond(payload, { headers: sent });
  } catch (error) {
    log.warn('fleet_bus.reply_not_sent', { subject: message.subject, reason: reasonOf(error) });
  }
}

async function isAnswered(connection: NatsConnection, ping: string): Promise<boolean> {
  try {
    await connection.request(ping, '', { timeout: pingMaxMs });
    return true;
  } catch {
    // No program answers, or this account may not ask.
    return false;
  }
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
