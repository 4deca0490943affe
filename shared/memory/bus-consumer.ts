import type { ConsumeOptions, Delivery } from '../ports/bus.ts';
import type { Clock, Timer } from '../ports/clock.ts';
import type { Log } from '../ports/log.ts';
import { newHeap } from './heap.ts';
import { newQueue } from './queue.ts';

/** A message that a stream keeps. */
export interface StoredMessage {
  readonly subject: string;
  readonly payload: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly sequence: number;
  readonly storedAt: number;
}

/** One process that takes messages of a durable. */
export interface Taker {
  readonly concurrency: number;
  readonly handle: (delivery: Delivery) => Promise<void>;
  readonly running: Set<Promise<void>>;
  /** False once it stopped or its process died. */
  isOpen: boolean;
  /** False once its process died: what it still says is not heard. */
  isHeard: boolean;
  /** Takes its next message from its current consumer. */
  seek: () => void;
}

/** A message on its way through one durable. */
interface Entry {
  readonly message: StoredMessage;
  deliveryCount: number;
  state: 'queued' | 'waiting' | 'done';
  /** Counts the waits, so that a wait that was replaced is known when it comes up. */
  wait: number;
}

interface Wait {
  readonly entry: Entry;
  readonly wait: number;
  readonly dueAt: number;
  readonly sequence: number;
}

/** Wait of a message whose handler threw. */
const failedDelayMs = 1_000;

export interface BusConsumer {
  readonly subject: string;
  configure(options: ConsumeOptions): void;
  offer(message: StoredMessage): void;
  attach(taker: Taker): void;
  /** Hands out what waits; to be called when a taker came or went. */
  dispatch(): void;
  close(): void;
}

/**
 * Durable consumer: messages to redeliver go before new ones, in order; waiting takers are served in turn. A delivered
 * message and one nak'ed with a delay wait in the same heap, so neither needs a scan.
 */
export function newBusConsumer(
  deps: { readonly clock: Clock; readonly log: Log; readonly onAck: (message: StoredMessage) => void },
  options: ConsumeOptions,
): BusConsumer {
  const { clock, log, onAck } = deps;
  let { ackWaitMs } = options;
  const fresh = newQueue<Entry>();
  const again = newQueue<Entry>();
  const waits = newHeap<Wait>((left, right) =>
    left.dueAt === right.dueAt ? left.sequence < right.sequence : left.dueAt < right.dueAt,
  );
  const takers: Taker[] = [];
  let turn = 0;
  let sequence = 0;
  let timer: Timer | null = null;
  let timerAt = Number.POSITIVE_INFINITY;
  let isClosed = false;

  function isOver(wait: Wait): boolean {
    return wait.entry.state !== 'waiting' || wait.entry.wait !== wait.wait;
  }

  function waitFor(entry: Entry, delayMs: number): void {
    entry.state = 'waiting';
    entry.wait += 1;
    sequence += 1;
    waits.push({ entry, wait: entry.wait, dueAt: clock.now() + delayMs, sequence });
    arm();
  }

  /** One timer for all waits. It never stands for a wait that is over, so that virtual time does not stop there. */
  function arm(): void {
    let next = waits.peek();
    while (next !== undefined && isOver(next)) {
      waits.pop();
      next = waits.peek();
    }
    const dueAt = next?.dueAt ?? Number.POSITIVE_INFINITY;
    if (dueAt === timerAt) return;
    timer?.cancel();
    timerAt = dueAt;
    timer = next === undefined ? null : clock.setTimer(dueAt - clock.now(), onTimer);
  }

  function onTimer(): void {
    timerAt = Number.POSITIVE_INFINITY;
    timer = null;
    for (let next = waits.peek(); next !== undefined && next.dueAt <= clock.now(); next = waits.peek()) {
      waits.pop();
      if (isOver(next)) continue;
      next.entry.state = 'queued';
      again.push(next.entry);
    }
    arm();
    dispatch();
  }

  function nextTaker(): Taker | null {
    for (let tried = 0; tried < takers.length; tried += 1) {
      turn = (turn + 1) % takers.length;
      const taker = takers[turn];
      if (taker?.isOpen && taker.running.size < taker.concurrency) return taker;
    }
    return null;
  }

  function dispatch(): void {
    for (let index = takers.length - 1; index >= 0; index -= 1) {
      if (!takers[index]?.isOpen) takers.splice(index, 1);
    }
    while (again.size + fresh.size > 0) {
      const taker = nextTaker();
      if (taker === null) return;
      const entry = again.shift() ?? fresh.shift();
      if (entry?.state === 'queued') deliver(entry, taker);
    }
  }

  function deliver(entry: Entry, taker: Taker): void {
    entry.deliveryCount += 1;
    waitFor(entry, ackWaitMs);
    const delivery = deliveryOf(entry, taker);
    const run = Promise.resolve()
      .then(() => taker.handle(delivery))
      .catch((error: unknown) => {
        log.error('bus.handler_failed', { subject: delivery.subject, error: String(error) });
        delivery.nak(failedDelayMs);
      })
      .finally(() => {
        taker.running.delete(run);
        if (taker.isHeard) taker.seek();
      });
    taker.running.add(run);
  }

  function deliveryOf(entry: Entry, taker: Taker): Delivery {
    const { subject, payload, headers, sequence: messageSequence } = entry.message;
    return {
      subject,
      payload,
      headers,
      sequence: messageSequence,
      deliveryCount: entry.deliveryCount,
      // As with JetStream, an answer to an earlier delivery counts as long as the message is there.
      ack() {
        if (entry.state === 'done' || !taker.isHeard || isClosed) return;
        entry.state = 'done';
        onAck(entry.message);
        arm();
      },
      nak(delayMs) {
        if (entry.state !== 'waiting' || !taker.isHeard || isClosed) return;
        waitFor(entry, Math.max(0, delayMs));
      },
    };
  }

  return {
    subject: options.subject,
    configure(next) {
      ackWaitMs = next.ackWaitMs;
    },
    offer(message) {
      fresh.push({ message, deliveryCount: 0, state: 'queued', wait: 0 });
      dispatch();
    },
    attach(taker) {
      takers.push(taker);
      taker.seek = dispatch;
      dispatch();
    },
    dispatch,
    close() {
      isClosed = true;
      timer?.cancel();
      timer = null;
      takers.length = 0;
    },
  };
}
