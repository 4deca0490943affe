import type { PlatformSchema } from '../../gateway/store/schema.ts';
import { type Clock, sleep } from '../../shared/ports/clock.ts';
import type { Database } from '../../shared/ports/database.ts';
import type { SeenEvent } from '../reports/evidence.ts';

const waitMaxMs = 10_000;
const watchEveryMs = 50;

/** Published events, as read from the event stream. */
export interface EventLog {
  /**
   * What came by, compared with the record as it was read: waits until each of its rows has come (10 s at most), and
   * leaves out what was recorded only afterwards, because activations that wait for a vehicle continue meanwhile.
   */
  seenOf(
    platform: Pick<Database<PlatformSchema>, 'reader'>,
    recordIds: ReadonlySet<string>,
  ): Promise<SeenEvent[]>;
}

export function eventLog(clock: Clock): EventLog & {
  /** A CloudEvent as it was published. */
  note(payload: string): void;
} {
  const seen = new Map<string, SeenEvent>();
  return {
    note(payload) {
      const { id, type } = JSON.parse(payload) as SeenEvent;
      seen.set(id, { id, type });
    },
    async seenOf({ reader }, recordIds) {
      const endAt = clock.now() + waitMaxMs;
      const isComplete = () => [...recordIds].every((id) => seen.has(id));
      while (!isComplete() && clock.now() < endAt) await sleep(clock, watchEveryMs);
      const events = [...seen.values()];
      const rows = await reader.selectFrom('record').select('id').execute();
      const later = new Set(rows.map((row) => row.id).filter((id) => !recordIds.has(id)));
      return events.filter((event) => !later.has(event.id));
    },
  };
}
