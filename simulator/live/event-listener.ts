import type { PlatformSchema } from '../../gateway/store/schema.ts';
import { wallClock } from '../../shared/live/clock.ts';
import type { Bus } from '../../shared/ports/bus.ts';
import { sleep } from '../../shared/ports/clock.ts';
import type { Database } from '../../shared/ports/database.ts';
import { streams, subjects } from '../../shared/protocol/subjects.ts';
import type { SeenEvent } from '../reports/evidence.ts';

const eventWaitMs = 10_000;

/** Listens to the event stream as anybody could, and keeps what it says. */
export async function followEvents(bus: Bus) {
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
    seen: () => [...seen.values()],
    /** Waits until every row of the record has come by as an event, 10 s at most. */
    async caughtUp({ reader }: Database<PlatformSchema>): Promise<void> {
      const endAt = wallClock.now() + eventWaitMs;
      while (wallClock.now() < endAt) {
        const { count } = await reader
          .selectFrom('record')
          .select((select) => select.fn.countAll<number>().as('count'))
          .executeTakeFirstOrThrow();
        if (seen.size >= Number(count)) return;
        await sleep(wallClock, 100);
      }
    },
    stop: () => consumption.stop(),
  };
}
