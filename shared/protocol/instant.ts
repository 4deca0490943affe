import { z } from 'zod';

/** The range of an ECMA-262 time value: epoch milliseconds that a date can be made of. */
export const instantMax = 8_640_000_000_000_000;
/** An instant below this, in 1973, is one in seconds: `Date.now() / 1000`. */
const leastMilliseconds = 100_000_000_000;

/** ISO 8601 of an instant; the number itself where no date has it. Never throws. */
export function isoText(at: number): string {
  return Number.isFinite(at) && Math.abs(at) <= instantMax ? new Date(at).toISOString() : String(at);
}

const range = `epoch milliseconds, at most ${instantMax}`;

/** An instant that a caller names. Seconds are refused with the number that was meant. */
export const instantSchema = z
  .int({ error: `write ${range}` })
  .min(leastMilliseconds, {
    error: ({ input }) =>
      Number(input) > 1_000_000
        ? `this is in seconds; write epoch milliseconds: ${Number(input) * 1_000}`
        : `write ${range}`,
  })
  .max(instantMax, `write ${range}`)
  .meta({ description: 'Epoch milliseconds' });

/** An instant that another system or a vehicle says: one that no date has is brought into the range, so that nothing is lost for it. */
export const reportedInstantSchema = z
  .int()
  .overwrite((at) => Math.max(-instantMax, Math.min(instantMax, at)));
