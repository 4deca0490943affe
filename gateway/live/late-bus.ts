import {
  type Bus,
  BusUnavailable,
  type ConsumeOptions,
  type Consumption,
  type Delivery,
} from '../../shared/ports/bus.ts';
import type { Clock } from '../../shared/ports/clock.ts';
import type { Log } from '../../shared/ports/log.ts';
import { backgroundLoop } from '../background/background-loop.ts';

const backOff = { baseMs: 1_000, maxMs: 10_000 };

export interface LateBusOptions {
  /** Opens the bus; asked again and again until it does. */
  readonly open: () => Promise<Bus>;
  /** Errors that no waiting ends, such as a program that is not installed: the first opening rejects with them. */
  readonly isFinal: (error: unknown) => boolean;
  readonly clock: Clock;
  readonly log: Log;
}

/** A consumer that was asked for, perhaps before there was a bus. */
interface Consumer {
  readonly options: ConsumeOptions;
  readonly handle: (delivery: Delivery) => Promise<void>;
  consumption: Consumption | null;
}

/**
 * A bus that may be unavailable at start: it connects once, and then retries in the background. Until it is connected,
 * publishes are refused at once, and consumers wait; the services work from the database meanwhile.
 */
export async function lateBus({ open, isFinal, clock, log }: LateBusOptions): Promise<Bus> {
  const consumers = new Set<Consumer>();
  let bus: Bus | null = null;
  let problem: string | null = null;

  async function begin(opened: Bus): Promise<void> {
    for (const consumer of consumers) {
      if (consumer.consumption !== null) continue;
      const consumption = await opened.consume(consumer.options, consumer.handle);
      if (consumers.has(consumer)) consumer.consumption = consumption;
      else await consumption.stop();
    }
  }

  const openings = backgroundLoop({
    clock,
    log,
    failureLog: 'bus.open_failed',
    async pass() {
      const isFirst = bus === null;
      bus ??= await open();
      await begin(bus);
      problem = null;
      if (isFirst) log.info('bus.opened', {});
      return null;
    },
    backOff,
  });

  try {
    bus = await open();
    openings.start(null);
  } catch (error) {
    if (isFinal(error)) throw error;
    problem = error instanceof Error ? error.message : String(error);
    log.error('bus.away_at_start', { reason: problem });
    openings.start(backOff.baseMs);
  }

  return {
    async publish(subject, payload, options) {
      if (bus === null) throw new BusUnavailable(problem ?? 'the bus is not open yet');
      await bus.publish(subject, payload, options);
    },
    async consume(options, handle) {
      const consumer: Consumer = { options, handle, consumption: null };
      consumers.add(consumer);
      if (bus !== null) {
        // It may have gone away since it was opened.
        await begin(bus).catch((error: unknown) => {
          problem = String(error);
          openings.wake();
        });
      }
      return {
        async stop() {
          consumers.delete(consumer);
          await consumer.consumption?.stop();
        },
      };
    },
    problem: () => problem ?? bus?.problem() ?? null,
    async close() {
      await openings.stop();
      await bus?.close();
    },
  };
}
