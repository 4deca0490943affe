import { z } from 'zod';
import { msSchema } from '../faults/unit-schemas.ts';

/** A year: also more than any count of commands that a range may mean. */
const mostMs = 366 * 86_400_000;

const rangeMistake = 'the first number must not be above the second';

/** `[from, to]`, both included: the seed draws a whole number between them. */
const rangeSchema = z
  .tuple([z.int().min(0).max(mostMs), z.int().min(0).max(mostMs)])
  .refine(([from, to]) => from <= to, rangeMistake);
export type Range = z.infer<typeof rangeSchema>;

/** Which vehicles a fault meets: mode and value as in Chaos Mesh. */
const targetSchema = {
  name: z.string().min(1).max(64),
  mode: z.enum(['one', 'all', 'fixed', 'fixed-percent', 'random-max-percent']),
  /** A count for `fixed`, a percentage for the two percent modes, without meaning for the others. */
  value: z.number().min(0).optional(),
  /** Only vehicles of these models. */
  models: z.array(z.string().min(1)).min(1).optional(),
};

const skewMs = msSchema(-mostMs, mostMs);

/** As `rangeSchema`, of durations. */
const msRangeSchema = z
  .tuple([msSchema(0, mostMs), msSchema(0, mostMs)])
  .refine(([from, to]) => from <= to, rangeMistake);

/**
 * Faults of vehicles: those of simulator/fleet/vehicle-faults.ts, with ranges from which the seed draws a number. Times are
 * real milliseconds from the start of the workload; null is without end.
 */
export const vehicleFaultSchema = z.discriminatedUnion('type', [
  z.strictObject({
    ...targetSchema,
    type: z.literal('offline'),
    attributes: z.strictObject({ afterMs: msRangeSchema, forMs: msRangeSchema.nullable() }),
  }),
  z.strictObject({
    ...targetSchema,
    type: z.literal('lose_result'),
    attributes: z.strictObject({ first: rangeSchema, withStatus: z.boolean() }),
  }),
  z.strictObject({
    ...targetSchema,
    type: z.literal('cut_when_applying'),
    attributes: z.strictObject({ first: rangeSchema, forMs: msRangeSchema.nullable() }),
  }),
  z.strictObject({
    ...targetSchema,
    type: z.literal('hang'),
    attributes: z.strictObject({ first: rangeSchema.nullable() }),
  }),
  z.strictObject({
    ...targetSchema,
    type: z.enum(['ecu_busy', 'low_12v', 'storage_full']),
    attributes: z.strictObject({ first: rangeSchema.nullable(), feature: z.string().nullable() }),
  }),
  z.strictObject({
    ...targetSchema,
    type: z.literal('reject'),
    attributes: z.strictObject({ reason: z.string().min(1).max(256), feature: z.string().nullable() }),
  }),
  z.strictObject({
    ...targetSchema,
    type: z.literal('clock_skew'),
    /** The vehicle's clock minus the true time; a range may be negative. */
    attributes: z.strictObject({
      skewMs: z.tuple([skewMs, skewMs]).refine(([from, to]) => from <= to, rangeMistake),
    }),
  }),
]);
export type VehicleFaultRule = z.infer<typeof vehicleFaultSchema>;
