import { z } from 'zod';

/** The longest run. */
const weeksMs = 14 * 86_400_000;

/** Milliseconds of the run from the first moment of the workload. */
const scheduleSchema = z
  .strictObject({
    afterMs: z
      .int()
      .min(0)
      .max(weeksMs)
      .describe('Milliseconds of the run from the first moment of the workload.'),
    everyMs: z
      .int()
      .min(1)
      .max(weeksMs)
      .optional()
      .describe('Again so long after the beginning of the last, `times` in all.'),
    times: z.int().min(2).max(50).optional(),
  })
  .refine(({ everyMs, times }) => (everyMs === undefined) === (times === undefined), {
    path: ['times'],
    message: 'everyMs and times go together: write both, or neither',
  });

const forMs = z.int().min(1).max(86_400_000).describe('Milliseconds of the run until it is back.');

function partFault<Type extends string, Attributes extends z.ZodType>(type: Type, attributes: Attributes) {
  return z.strictObject({
    name: z.string().min(1).max(64),
    type: z.literal(type),
    schedule: scheduleSchema,
    attributes,
  });
}

/** A part that dies, goes away or forgets. In virtual time only: a run on real parts cannot kill the process that it is in. */
export const partFaultSchema = z.discriminatedUnion('type', [
  /** NATS loses every message and consumer. */
  partFault('nats_wiped', z.strictObject({})),
  partFault('nats_down', z.strictObject({ forMs })),
  /** Every connection breaks; sessions and retained messages are there afterwards, or not. */
  partFault('broker_restart', z.strictObject({ forMs, keepsSessions: z.boolean() })),
  /** As a power cut: what was not committed is lost. Platform API and engine are one process, the API IoT another. */
  partFault('gateway_crash', z.strictObject({ process: z.enum(['platform', 'api-iot']), forMs })),
]);
export type PartFault = z.infer<typeof partFaultSchema>;

/** When it strikes. */
export function strikesOf({ schedule: { afterMs, everyMs = 0, times = 1 } }: PartFault): number[] {
  return Array.from({ length: times }, (_, index) => afterMs + index * everyMs);
}

/** How long it lasts, each time. */
export function lastsMs({ attributes }: PartFault): number {
  return 'forMs' in attributes ? attributes.forMs : 0;
}

/** When the last is over. */
export function partFaultEnd(fault: PartFault): number {
  return (strikesOf(fault).at(-1) ?? 0) + lastsMs(fault);
}
