import { z } from 'zod';
import { bothStreams, dayMs, directedFault, durationSchema, faultOf, nothing } from './fault-shape.ts';
import { msSchema, shareSchema } from './unit-schemas.ts';

/** The vehicle's connection to the broker. */
export const linkFaults = [
  faultOf('link', 'offline', nothing),
  faultOf('link', 'flapping', z.strictObject({ upMs: msSchema(100, dayMs), downMs: msSchema(100, dayMs) })),
  directedFault(
    'link',
    'latency',
    bothStreams,
    z.strictObject({
      latencyMs: durationSchema,
      jitterMs: durationSchema.default(0),
      correlation: shareSchema().default(0).describe('How much of a jitter the next one keeps, as in netem.'),
    }),
  ),
  directedFault('link', 'bandwidth', bothStreams, z.strictObject({ bytesPerSecond: z.int().min(1) })),
  directedFault(
    'link',
    'timeout',
    bothStreams,
    z.strictObject({
      timeoutMs: durationSchema
        .default(0)
        .describe('The connection ends after it; 0: when the keep-alive finds out.'),
    }),
  ),
  faultOf(
    'link',
    'reset_peer',
    z.strictObject({ timeoutMs: durationSchema.default(0) }).default({ timeoutMs: 0 }),
  ),
  faultOf('link', 'slow_close', z.strictObject({ delayMs: durationSchema })),
  directedFault(
    'link',
    'packet_loss',
    bothStreams,
    z.strictObject({
      lossRate: shareSchema().describe('The share of TCP segments that are lost, and sent again.'),
      roundTripMs: msSchema(1, 60_000)
        .default(100)
        .describe('Time of a round trip: the first time-out is this and 200 ms, and doubles.'),
    }),
  ),
  directedFault('link', 'limit_data', bothStreams, z.strictObject({ bytes: z.int().min(0) })),
] as const;
