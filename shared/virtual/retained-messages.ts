import { newTopicTree } from '../memory/topic-tree.ts';
import type { LinkMessage } from '../ports/device-link.ts';

/** The retained messages of a broker: the newest of each topic, in the order in which their topics came. */
export function newRetainedMessages() {
  const byTopic = new Map<string, LinkMessage>();
  const topics = newTopicTree<{ readonly topic: string; readonly place: number }>();
  let count = 0;
  return {
    byTopic: byTopic as ReadonlyMap<string, LinkMessage>,
    /** Keeps a message; an empty one removes what its topic had [MQTT-3.3.1-10]. */
    set(message: LinkMessage): void {
      const { topic, payload } = message;
      if (payload === '') {
        byTopic.delete(topic);
        topics.delete(topic);
        return;
      }
      if (!byTopic.has(topic)) {
        count += 1;
        topics.set(topic, { topic, place: count });
      }
      byTopic.set(topic, message);
    },
    /** Returns for each filter what it matches, in the order in which the topics came. */
    matchedBy(filters: readonly string[]): LinkMessage[] {
      return filters.flatMap((filter) =>
        topics
          .matchedBy(filter)
          .sort((left, right) => left.place - right.place)
          .flatMap(({ topic }) => byTopic.get(topic) ?? []),
      );
    },
    clear(): void {
      byTopic.clear();
      topics.clear();
    },
  };
}
