import {
  type DeviceLink,
  LinkClosed,
  type LinkConnection,
  type LinkMessage,
  type LinkOptions,
} from '../../shared/ports/device-link.ts';
import type { Log } from '../../shared/ports/log.ts';
import { type Principal, refuseClientId, refusePublish, refuseReceive, refuseSubscribe } from './access.ts';
import { filterMatches } from './topic-filter.ts';

/** What the connections of this process need of the broker behind them. */
export interface InProcessBroker {
  readonly log: Log;
  check(username: string, password: string): Promise<Principal | null>;
  /** Takes a message that the rules allow, and brings it to every subscriber, those of this process included. */
  take(message: LinkMessage, clientId: string): Promise<void>;
  /** The retained messages under the filters. */
  retained(filters: readonly string[]): AsyncIterable<LinkMessage>;
}

/** QoS 1 messages that wait for a session of this process while it is away; the newest are refused beyond it. */
const queueMax = 10_000;

interface Session {
  readonly clientId: string;
  readonly filters: Set<string>;
  waiting: LinkMessage[];
  connection: Connection | null;
}

interface Connection {
  readonly options: LinkOptions;
  readonly principal: Principal;
  lost(reason: string): void;
}

/**
 * A `DeviceLink` without a socket, for clients in the broker's own process. The same rules hold as over TCP. A message is
 * handed to these subscribers before its publisher gets the acknowledgement, and the acknowledgement waits for them.
 */
export function inProcessLink(broker: InProcessBroker) {
  const sessions = new Map<string, Session>();
  const dialling = new Set<() => void>();
  const established = new Set<Connection>();
  let up = false;

  function attach(connection: Connection): { session: Session; sessionPresent: boolean } {
    const { clientId, cleanSession } = connection.options;
    const known = sessions.get(clientId);
    known?.connection?.lost('another connection took the client id');
    const session = (!cleanSession && known) || {
      clientId,
      filters: new Set(),
      waiting: [],
      connection: null,
    };
    sessions.set(clientId, session);
    session.connection = connection;
    return { session, sessionPresent: session === known };
  }

  function hand(session: Session, connection: Connection, message: LinkMessage): void | Promise<void> {
    if (refuseReceive(connection.principal, message.topic) !== null) return;
    if (session.connection === connection) return connection.options.onMessage(message);
  }

  /** What waited was acknowledged to its publisher when it came: a handler that fails now is only reported. */
  async function handWaiting(
    session: Session,
    connection: Connection,
    waiting: readonly LinkMessage[],
  ): Promise<void> {
    for (const message of waiting) {
      try {
        await hand(session, connection, message);
      } catch (error) {
        broker.log.error('broker.subscriber_failed', { topic: message.topic, error: String(error) });
      }
    }
  }

  async function deliver(message: LinkMessage): Promise<void> {
    const handlers: (void | Promise<void>)[] = [];
    for (const session of sessions.values()) {
      if (![...session.filters].some((filter) => filterMatches(filter, message.topic))) continue;
      const live = { ...message, retain: false };
      if (session.connection) handlers.push(hand(session, session.connection, live));
      else if (message.qos === 1 && session.waiting.length < queueMax) session.waiting.push(live);
      else if (message.qos === 1) broker.log.warn('broker.queue_full', { clientId: session.clientId });
    }
    await Promise.all(handlers);
  }

  function detach(connection: Connection): void {
    established.delete(connection);
    const session = sessions.get(connection.options.clientId);
    if (session?.connection !== connection) return;
    session.connection = null;
    if (connection.options.cleanSession) sessions.delete(session.clientId);
  }

  const link: DeviceLink = {
    open: (options) => openConnection(options),
  };

  function openConnection(options: LinkOptions): LinkConnection {
    let wanted = true;
    let current: Connection | null = null;

    const connect = () => {
      if (!up || !wanted || current) return;
      void dial().catch((error: unknown) => options.onDisconnect?.(String(error)));
    };

    async function dial(): Promise<void> {
      const principal = await broker.check(options.username, options.password);
      if (!up || !wanted || current) return;
      const refusal = principal === null ? 'credentials' : refusalOf(principal, options);
      if (principal === null || refusal !== null) {
        wanted = false;
        broker.log.warn('broker.refused', { clientId: options.clientId, reason: refusal });
        return options.onDisconnect?.(`refused: ${refusal}`);
      }
      const connection: Connection = { options, principal, lost: (reason) => drop(reason, true) };
      current = connection;
      established.add(connection);
      const { session, sessionPresent } = attach(connection);
      const waiting = session.waiting;
      session.waiting = [];
      options.onConnect?.({ sessionPresent });
      await handWaiting(session, connection, waiting);
    }

    /** Ends the connection; without a goodbye the will is published. */
    function drop(reason: string, withWill: boolean): void {
      const connection = current;
      if (!connection) return;
      current = null;
      // Lost to another connection with this id, it would only take the id back and be lost again.
      if (up) wanted = false;
      detach(connection);
      if (withWill && up && options.will) {
        void broker
          .take(options.will, options.clientId)
          .catch((error: unknown) => broker.log.error('broker.will_lost', { error: String(error) }));
      }
      options.onDisconnect?.(reason);
    }

    dialling.add(connect);
    queueMicrotask(connect);
    return {
      get connected() {
        return current !== null;
      },
      async publish(message) {
        if (!current) throw new LinkClosed('not connected');
        const refusal = refusePublish(current.principal, message);
        if (refusal !== null) {
          broker.log.warn('broker.refused', {
            clientId: options.clientId,
            reason: refusal,
            topic: message.topic,
          });
          drop(`refused: ${refusal}`, true);
          throw new LinkClosed(`the broker refused to publish on ${message.topic}: ${refusal}`);
        }
        await broker.take(message, options.clientId);
      },
      async subscribe(filters) {
        const connection = current;
        const session = sessions.get(options.clientId);
        if (!connection || !session) throw new LinkClosed('not connected');
        const allowed = filters.filter((filter) => refuseSubscribe(connection.principal, filter) === null);
        for (const filter of allowed) session.filters.add(filter);
        void sendRetained(session, connection, allowed).catch((error: unknown) =>
          broker.log.error('broker.retained_lost', { clientId: options.clientId, error: String(error) }),
        );
      },
      cut() {
        drop('cut', true);
        wanted = false;
      },
      reconnect() {
        wanted = true;
        queueMicrotask(connect);
      },
      async close() {
        wanted = false;
        dialling.delete(connect);
        drop('closed', false);
      },
    };
  }

  async function sendRetained(
    session: Session,
    connection: Connection,
    filters: readonly string[],
  ): Promise<void> {
    if (filters.length === 0) return;
    for await (const message of broker.retained(filters)) await hand(session, connection, message);
  }

  return {
    link,
    deliver,
    count: () => established.size,
    /** The broker came up or went away; sessions stay, and connections follow it. */
    setUp(value: boolean): void {
      up = value;
      if (up) for (const connect of dialling) connect();
      else for (const connection of [...established]) connection.lost('the broker stopped');
    },
  };
}

function refusalOf(principal: Principal, options: LinkOptions): string | null {
  const refusal = refuseClientId(principal, options.clientId, options.cleanSession);
  if (refusal !== null || !options.will) return refusal;
  return refusePublish(principal, options.will) === null ? null : 'will';
}
