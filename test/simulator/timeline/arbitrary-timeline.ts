import fc from 'fast-check';
import { lanes, type TimelineEvent } from '../../../simulator/timeline/event.ts';

/** Events in bursts: some within milliseconds, some hours apart, as retries make them. */
export const someEvents: fc.Arbitrary<TimelineEvent[]> = fc
  .array(
    fc.record({
      afterMs: fc.oneof(
        fc.constant(0),
        fc.integer({ min: 1, max: 40 }),
        fc.integer({ min: 1_000, max: 60_000 }),
        fc.integer({ min: 3_600_000, max: 90_000_000 }),
      ),
      lane: fc.constantFrom(...lanes),
      toLane: fc.option(fc.constantFrom(...lanes), { nil: undefined }),
      activation: fc.constantFrom('A1', 'A2', undefined),
      attempt: fc.option(fc.integer({ min: 1, max: 6 }), { nil: undefined }),
      certainty: fc.constantFrom('succeeded', 'failed', 'unknown', 'neutral'),
      importance: fc.constantFrom(1, 2, 3),
    }),
    { maxLength: 120 },
  )
  .map((drawn) => {
    let atMs = -10_000;
    return drawn.map(({ afterMs, lane, toLane, activation, attempt, certainty, importance }, index) => {
      atMs += afterMs;
      const event: TimelineEvent = {
        ...{ id: `e${index}`, atMs, lane, certainty, importance, title: `event ${index}` },
        ...(toLane === undefined ? {} : { toLane }),
        ...(activation === undefined ? {} : { activation }),
        ...(attempt === undefined ? {} : { attempt }),
      };
      return event;
    });
  });
