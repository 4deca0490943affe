import { z } from 'zod';
import { type VehicleQuantity, vehicleQuantities } from '../vehicle/models.ts';

const quantities = Object.keys(vehicleQuantities) as VehicleQuantity[];

/** Kind of value of each VSS data type: https://covesa.github.io/vehicle_signal_specification/rule_set/data_entry/data_types/. */
export const vssTypes = {
  boolean: 'boolean',
  string: 'string',
  'string[]': 'string[]',
  float: 'number',
  double: 'number',
  uint8: 'number',
  int8: 'number',
  uint16: 'number',
  int16: 'number',
  uint32: 'number',
  int32: 'number',
  uint64: 'number',
  int64: 'number',
} as const;
export type VssType = keyof typeof vssTypes;
const vssTypeNames = Object.keys(vssTypes) as VssType[];

/** A file of a folder or below it: no segment begins with a dot, and none leads elsewhere. */
const besidePath = /^[^./\\:\0][^/\\:\0]*(\/[^./\\:\0][^/\\:\0]*)*$/;

const generatorSchema = z
  .discriminatedUnion(
    'from',
    [
      z.strictObject({ from: z.enum(quantities) }),
      z.strictObject({
        from: z.literal('constant'),
        value: z.union([z.number(), z.boolean(), z.string().max(256), z.array(z.string().max(32)).max(64)]),
      }),
      z.strictObject({
        from: z.literal('wave'),
        min: z.number(),
        max: z.number(),
        periodMs: z
          .int()
          .min(1_000)
          .max(7 * 86_400_000),
      }),
      z.strictObject({
        from: z.literal('feature'),
        feature: z.string(),
        active: z.number().optional(),
        dormant: z.number().optional(),
      }),
      z.strictObject({
        from: z.literal('recorded'),
        file: z
          .string()
          .max(200)
          .regex(
            besidePath,
            'write the path of a CSV file in the folder of the model, such as drive.csv or recordings/drive.csv',
          )
          .describe(
            'CSV file of the form of the KUKSA csv provider, in the folder of the model or below it.',
          ),
        atEnd: z
          .enum(['repeat', 'hold'])
          .default('repeat')
          .describe('After the end of the file: repeat begins it again, hold keeps the last value.'),
      }),
    ],
    { error: `write {from: …} with one of ${quantities.join(', ')}, constant, wave, feature or recorded` },
  )
  .describe(
    'Where the value comes from: a quantity of the vehicle, a constant, a wave, whether a feature is active, or a recorded file.',
  );

export const signalSchema = z.strictObject({
  path: z
    .string()
    .max(128)
    .regex(/^Vehicle(\.[A-Za-z][A-Za-z0-9]*)+$/, 'write a path of COVESA VSS, such as Vehicle.Speed')
    .describe('Path in COVESA VSS.'),
  type: z
    .enum(vssTypeNames, { error: `write a data type of VSS: ${vssTypeNames.join(', ')}` })
    .describe('Data type of VSS.'),
  unit: z.string().min(1).max(32).optional(),
  everyMs: z
    .int()
    .min(100)
    .max(86_400_000)
    .optional()
    .describe('At most one value in this time; without it, one in every telemetry message.'),
  generator: generatorSchema,
});
export type SignalFile = z.infer<typeof signalSchema>;
