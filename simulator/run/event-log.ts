import type { PlatformSchema } from '../../gateway/store/schema.ts';
import { type Clock, sleep } from '../../shared/ports/clock.ts';
import type { Database } from '../../shared/ports/database.ts';
import type { SeenEvent } from '../reports/evidence.ts';

/** An event that is not lost comes within this time of the one before, or of the first look, on the slowest machine too. */
const silenceMaxMs = 30_000;
const watchEveryMs = 50;

/** Published events, as read from the event stream. */
export interface EventLog {
  /**
   * What came by, compared with the record as it was read: waits until each of its rows has come or nothing more came for 30 s, and
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
  let notedAt = 0;
  return {
    note(payload) {
      notedAt = clock.now();
      const { id, type } = JSON.parse(payload) as SeenEvent;
      seen.set(id, { id, type });
    },
    async seenOf({ reader }, recordIds) {
      const lookedAt = clock.now();
      const isSilent = () => clock.now() >= Math.max(lookedAt, notedAt) + silenceMaxMs;
      const isComplete = () => [...recordIds].every((id) => seen.has(id));
      while (!isComplete() && !isSilent()) await sleep(clock, watchEveryMs);
      const events = [...seen.values()];
      const rows = await reader.selectFrom('record').select('id').execute();
      const later = new Set(rows.map((row) => row.id).filter((id) => !recordIds.has(id)));
      return events.filter((event) => !later.has(event.id));
    },
  };
}
