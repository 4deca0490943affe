import { z } from 'zod';
import { hasCredentials } from './address.ts';
import { featureResultSchema, reportedFeatureSchema } from './device-messages.ts';
import { reportedInstantSchema } from './instant.ts';
import { plainTextSchema } from './text-schema.ts';
import { vinSchema } from './vin.ts';

/** The API IoT's HTTP contract: what the engine sends and what it reads back. Instants are epoch milliseconds. */
export const configureRequestSchema = z.object({
  /** The caller's own name for what this belongs to (the activation id). Kept with the command. */
  reference: plainTextSchema(64),
  features: z
    .array(
      z.object({
        feature: plainTextSchema(64),
        target: z.enum(['active', 'dormant']),
        parameters: z.record(z.string(), z.union([z.string().max(256), z.number(), z.boolean()])).optional(),
      }),
    )
    .min(1)
    .max(16),
  display: z.object({ receiving: z.string().max(80), applied: z.string().max(80) }).optional(),
  /** Receives the command's final state, signed (Standard Webhooks). */
  callbackUrl: z
    .url({ protocol: /^https?$/ })
    .max(512)
    .refine((url) => !hasCredentials(url), 'a URL without user and password: no request can be made of one')
    .optional(),
});
export type ConfigureRequest = z.infer<typeof configureRequestSchema>;

/**
 * accepted: waits for the vehicle · applied: every feature stands at its target · rejected: the vehicle will never
 * apply it · failed: a temporary error, or superseded · expired: the vehicle found it too old · timed_out: no result in time.
 */
export const commandStates = ['accepted', 'applied', 'rejected', 'failed', 'expired', 'timed_out'] as const;
export type CommandState = (typeof commandStates)[number];

export const commandResourceSchema = z.object({
  id: z.string(),
  vin: vinSchema,
  reference: z.string(),
  /** The Idempotency-Key of the request that made it, or null. */
  key: z.string().nullable(),
  state: z.enum(commandStates),
  features: z.array(
    z.object({ feature: z.string(), target: z.enum(['active', 'dormant']), version: z.int() }),
  ),
  acceptedAt: reportedInstantSchema,
  /** When it times out. */
  expiresAt: reportedInstantSchema,
  /** When its final state was reached, or null. */
  endedAt: reportedInstantSchema.nullable(),
  /** The vehicle's answer; may arrive after `timed_out`, then `late` is true and the state follows the answer. */
  results: z.array(featureResultSchema).nullable(),
  late: z.boolean(),
  /** The vehicle's clock in its answer. */
  clock: reportedInstantSchema.nullable(),
});
export type CommandResource = z.infer<typeof commandResourceSchema>;

export const vehicleTwinSchema = z.object({
  vin: vinSchema,
  online: z.boolean(),
  /** When the vehicle's last message arrived, or null. */
  lastSeenAt: reportedInstantSchema.nullable(),
  model: z.string().nullable(),
  firmware: z.string().nullable(),
  /** The vehicle's clock minus ours when it last spoke, in milliseconds. */
  clockSkewMs: z.int().nullable(),
  desired: z.array(z.object({ feature: z.string(), state: z.enum(['active', 'dormant']), version: z.int() })),
  /** Null until the vehicle reported: then every feature that its hardware has. */
  reported: z.array(reportedFeatureSchema).nullable(),
  /** Last known telemetry by VSS path. */
  telemetry: z.record(z.string(), z.unknown()),
  telemetryAt: reportedInstantSchema.nullable(),
});
export type VehicleTwin = z.infer<typeof vehicleTwinSchema>;

export const vehicleHealthSchema = z.object({
  vin: vinSchema,
  online: z.boolean(),
  lastSeenAt: reportedInstantSchema.nullable(),
  /** dBm (overlay `Vehicle.Connectivity.Cellular.RSRP`), or null when never reported. */
  signalStrengthDbm: z.number().nullable(),
  pendingCommands: z.int(),
  /** Configure commands that the quota still allows now, and when the window next opens by one (null: it is open). */
  quotaRemaining: z.int(),
  quotaOpensAt: reportedInstantSchema.nullable(),
});
export type VehicleHealth = z.infer<typeof vehicleHealthSchema>;

export const historySchema = z.object({
  vin: vinSchema,
  commands: z.array(commandResourceSchema),
  next: z.string().nullable(),
});
export type VehicleHistory = z.infer<typeof historySchema>;

/** A vehicle of the list. */
export const listedVehicleSchema = z.object({
  vin: vinSchema,
  model: z.string(),
  online: z.boolean(),
  lastSeenAt: reportedInstantSchema.nullable(),
  /** Degrees of the newest position in its telemetry, or null. */
  latitude: z.number().nullable(),
  longitude: z.number().nullable(),
  /** Whether it does not report a desired feature in the state that was asked for. */
  differs: z.boolean(),
});
export type ListedVehicle = z.infer<typeof listedVehicleSchema>;

export const vehicleListSchema = z.object({
  vehicles: z.array(listedVehicleSchema),
  next: z.string().nullable(),
});
export type VehicleList = z.infer<typeof vehicleListSchema>;

/**
 * connected: it reported so · disconnected: it announced it · connection_lost: the broker published its last will · broker_lost: the
 * broker lost every session, without wills · message_received: it sent something after the will of another session.
 */
export const connectionReasons = [
  'connected',
  'disconnected',
  'connection_lost',
  'broker_lost',
  'message_received',
] as const;
export type ConnectionReason = (typeof connectionReasons)[number];

export const connectionHistorySchema = z.object({
  vin: vinSchema,
  /** Newest first. */
  connections: z.array(
    z.object({ at: reportedInstantSchema, online: z.boolean(), reason: z.enum(connectionReasons) }),
  ),
});

export const telemetryHistorySchema = z.object({
  vin: vinSchema,
  /** The least time between two samples. */
  everyMs: z.int(),
  /** Oldest first: numbers by VSS path. */
  samples: z.array(z.object({ at: reportedInstantSchema, signals: z.record(z.string(), z.number()) })),
});

/** Body of the signed callback. */
export const callbackSchema = z.object({ type: z.literal('command.ended'), command: commandResourceSchema });
export type CommandCallback = z.infer<typeof callbackSchema>;

export const quotaPerHour = 10;
export const commandTimeoutMs = 5 * 60_000;
