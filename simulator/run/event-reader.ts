import type { Bus } from '../../shared/ports/bus.ts';
import type { Clock } from '../../shared/ports/clock.ts';
import { streams, subjects } from '../../shared/protocol/subjects.ts';
import { type EventLog, eventLog } from './event-log.ts';

/**
 * Reads the event stream from its beginning and keeps listening, like any outside consumer; `stop` also closes the bus. `earlier` are
 * events that the stream has lost.
 */
export async function readEvents(
  bus: Bus,
  clock: Clock,
  earlier: readonly string[] = [],
): Promise<EventLog & { stop(): Promise<void> }> {
  const log = eventLog(clock);
  for (const payload of earlier) log.note(payload);
  const consumption = await bus.consume(
    {
      stream: streams.events.name,
      durable: 'run-report',
      subject: subjects.allEvents,
      ackWaitMs: 30_000,
      concurrency: 500,
    },
    async (delivery) => {
      log.note(delivery.payload);
      delivery.ack();
    },
  );
  return {
    ...log,
    async stop() {
      await consumption.stop();
      await bus.close();
    },
  };
}
