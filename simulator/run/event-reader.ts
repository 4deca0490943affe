import type { PlatformSchema } from '../../gateway/store/schema.ts';
import type { Bus } from '../../shared/ports/bus.ts';
import { type Clock, sleep } from '../../shared/ports/clock.ts';
import type { Database } from '../../shared/ports/database.ts';
import { streams, subjects } from '../../shared/protocol/subjects.ts';
import type { SeenEvent } from '../reports/evidence.ts';

const waitMaxMs = 10_000;
const watchEveryMs = 50;

/** Reads the event stream from its beginning and goes on listening, as anybody could, and keeps what it says. */
export async function readEvents(bus: Bus, clock: Clock) {
  const seen = new Map<string, SeenEvent>();
  const consumption = await bus.consume(
    {
      stream: streams.events.name,
      durable: 'run-report',
      subject: subjects.allEvents,
      ackWaitMs: 30_000,
      concurrency: 500,
    },
    async (delivery) => {
      const { id, type } = JSON.parse(delivery.payload) as { id: string; type: string };
      seen.set(id, { id, type });
      delivery.ack();
    },
  );
  return {
    /**
     * What came by, compared with the record as it was read: waits until each of its rows has come (10 s at most), and
     * leaves out what was recorded only afterwards, because activations that wait for a vehicle go on meanwhile.
     */
    async seenOf(
      { reader }: Pick<Database<PlatformSchema>, 'reader'>,
      recordIds: ReadonlySet<string>,
    ): Promise<SeenEvent[]> {
      const endAt = clock.now() + waitMaxMs;
      const isComplete = () => [...recordIds].every((id) => seen.has(id));
      while (!isComplete() && clock.now() < endAt) await sleep(clock, watchEveryMs);
      const events = [...seen.values()];
      const rows = await reader.selectFrom('record').select('id').execute();
      const later = new Set(rows.map((row) => row.id).filter((id) => !recordIds.has(id)));
      return events.filter((event) => !later.has(event.id));
    },
    stop: () => consumption.stop(),
  };
}
