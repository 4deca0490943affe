import { newTopicTree } from './topic-tree.ts';

/** Who subscribed to what. */
export interface TopicIndex<T> {
  add(filter: string, item: T): void;
  /** Takes the item out of all filters. */
  remove(item: T): void;
  /** Each item once, those of exact filters first, in the order of subscribing. */
  match(topic: string): ReadonlySet<T>;
}

interface Subscription<T> {
  readonly item: T;
  readonly isWild: boolean;
  readonly sequence: number;
}

export function newTopicIndex<T>(): TopicIndex<T> {
  const tree = newTopicTree<Map<T, Subscription<T>>>();
  const filtersOf = new Map<T, Set<string>>();
  let sequence = 0;
  return {
    add(filter, item) {
      const items = tree.get(filter) ?? new Map<T, Subscription<T>>();
      tree.set(filter, items);
      sequence += 1;
      if (!items.has(item)) items.set(item, { item, isWild: /[+#]/.test(filter), sequence });
      filtersOf.set(item, (filtersOf.get(item) ?? new Set()).add(filter));
    },
    remove(item) {
      for (const filter of filtersOf.get(item) ?? []) {
        const items = tree.get(filter);
        items?.delete(item);
        if (items?.size === 0) tree.delete(filter);
      }
      filtersOf.delete(item);
    },
    match(topic) {
      const found = tree.matching(topic).flatMap((items) => [...items.values()]);
      found.sort(
        (left, right) => Number(left.isWild) - Number(right.isWild) || left.sequence - right.sequence,
      );
      return new Set(found.map(({ item }) => item));
    },
  };
}
