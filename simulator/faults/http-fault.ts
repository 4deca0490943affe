import { z } from 'zod';

const httpFaultBase = {
  name: z.string().min(1).max(64),
  /** The chance that a request that matches meets it. */
  toxicity: z.number().min(0).max(1),
  /** `POST`, and a path whose `*` stands for one segment; both optional. */
  match: z.strictObject({ method: z.string().optional(), path: z.string().optional() }).optional(),
};

/** Faults between the engine and a service, in the record shape of Toxiproxy. */
export const httpFaultSchema = z.discriminatedUnion('type', [
  z.strictObject({
    ...httpFaultBase,
    type: z.literal('server_error'),
    attributes: z.strictObject({ status: z.int().min(500).max(599) }),
  }),
  /** The other side acts, and nobody hears its answer. */
  z.strictObject({
    ...httpFaultBase,
    type: z.literal('response_lost'),
    attributes: z.strictObject({}),
  }),
  z.strictObject({
    ...httpFaultBase,
    type: z.literal('rate_limited'),
    attributes: z.strictObject({ retryAfterSeconds: z.int().min(0).max(3_600) }),
  }),
  z.strictObject({
    ...httpFaultBase,
    type: z.literal('slow'),
    attributes: z.strictObject({ latencyMs: z.int().min(0), jitterMs: z.int().min(0) }),
  }),
]);
export type HttpFault = z.infer<typeof httpFaultSchema>;
