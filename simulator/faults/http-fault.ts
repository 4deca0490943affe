import { z } from 'zod';
import { faultScheduleSchema } from './fault-schedule.ts';
import { msSchema, shareSchema } from './unit-schemas.ts';

/** A purchase by its place among those whose calls the service receives. */
export const purchasePlaceSchema = z
  .int()
  .min(1)
  .max(1_000_000)
  .describe(
    'Only the n-th purchase whose calls this service receives. Purchases differ by their Idempotency-Key up to its colon.',
  );

/** One kind of fault. The fields come in this order in every plan. */
function faultOf<Type extends string, Attributes extends z.ZodType>(type: Type, attributes: Attributes) {
  return z.strictObject({
    name: z.string().min(1).max(64),
    type: z.literal(type),
    toxicity: shareSchema().describe('The chance that a request that matches meets it.'),
    match: z
      .strictObject({
        method: z.string().optional(),
        path: z.string().optional().describe('/vehicle/*/configure: a star stands for one segment.'),
        purchase: purchasePlaceSchema.optional(),
      })
      .optional()
      .describe('Which requests; without it all.'),
    schedule: faultScheduleSchema.optional().describe('When; without it until the run heals.'),
    attributes,
  });
}

const nothing = z.strictObject({});
const dayMs = 86_400_000;

export const httpFaultAttributes = {
  server_error: z.strictObject({ status: z.int().min(500).max(599) }),
  rate_limited: z.strictObject({ retryAfterSeconds: z.int().min(0).max(3_600) }),
  unreachable: z.strictObject({
    breaks: z
      .boolean()
      .default(false)
      .describe('The connection breaks once the request has left; else it is refused.'),
  }),
  slow: z.strictObject({ latencyMs: msSchema(0, dayMs), jitterMs: msSchema(0, dayMs) }),
};

/** In the order in which a report counts them. */
export const httpFaultTypes = [
  'server_error',
  'response_lost',
  'rate_limited',
  'unauthorized',
  'unreachable',
  'slow',
] as const satisfies readonly HttpFault['type'][];

/** Faults in front of a service, in the record shape of Toxiproxy. */
export const httpFaultSchema = z.discriminatedUnion('type', [
  /** Answered before the service has acted. */
  faultOf('server_error', httpFaultAttributes.server_error),
  /** The service acts, and its answer is lost. */
  faultOf('response_lost', nothing),
  faultOf('rate_limited', httpFaultAttributes.rate_limited),
  /** The credentials are refused: 401, before the service has acted. */
  faultOf('unauthorized', nothing),
  /** The service never receives the request. */
  faultOf('unreachable', httpFaultAttributes.unreachable),
  faultOf('slow', httpFaultAttributes.slow),
]);
export type HttpFault = z.infer<typeof httpFaultSchema>;
