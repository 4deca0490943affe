import {
  type Msg,
  type NatsConnection,
  headers as newHeaders,
  PermissionViolationError,
  RequestError,
} from '@nats-io/transport-node';
import type { Log } from '../ports/log.ts';
import type {
  AnsweredSubject,
  Answering,
  MessageReply,
  MessageRequest,
  Messenger,
} from '../ports/messenger.ts';
import { reasonOf } from './nats-connection.ts';
import { within } from './nats-consumption.ts';

const pingMaxMs = 2_000;
const pingTimes = 3;
/** Where answers go. A request may name any subject, and this account may publish on more of them than who asks. */
const inboxes = '_INBOX.';

interface Service extends AnsweredSubject {
  readonly handle: (request: MessageRequest) => MessageReply;
  /** Subscribed, or about to be: not to be served again. */
  isServed: boolean;
}

/** What a messenger answers, over the connection that `usable` returns; null while there is none. */
export function natsServices(usable: () => NatsConnection | null, log: Log) {
  const services: Service[] = [];

  async function serve(service: Service): Promise<Answering> {
    const { subject, handle } = service;
    service.isServed = true;
    const answering = await availability(service, usable);
    const connection = usable();
    if (answering !== 'answers' || connection === null) {
      // Connected since: the call of `serveAll` for it has passed this service by.
      if (answering === 'away' && connection !== null) return serve(service);
      service.isServed = false;
      return answering === 'taken' ? 'taken' : 'away';
    }
    connection.subscribe(subject, {
      callback: (error, message) => {
        if (error) log.error('fleet_bus.subscription_failed', { subject, error: reasonOf(error) });
        else respond(message, handle, log);
      },
    });
    await within(pingMaxMs, connection.flush());
    return 'answers';
  }

  return {
    add(service: AnsweredSubject, handle: Service['handle']): ReturnType<Messenger['answer']> {
      const one = { ...service, handle, isServed: false };
      services.push(one);
      return serve(one);
    },
    /** To be called after each connect: what is served already is subscribed again by the connection itself. */
    async serveAll(): Promise<void> {
      for (const service of services)
        if (!service.isServed && (await serve(service)) === 'taken')
          log.error('fleet_bus.subjects_taken', { subject: service.subject });
    },
  };
}

/** Returns `answers` when this program may answer. A program that hears the ping and is slow to answer has the subjects. */
async function availability(
  { ping }: AnsweredSubject,
  usable: () => NatsConnection | null,
): Promise<Answering> {
  for (let time = 1; time <= pingTimes; time += 1) {
    const connection = usable();
    if (connection === null) return 'away';
    const outcome = await pinged(connection, ping);
    if (outcome !== 'no answer') return outcome;
  }
  return usable() === null ? 'away' : 'taken';
}

function respond(message: Msg, handle: Service['handle'], log: Log): void {
  if (!message.reply?.startsWith(inboxes)) return;
  const { payload, headers } = handle({ subject: message.subject, payload: message.data });
  const sent = newHeaders();
  for (const [name, value] of Object.entries(headers)) sent.set(name, value);
  try {
    message.respond(payload, { headers: sent });
  } catch (error) {
    log.warn('fleet_bus.reply_not_sent', { subject: message.subject, reason: reasonOf(error) });
  }
}

async function pinged(connection: NatsConnection, ping: string): Promise<Answering | 'no answer'> {
  try {
    await connection.request(ping, '', { timeout: pingMaxMs });
    return 'taken';
  } catch (error) {
    return hasNoResponder(error) ? 'answers' : 'no answer';
  }
}

/** No program answers, or this account may not ask. A time-out says neither: a program heard the question. */
function hasNoResponder(error: unknown): boolean {
  if (error instanceof PermissionViolationError) return true;
  if (!(error instanceof RequestError)) return false;
  return error.isNoResponders() || error.cause instanceof PermissionViolationError;
}
