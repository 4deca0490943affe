import { z } from 'zod';
import { reportedInstantSchema } from './instant.ts';
import { visibleLine } from './plain-text.ts';
import { vinSchema } from './vin.ts';

/**
 * What crosses MQTT between the API IoT and a vehicle. Instants are epoch milliseconds, so that a vehicle compares them
 * with its own clock. Objects are loose toward the future: unknown fields are ignored, known ones are checked.
 */

/** The longest model and firmware of a status, in characters. */
const statusTextMax = 64;
/** The most features of a status. */
export const statusFeaturesMax = 256;
/** The most signals of a telemetry message, and that are kept of a vehicle. */
export const signalsMax = 256;
/** The longest name of a signal, in characters. */
export const signalMax = 128;

/** The most parameters of a feature that are kept of a status. */
const parametersMax = 64;

export const featureTargetSchema = z.object({
  feature: z.string().min(1).max(64),
  target: z.enum(['active', 'dormant']),
  /** Rises with every command for this vehicle and feature; a vehicle ignores a lower one. */
  version: z.int().min(1),
  parameters: z.record(z.string(), z.union([z.string().max(256), z.number(), z.boolean()])).optional(),
});
export type FeatureTarget = z.infer<typeof featureTargetSchema>;

export const configureCommandSchema = z.object({
  id: z.string().min(1).max(64),
  vin: vinSchema,
  features: z.array(featureTargetSchema).min(1).max(16),
  sentAt: z.int(),
  /** The vehicle refuses the command after this instant of its own clock. */
  expiresAt: z.int(),
  /** Texts for the vehicle's display; absent on a revocation. */
  display: z.object({ receiving: z.string().max(80), applied: z.string().max(80) }).optional(),
  traceparent: z.string().max(64).optional(),
});
export type ConfigureCommand = z.infer<typeof configureCommandSchema>;

export const featureOutcomes = [
  'applied',
  'already_active',
  'already_dormant',
  /** The vehicle has seen a higher version: this command changed nothing. */
  'superseded',
  /** The vehicle will never apply it (unsupported hardware, unknown feature). */
  'rejected',
  /** The command was too old for the vehicle's clock. */
  'expired',
  /** Temporary error (ECU busy, low 12 V battery). */
  'failed',
] as const;
export type FeatureOutcome = (typeof featureOutcomes)[number];

export const featureResultSchema = z.object({
  feature: z.string().min(1).max(64),
  outcome: z.enum(featureOutcomes),
  /** The version that the vehicle now stands at for this feature. */
  version: z.int().min(0),
  reason: z.string().max(256).overwrite(visibleLine).optional(),
});
export type FeatureResult = z.infer<typeof featureResultSchema>;

export const commandResultSchema = z.object({
  commandId: z.string().min(1).max(64),
  vin: vinSchema,
  results: z.array(featureResultSchema).min(1).max(16),
  /** The vehicle's own clock when it answered. */
  clock: reportedInstantSchema,
  traceparent: z.string().max(64).optional(),
});
export type CommandResult = z.infer<typeof commandResultSchema>;

export const reportedFeatureSchema = z.object({
  feature: z.string().min(1).max(64),
  state: z.enum(['active', 'dormant']),
  version: z.int().min(0),
  /** What the control unit is set to; absent where the feature is dormant or takes nothing. */
  parameters: z
    .record(z.string().max(64), z.union([z.string().max(256), z.number(), z.boolean()]))
    .refine((parameters) => Object.keys(parameters).length <= parametersMax)
    .optional(),
});
export type ReportedFeature = z.infer<typeof reportedFeatureSchema>;

/** Retained on the status topic. The last will is the short form with `online: false`. */
export const vehicleStatusSchema = z.object({
  vin: vinSchema,
  online: z.boolean(),
  clock: reportedInstantSchema,
  model: z.string().max(statusTextMax).overwrite(visibleLine).optional(),
  firmware: z.string().max(statusTextMax).overwrite(visibleLine).optional(),
  /** Every feature that this vehicle's hardware has, with its state. */
  features: z.array(reportedFeatureSchema).max(statusFeaturesMax).optional(),
});
export type VehicleStatus = z.infer<typeof vehicleStatusSchema>;

export const signalSchema = z.union([
  z.number(),
  z.boolean(),
  z.string().max(256),
  z.array(z.string().max(32)).max(64),
]);

/** Signals by their COVESA VSS 6 path (`Vehicle.Speed`). */
export const telemetrySchema = z.object({
  vin: vinSchema,
  clock: reportedInstantSchema,
  signals: z.record(z.string().max(signalMax), signalSchema),
});
export type Telemetry = z.infer<typeof telemetrySchema>;
