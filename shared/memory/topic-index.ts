import { filterMatches } from '../protocol/topic-filter.ts';

/** Who subscribed to what. A fleet has a filter a vehicle: those that cannot match are never looked at. */
export interface TopicIndex<T> {
  add(filter: string, item: T): void;
  /** Takes the item out of all filters. */
  remove(item: T): void;
  /** Whether the item is in any filter. */
  has(item: T): boolean;
  /**
   * Each item once: those of exact filters first, then those of filters with wildcards, the more general first; within
   * both in the order of subscribing.
   */
  match(topic: string): ReadonlySet<T>;
}

export function newTopicIndex<T>(): TopicIndex<T> {
  const exact = new Map<string, Set<T>>();
  /** By what stands before the first wildcard: `vehicles/` holds `vehicles/+/evt/result`. */
  const wild = new Map<string, Map<string, Set<T>>>();
  const filtersOf = new Map<T, Set<string>>();

  function sideOf(filter: string): Map<string, Set<T>> {
    const wildAt = filter.search(/[+#]/);
    if (wildAt === -1) return exact;
    const beginning = filter.slice(0, wildAt);
    const side = wild.get(beginning) ?? new Map<string, Set<T>>();
    wild.set(beginning, side);
    return side;
  }

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
    has: (item) => filtersOf.has(item),
    match(topic) {
      const found = new Set<T>(exact.get(topic));
      const look = (beginning: string) => {
        for (const [filter, items] of wild.get(beginning) ?? []) {
          if (filterMatches(filter, topic)) for (const item of items) found.add(item);
        }
      };
      look('');
      for (let end = topic.indexOf('/'); end !== -1; end = topic.indexOf('/', end + 1)) {
        look(topic.slice(0, end + 1));
      }
      // `a/#` matches `a` as well.
      look(`${topic}/`);
      return found;
    },
  };
}
