import { newTopicTree } from '../../shared/memory/topic-tree.ts';

interface RetainedPacket {
  readonly topic: string;
  readonly payload: { readonly length: number };
}

/** The retained messages of a broker: the last one of each topic. */
export interface RetainedStore<P extends RetainedPacket> {
  readonly size: number;
  /** Keeps the message in place of the topic's last one; an empty payload removes it [MQTT-3.3.1-10, 3.3.1-11]. */
  store(packet: P): void;
  /** Yields the messages under each filter. An exact topic costs one look-up, a wildcard what it matches. */
  matchedBy(filters: readonly string[]): Generator<P>;
}

export function newRetainedStore<P extends RetainedPacket>(): RetainedStore<P> {
  const byTopic = new Map<string, P>();
  const tree = newTopicTree<P>();

  return {
    get size() {
      return byTopic.size;
    },
    store(packet) {
      const { topic } = packet;
      if (packet.payload.length === 0) {
        byTopic.delete(topic);
        tree.delete(topic);
        return;
      }
      byTopic.set(topic, packet);
      tree.set(topic, packet);
    },
    *matchedBy(filters) {
      for (const filter of filters) {
        if (/[+#]/.test(filter)) yield* tree.matchedBy(filter);
        else {
          const packet = byTopic.get(filter);
          if (packet !== undefined) yield packet;
        }
      }
    },
  };
}
