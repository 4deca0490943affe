import {
  type Bus,
  BusUnavailable,
  type ConsumeOptions,
  type Consumption,
  type PublishOptions,
} from '../ports/bus.ts';
import type { Clock } from '../ports/clock.ts';
import { type Log, silentLog } from '../ports/log.ts';
import {
  duplicateWindowMs,
  eventMaxAgeMs,
  type StreamDefinition,
  streamOf,
  streams,
  subjectMatches,
} from '../protocol/subjects.ts';
import { type BusConsumer, newBusConsumer, type StoredMessage, type Taker } from './bus-consumer.ts';

/** The most messages that one stream holds in memory: beyond it a wake-up is refused, and the oldest event goes. */
const streamMaxMessages = 1_000_000;

/** Stream server in memory, for several processes of one run. Its messages are lost with it. */
export interface MemoryBroker {
  /** A connection of one process. `close` of it is that process's end: its handlers' answers are not heard any more. */
  connect(): Bus;
  /** Loses all messages and consumers, as a server does whose disk was wiped. Consumptions continue with later messages. */
  wipe(): void;
  /** Subjects of the messages that a stream has, oldest first. */
  stored(stream: string): readonly string[];
}

interface Deps {
  readonly clock: Clock;
  readonly log?: Log;
}

/** A bus inside one process, with the semantics of JetStream on the clock port alone and in a deterministic order. */
export function memoryBus(deps: Deps): Bus {
  const broker = memoryBroker(deps);
  return broker.connect();
}

export function memoryBroker({ clock, log = silentLog }: Deps): MemoryBroker {
  const kept = new Map<string, MemoryStream>();
  const create = () => {
    for (const stream of Object.values(streams)) kept.set(stream.name, newStream({ clock, log }, stream));
  };
  create();
  const streamNamed = (name: string): MemoryStream => {
    const stream = kept.get(name);
    if (!stream) throw new Error(`there is no stream ${name}`);
    return stream;
  };
  const attached = new Map<Taker, ConsumeOptions>();
  return {
    connect: () => newConnection(streamNamed, attached),
    stored: (stream) => streamNamed(stream).subjects(),
    wipe() {
      for (const stream of kept.values()) stream.close();
      create();
      for (const [taker, options] of attached) streamNamed(options.stream).attach(options, taker);
    },
  };
}

function newConnection(
  streamNamed: (name: string) => MemoryStream,
  attached: Map<Taker, ConsumeOptions>,
): Bus {
  const takers = new Set<Taker>();
  let isClosed = false;

  function leave(taker: Taker): void {
    taker.isOpen = false;
    const options = attached.get(taker);
    attached.delete(taker);
    takers.delete(taker);
    if (options) streamNamed(options.stream).dispatch(options);
  }

  return {
    async publish(subject, payload, options = {}) {
      const { name } = streamOf(subject);
      if (isClosed) throw new BusUnavailable('the bus is closed');
      streamNamed(name).store(subject, payload, options);
    },
    async consume(options, handle): Promise<Consumption> {
      if (isClosed) throw new BusUnavailable('the bus is closed');
      const { concurrency } = options;
      const taker: Taker = {
        concurrency,
        handle,
        running: new Set(),
        isOpen: true,
        isHeard: true,
        seek() {},
      };
      streamNamed(options.stream).attach(options, taker);
      attached.set(taker, options);
      takers.add(taker);
      return {
        async stop() {
          leave(taker);
          while (taker.running.size > 0) await Promise.all(taker.running);
        },
      };
    },
    problem: () => null,
    async close() {
      isClosed = true;
      for (const taker of takers) {
        taker.isHeard = false;
        leave(taker);
      }
    },
  };
}

interface MemoryStream {
  store(subject: string, payload: string, options: PublishOptions): void;
  attach(options: ConsumeOptions, taker: Taker): void;
  dispatch(options: ConsumeOptions): void;
  subjects(): string[];
  close(): void;
}

function newStream(
  deps: { readonly clock: Clock; readonly log: Log },
  definition: StreamDefinition,
): MemoryStream {
  const { clock } = deps;
  const isQueue = definition.retention === 'workqueue';
  const messages = new Set<StoredMessage>();
  const consumers = new Map<string, BusConsumer>();
  let sequence = 0;
  const isDuplicate = duplicateCheck(clock);

  function makeRoom(): void {
    if (isQueue && messages.size >= streamMaxMessages) throw new BusUnavailable(`${definition.name} is full`);
    if (isQueue) return;
    for (const message of messages) {
      const isOld = clock.now() - message.storedAt >= eventMaxAgeMs;
      if (!isOld && messages.size < streamMaxMessages) break;
      messages.delete(message);
    }
  }

  function consumerOf(options: ConsumeOptions): BusConsumer {
    const known = consumers.get(options.durable);
    if (known) {
      known.configure(options);
      return known;
    }
    const rival = [...consumers.values()].find(({ subject }) => mayOverlap(subject, options.subject));
    if (isQueue && rival) {
      throw new Error(`${definition.name} is a work queue: ${options.subject} already has another durable`);
    }
    const onAck = (message: StoredMessage) => {
      if (isQueue) messages.delete(message);
    };
    const made = newBusConsumer({ ...deps, onAck }, options);
    consumers.set(options.durable, made);
    for (const message of messages) {
      if (subjectMatches(options.subject, message.subject)) made.offer(message);
    }
    return made;
  }

  return {
    store(subject, payload, { messageId, headers = {} }) {
      makeRoom();
      if (isDuplicate(messageId)) return;
      sequence += 1;
      const message: StoredMessage = { subject, payload, headers, sequence, storedAt: clock.now() };
      messages.add(message);
      for (const consumer of consumers.values()) {
        if (subjectMatches(consumer.subject, subject)) consumer.offer(message);
      }
    },
    attach: (options, taker) => consumerOf(options).attach(taker),
    dispatch: (options) => consumers.get(options.durable)?.dispatch(),
    subjects: () => [...messages].map(({ subject }) => subject),
    close() {
      for (const consumer of consumers.values()) consumer.close();
      consumers.clear();
      messages.clear();
    },
  };
}

/** Returns whether a message id was given before, within the window of a stream. */
function duplicateCheck(clock: Clock): (messageId: string | undefined) => boolean {
  /** When each message id was first seen; insertion order is age order. */
  const seenAt = new Map<string, number>();
  return (messageId) => {
    if (messageId === undefined) return false;
    for (const [id, at] of seenAt) {
      if (clock.now() - at < duplicateWindowMs) break;
      seenAt.delete(id);
    }
    if (seenAt.has(messageId)) return true;
    seenAt.set(messageId, clock.now());
    return false;
  };
}

/** Whether some subject could match both filters. */
function mayOverlap(one: string, two: string): boolean {
  const left = one.split('.');
  const right = two.split('.');
  for (let index = 0; index < Math.max(left.length, right.length); index += 1) {
    const [a, b] = [left[index], right[index]];
    if (a === undefined || b === undefined) return false;
    if (a === '>' || b === '>') return true;
    if (a !== b && a !== '*' && b !== '*') return false;
  }
  return true;
}
