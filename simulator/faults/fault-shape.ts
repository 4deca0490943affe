import { z } from 'zod';
import { faultScheduleSchema } from './fault-schedule.ts';
import { vehicleTargetSchema } from './fault-target.ts';
import { msSchema, shareSchema } from './unit-schemas.ts';

export const dayMs = 86_400_000;
export const durationSchema = msSchema(0, dayMs);
/** `upstream` is from the vehicle to the broker, `downstream` toward the vehicle. */
export const bothStreams = z.enum(['upstream', 'downstream']).default('downstream');
export const upstream = z.literal('upstream').default('upstream');
export const downstream = z.literal('downstream').default('downstream');

export const nothing = z.strictObject({}).default({});

/** Fields that every fault of a vehicle has besides its type. */
export const common = {
  name: z.string().min(1).max(64),
  toxicity: shareSchema()
    .default(1)
    .describe('The chance that it strikes: a message or command each time, a connection or a window once.'),
  target: vehicleTargetSchema.default({ mode: 'all', selector: {} }),
  schedule: faultScheduleSchema.optional(),
};

export function faultOf<Layer extends string, Type extends string, Attributes extends z.ZodType>(
  layer: Layer,
  type: Type,
  attributes: Attributes,
) {
  return z.strictObject({ ...common, layer: z.literal(layer), type: z.literal(type), attributes });
}

export function directedFault<
  Layer extends string,
  Type extends string,
  Stream extends z.ZodType,
  Attributes extends z.ZodType,
>(layer: Layer, type: Type, stream: Stream, attributes: Attributes) {
  return faultOf(layer, type, attributes).extend({ stream });
}
