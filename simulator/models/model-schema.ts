import { z } from 'zod';
import { signalSchema } from './signal-schema.ts';

const featureId = z
  .string()
  .regex(/^[a-z0-9_]{1,64}$/, 'write 1 to 64 small letters, digits and underscores, such as heated_seats');
const version = z
  .string({ error: 'write a version in quotes, such as "4.2.0"' })
  .min(1)
  .max(64)
  .describe('Version of the firmware.');
const dayMs = 86_400_000;
const applyMs = z.int().min(0).max(dayMs);
const valueSchema = z.union([z.string().max(256), z.number(), z.boolean()], {
  error: 'write a text of at most 256 characters, a number, true or false',
});

const parameterSchema = z.strictObject({
  type: z.enum(['integer', 'number', 'boolean', 'string']),
  unit: z.string().min(1).max(32).optional(),
  min: z.number().optional().describe('Smallest value of a number.'),
  max: z.number().optional().describe('Largest value of a number.'),
  oneOf: z.array(valueSchema).min(1).max(50).optional().describe('The only values that are taken.'),
  default: valueSchema.describe('Used by an activation that does not name the parameter.'),
});
export type ParameterFile = z.infer<typeof parameterSchema>;

const preconditionsSchema = z.strictObject({
  parked: z.literal(true).optional().describe('The vehicle does not move.'),
  ignition: z.enum(['off', 'on']).optional(),
  chargeAtLeast: z.number().min(0).max(100).optional().describe('State of charge in percent.'),
});

const featureSchema = z.strictObject({
  id: featureId.describe('As in the service catalogue: heated_seats.'),
  kind: z
    .enum(['optional', 'always_on'])
    .default('optional')
    .describe('An always-on feature belongs to the base platform, and no command switches it.'),
  hardware: z
    .boolean()
    .default(true)
    .describe('False: the firmware knows the feature, and the vehicle lacks its hardware.'),
  ecu: z.string().optional().describe('The control unit that applies it, one of ecus.'),
  parameters: z
    .record(z.string().min(1).max(64), parameterSchema)
    .default({})
    .describe('What a command may set, by name.'),
  preconditions: preconditionsSchema
    .default({})
    .describe('What must hold when the feature is switched on or changed.'),
  requires: z.array(featureId).max(32).default([]).describe('Features that must be active before this one.'),
  whenNotReady: z
    .enum(['retry', 'next_ignition_cycle'])
    .default('retry')
    .describe(
      'retry: the vehicle answers that it is not ready. next_ignition_cycle: it applies the command when the ignition is switched off next.',
    ),
  applyMs: applyMs.optional().describe('How long applying takes, where it differs from the model.'),
  loadKw: z
    .number()
    .min(0)
    .max(50)
    .default(0)
    .describe('What it takes from the battery while it is active and the vehicle drives. Kilowatts.'),
});
export type FeatureFile = z.infer<typeof featureSchema>;

const ecuSchema = z.strictObject({
  id: z.string().regex(/^[a-z0-9_-]{1,32}$/, 'write 1 to 32 small letters, digits, underscores and hyphens'),
  name: z.string().min(1).max(80).optional(),
  firmware: version,
});

const rangeOf = (leastMs: number) =>
  z.tuple([z.int().min(leastMs).max(dayMs), z.int().min(leastMs).max(dayMs)]);

const tripsSchema = z.strictObject({
  driveMs: rangeOf(1_000)
    .default([180_000, 2_400_000])
    .describe('How long a drive lasts: shortest, longest.'),
  stopMs: rangeOf(1_000).default([120_000, 1_800_000]).describe('How long a stop lasts: shortest, longest.'),
});

/** A vehicle model as people write it, a file each. */
export const modelSchema = z.strictObject({
  id: z
    .string()
    .regex(/^[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?$/, 'write 1 to 64 small letters, digits and hyphens')
    .describe('As in the names of the catalogue templates: aurora-2026.'),
  name: z.string().min(1).max(80).optional().describe('What customers see; without it, made of the id.'),
  vin: z
    .string()
    .regex(
      /^[0-9A-HJ-NPR-Z]{8}\*[0-9A-HJ-NPR-Z]{2}######$/,
      'write 8 characters, * for the check digit, 2 characters and ###### for the serial number, such as "WFWAUR1E*TA######"; a VIN has no I, O and Q',
    )
    .describe('Pattern of its VINs: * is the check digit, ###### the serial number.'),
  firmware: version.describe(
    'Version of the software release of the whole vehicle, as its status reports it.',
  ),
  ecus: z.array(ecuSchema).max(100).default([]).describe('Control units.'),
  battery: z.strictObject({
    capacityKwh: z.number().min(1).max(1_000),
    kwhPerKm: z.number().min(0.01).max(10).describe('Mean consumption while driving.'),
  }),
  trips: tripsSchema.default({ driveMs: [180_000, 2_400_000], stopMs: [120_000, 1_800_000] }),
  applyMs: applyMs.default(150).describe('How long a control unit takes for one command. Milliseconds.'),
  features: z.array(featureSchema).min(1).max(256),
  signals: z
    .array(signalSchema)
    .min(1)
    .max(256)
    .optional()
    .describe('Telemetry; without it, the signals of the shipped models.'),
});
export type ModelFile = z.infer<typeof modelSchema>;

/** Returns the schema of model files for editors; `schemas/vehicle-model.schema.json` holds it. */
export function modelJsonSchema(): object {
  const schema = z.toJSONSchema(modelSchema, { io: 'input', target: 'draft-7' });
  return { ...schema, title: 'Fleetwake vehicle model' };
}
