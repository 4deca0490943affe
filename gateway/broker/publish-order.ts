import type { Aedes, PublishPacket } from 'aedes';

type Done = (error?: Error | null) => void;

/** The part of Aedes that its types leave out. */
interface Internals {
  publish(packet: PublishPacket, client: unknown, done: Done): void;
  readonly mq: { emit(packet: unknown, done?: Done): unknown };
}

/**
 * Aedes numbers a message when it is published and drops as a duplicate every message that reaches a subscriber with a lower
 * number than the last. Messages of different kind (QoS 0 or 1, retained or not) take a different time from number to
 * subscriber, so a QoS 0 message overtakes a QoS 1 one and the QoS 1 message is lost. Here each message gets its number only
 * when the one before is on its way to the subscribers. Returns a publish that resolves when the message was taken: kept for
 * absent sessions and on its way.
 */
export function orderPublishes(broker: Aedes): (packet: PublishPacket) => Promise<void> {
  const internals = broker as unknown as Internals;
  const publish = internals.publish.bind(broker);
  const emit = internals.mq.emit.bind(internals.mq);
  const waiting: Turn[] = [];
  let active: Turn | null = null;
  let pumping = false;

  /** A loop and not a recursion: a message without QoS is on its way before `publish` returns. */
  function pump(): void {
    if (pumping) return;
    pumping = true;
    for (let turn = waiting[0]; active === null && turn !== undefined; turn = waiting[0]) {
      waiting.shift();
      begin(turn);
    }
    pumping = false;
  }

  function begin(turn: Turn): void {
    active = turn;
    publish(turn.packet, turn.client, (error) => {
      release(turn, error ?? null);
      turn.done?.(error ?? null);
    });
  }

  function release(turn: Turn | null, error: Error | null): void {
    if (turn === null || active !== turn) return;
    active = null;
    turn.taken?.(error);
    pump();
  }

  internals.mq.emit = (packet, done) => {
    const result = emit(packet, done);
    release(active, null);
    return result;
  };

  internals.publish = (packet, client, done) => {
    const isDone = typeof client === 'function';
    waiting.push({ packet, client: isDone ? null : client, done: isDone ? (client as Done) : done });
    pump();
  };

  return (packet) =>
    new Promise((resolve, reject) => {
      const taken = (error: Error | null) => (error ? reject(error) : resolve());
      waiting.push({ packet, client: null, taken });
      pump();
    });
}

interface Turn {
  readonly packet: PublishPacket;
  readonly client: unknown;
  readonly done?: Done;
  readonly taken?: (error: Error | null) => void;
}
