import { Readable } from 'node:stream';
import type { PublishPacket } from 'aedes';
import memory from 'aedes-persistence';
import { limitQueues, type QueuePersistence } from './queue-limit.ts';
import { newRetainedStore } from './retained-store.ts';

interface Subscriber {
  readonly id: string;
}

interface Subscription {
  readonly topic: string;
}

/** The part of Aedes' persistence that is replaced here; its types describe the callback form alone. */
interface Persistence extends QueuePersistence {
  storeRetained(packet: PublishPacket): Promise<void>;
  createRetainedStream(filter: string): Readable;
  createRetainedStreamCombi(filters: readonly string[]): Readable;
  addSubscriptions(client: Subscriber, subscriptions: readonly Subscription[]): Promise<void>;
}

/** The module is the function itself; its types say that it is a default export. */
const newMemory = memory as unknown as () => Persistence;

export interface BrokerMemoryOptions {
  /** QoS 1 messages kept for a session that is away. */
  readonly waitingMaxOf: (clientId: string) => number;
  readonly onDropped: (clientId: string) => void;
  /** Whether the rules granted this filter to the client; the others of its SUBSCRIBE packet are not kept. */
  readonly isGranted: (client: object, filter: string) => boolean;
}

/**
 * Aedes' memory persistence with bounds, and with retained messages by topic: its own scans all of them for each
 * subscription, so that the n-th vehicle costs n.
 */
export function brokerMemory({ waitingMaxOf, onDropped, isGranted }: BrokerMemoryOptions) {
  const persistence = newMemory();
  const retained = newRetainedStore<PublishPacket>();
  const addSubscriptions = persistence.addSubscriptions.bind(persistence);
  persistence.storeRetained = async (packet) => retained.store({ ...packet });
  persistence.createRetainedStream = (filter) => Readable.from(retained.matchedBy([filter]));
  persistence.createRetainedStreamCombi = (filters) => Readable.from(retained.matchedBy(filters));
  // Aedes hands over the whole packet for each granted filter of it, with those that were refused.
  persistence.addSubscriptions = (client, subscriptions) =>
    addSubscriptions(
      client,
      subscriptions.filter(({ topic }) => isGranted(client, topic)),
    );
  limitQueues(persistence, waitingMaxOf, onDropped);
  return { persistence, retained };
}
