import { filterMatches } from '../protocol/topic-filter.ts';

/** Who subscribed to what. Filters without wildcards, of which a fleet has one a vehicle, cost a look-up, not a scan. */
export interface TopicIndex<T> {
  add(filter: string, item: T): void;
  /** Takes the item out of all filters. */
  remove(item: T): void;
  /** Each item once, those of exact filters first, in the order of subscribing. */
  match(topic: string): ReadonlySet<T>;
}

export function newTopicIndex<T>(): TopicIndex<T> {
  const exact = new Map<string, Set<T>>();
  const wild = new Map<string, Set<T>>();
  const filtersOf = new Map<T, Set<string>>();
  const sideOf = (filter: string) => (/[+#]/.test(filter) ? wild : exact);
  return {
    add(filter, item) {
      const side = sideOf(filter);
      side.set(filter, (side.get(filter) ?? new Set()).add(item));
      filtersOf.set(item, (filtersOf.get(item) ?? new Set()).add(filter));
    },
    remove(item) {
      for (const filter of filtersOf.get(item) ?? []) {
        const side = sideOf(filter);
        const items = side.get(filter);
        items?.delete(item);
        if (items?.size === 0) side.delete(filter);
      }
      filtersOf.delete(item);
    },
    match(topic) {
      const found = new Set<T>(exact.get(topic));
      for (const [filter, items] of wild) {
        if (filterMatches(filter, topic)) for (const item of items) found.add(item);
      }
      return found;
    },
  };
}
