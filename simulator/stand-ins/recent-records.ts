/** What a sink keeps of a message. */
export interface RecentRecord {
  /** Rises by one with each message, from 1. */
  readonly sequence: number;
  readonly bytes: number;
  /** Two messages with the same identity are one logical message and its duplicate. */
  readonly identity: string;
}

export interface RecentCounts {
  /** Number of all records since the start. */
  readonly total: number;
  readonly kept: number;
  /** Arrivals whose identity was among the kept ones already. Nothing is dropped for it. */
  readonly duplicates: number;
}

export interface RecentLimits {
  readonly countMax: number;
  readonly bytesMax: number;
}

/** The newest messages within both limits; the oldest give way. */
export function recentRecords<T extends RecentRecord>(limits: RecentLimits) {
  /** In order of arrival, without gaps. */
  const kept = new Map<number, T>();
  const identities = new Map<string, number>();
  let total = 0;
  let bytes = 0;
  let duplicates = 0;

  function dropOldest(): void {
    const oldest = kept.values().next().value;
    if (oldest === undefined) return;
    kept.delete(oldest.sequence);
    bytes -= oldest.bytes;
    const left = (identities.get(oldest.identity) ?? 0) - 1;
    if (left > 0) identities.set(oldest.identity, left);
    else identities.delete(oldest.identity);
  }

  return {
    /** `make` gets the sequence number of the new record. */
    add(make: (sequence: number) => T): T {
      total += 1;
      const record = make(total);
      const known = identities.get(record.identity) ?? 0;
      if (known > 0) duplicates += 1;
      identities.set(record.identity, known + 1);
      kept.set(record.sequence, record);
      bytes += record.bytes;
      while (kept.size > limits.countMax || (bytes > limits.bytesMax && kept.size > 1)) dropOldest();
      return record;
    },
    find: (sequence: number): T | undefined => kept.get(sequence),
    /** Newest first, those before a sequence number, that match, at most `limit`. */
    list(limit: number, before: number | null, matches: (record: T) => boolean): T[] {
      const found: T[] = [];
      for (let sequence = Math.min(before ?? total + 1, total + 1) - 1; found.length < limit; sequence -= 1) {
        const record = kept.get(sequence);
        if (record === undefined) return found;
        if (matches(record)) found.push(record);
      }
      return found;
    },
    counts: (): RecentCounts => ({ total, kept: kept.size, duplicates }),
  };
}
