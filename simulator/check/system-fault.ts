import { z } from 'zod';
import { crashCalls } from '../faults/component-fault.ts';
import { shippedModels } from '../models/models-folder.ts';

/** Virtual milliseconds after the first moment of the workload. */
export const instantSchema = z.int().min(0).max(86_400_000);
export const durationSchema = z.int().min(1).max(21_600_000);
/** Counts from 1. */
export const nthSchema = z.int().min(1).max(64);

export const processes = ['platform', 'api_iot'] as const;
export type ProcessName = (typeof processes)[number];

/**
 * - `full`: the disk is full, and nothing is written
 * - `lost`: the connection is lost within the transaction, which is rolled back
 */
export const databaseFailures = ['full', 'lost'] as const;

/**
 * - `credentials`: it refuses the access token, 401
 * - `token_refused`: it gives no access token, 401
 * - `token_away`: where access tokens are given does not answer
 * - `server_errors`: 503
 */
export const apiIotCauses = ['credentials', 'token_refused', 'token_away', 'server_errors'] as const;

export const modelIds = shippedModels().map(({ id }) => id);

export const systemFaultSchema = z.discriminatedUnion('type', [
  /**
   * The process crashes at its n-th step and restarts. Every call of a port is two steps, one before the call and one before
   * its answer; they are counted over all starts of the process.
   */
  z.strictObject({
    type: z.literal('crash'),
    process: z.enum(processes),
    step: z.int().min(1).max(1_000_000),
    downMs: durationSchema,
  }),
  /** The same, at a moment that a step number hardly ever meets: the n-th call of a kind, before or after it. */
  z.strictObject({
    type: z.literal('crash_at'),
    call: z.enum(crashCalls),
    nth: nthSchema,
    phase: z.enum(['before', 'after']),
    downMs: durationSchema,
  }),
  /** The service does not answer. */
  z.strictObject({
    type: z.literal('down'),
    service: z.enum(['payments', 'mail', 'push', 'api_iot', 'nats']),
    fromMs: instantSchema,
    forMs: durationSchema,
  }),
  z.strictObject({
    type: z.literal('cut'),
    vehicle: z.int().min(0).max(3),
    fromMs: instantSchema,
    forMs: durationSchema,
  }),
  z.strictObject({ type: z.literal('restart'), vehicle: z.int().min(0).max(3), atMs: instantSchema }),
  /** The process stops as on a signal: it finishes what is under way, and starts again. */
  z.strictObject({
    type: z.literal('stop'),
    process: z.enum(processes),
    atMs: instantSchema,
    downMs: durationSchema,
  }),
  /** The vehicle is registered at the platform with another model: what is sent from then on carries that model's configuration. */
  z.strictObject({
    type: z.literal('registered_again'),
    vehicle: z.int().min(0).max(3),
    model: z.enum(modelIds),
    atMs: instantSchema,
  }),
  /** A share of the TCP segments between the vehicle and the broker is lost, and sent again. */
  z.strictObject({
    type: z.literal('lossy'),
    vehicle: z.int().min(0).max(3),
    lossRate: z.number().min(0.01).max(0.9),
    roundTripMs: z.int().min(1).max(5_000),
    fromMs: instantSchema,
    forMs: durationSchema,
  }),
  /** The API IoT fails every request of every vehicle, for one cause. */
  z.strictObject({
    type: z.literal('api_iot_fails'),
    cause: z.enum(apiIotCauses),
    fromMs: instantSchema,
    forMs: durationSchema,
  }),
  /** The wall clock of the process's machine is set wrong, and right again. */
  z.strictObject({
    type: z.literal('clock_set'),
    process: z.enum(processes),
    aheadMs: z.int().min(-21_600_000).max(21_600_000),
    atMs: instantSchema,
    forMs: durationSchema,
  }),
  /** The database of the process takes no write. */
  z.strictObject({
    type: z.literal('database_fails'),
    process: z.enum(processes),
    how: z.enum(databaseFailures),
    fromMs: instantSchema,
    forMs: durationSchema,
  }),
  z.strictObject({ type: z.literal('nats_wiped'), atMs: instantSchema }),
  z.strictObject({ type: z.literal('broker_restarted'), atMs: instantSchema, forgets: z.boolean() }),
]);
export type SystemFault = z.infer<typeof systemFaultSchema>;
