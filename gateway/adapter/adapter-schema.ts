import { z } from 'zod';
import { commandStates } from '../../shared/protocol/api-iot.ts';
import { isPointer } from '../../shared/protocol/json-pointer.ts';
import { shapeHint } from '../../shared/protocol/similar-field.ts';

const pointer = z
  .string()
  .refine(isPointer, { error: 'write a JSON Pointer such as /data/id, or "" for the whole answer' })
  .describe('A JSON Pointer (RFC 6901).');
const path = z
  .string()
  .regex(/^\/\S*$/, 'write a path that starts with /, such as /vehicle/{vin}/status')
  .max(512)
  .describe('Path below API_IOT_URL, with {vin} and other names filled in.');
const scalar = z.union([z.string(), z.number(), z.boolean()], {
  error: 'write a text, a number, true or false',
});
const values = z.array(scalar).min(1).max(50);
const headers = z.record(z.string().min(1), z.string()).default({});
const example = z
  .unknown()
  .describe('An answer of this API as its documentation shows it. Every pointer is tried on it.');

/** What an API IoT can do. What is not listed degrades as docs/own-api-iot.md says. */
export const capabilities = [
  'idempotency_key',
  'version',
  'callback',
  'history',
  'history_item',
  'display_text',
  'synchronous',
] as const;
export type Capability = (typeof capabilities)[number];

const targetSchema = z.strictObject({
  at: pointer,
  active: values.describe('What stands there for a feature that is switched on.'),
  dormant: values.describe('What stands there for one that is switched off.'),
});
export type TargetFile = z.infer<typeof targetSchema>;

const featuresSchema = z.strictObject({
  items: pointer.describe('A list of features, or an object that is the only one.'),
  feature: pointer,
  target: targetSchema,
  version: pointer.optional(),
  parameters: pointer.optional(),
});
export type FeaturesFile = z.infer<typeof featuresSchema>;

const flagSchema = z.strictObject({ at: pointer, yes: values, no: values });
export type FlagFile = z.infer<typeof flagSchema>;

const stateSchema = z.strictObject({
  at: pointer,
  values: z
    .partialRecord(z.enum(commandStates), values)
    .describe('Which values of this API mean which state of a command (docs/own-api-iot.md).'),
});

const commandSchema = z
  .strictObject({
    id: pointer.optional().describe('Without it, a command is known by the key of its attempt.'),
    vin: pointer.optional(),
    reference: pointer.optional().describe('Where the API repeats {reference}.'),
    key: pointer.optional().describe('Where the API repeats {key}.'),
    state: stateSchema,
    features: featuresSchema.optional().describe('Which features the command changes.'),
    acceptedAt: pointer.optional(),
    expiresAt: pointer.optional(),
    endedAt: pointer.optional(),
    results: pointer.optional().describe('The results of the vehicle, in the shape of docs/api-iot.md.'),
    late: pointer.optional(),
    clock: pointer.optional().describe("The vehicle's clock in its answer."),
    code: pointer.optional().describe('The result code, looked up under errors.'),
    reason: pointer.optional().describe('A sentence about the result.'),
  })
  .describe('Where things stand in a command, from the place where the command stands in an answer.');

const code = z.union([z.int().min(300).max(599), z.string().min(1)], {
  error: 'write an HTTP status from 300 to 599, or a code in quotes',
});
const codes = z.array(code).min(1).max(100);

/** The final failures that an API can say, by their category. */
export const terminalCategories = [
  'invalid_configuration',
  'vehicle_incompatible',
  'authorization_failure',
  'unknown_vehicle',
] as const;

const errorsSchema = z
  .strictObject({
    code: pointer.optional().describe('Where an error answer has its code.'),
    message: pointer.optional(),
    rateLimit: codes.default([429]).describe('Statuses and codes that ask to wait.'),
    retryAfterSeconds: pointer
      .optional()
      .describe('Where a rate limit says how long; the Retry-After header is read as well.'),
    retryable: codes.optional().describe('Statuses and codes that pass.'),
    terminal: z
      .partialRecord(z.enum(terminalCategories), codes)
      .default({})
      .describe('Statuses and codes that no retry changes.'),
    example: example.optional(),
  })
  .describe(
    'What refusals mean. Without an entry, a documented problem type decides (docs/api-iot.md), then the status.',
  );

const tokenSchema = z.strictObject(
  {
    path: z
      .string({ error: 'write a path such as /oauth/token, or the URL of another host' })
      .regex(/^(\/|https?:\/\/)\S+$/, 'write a path such as /oauth/token, or the URL of another host')
      .describe('Of the OAuth 2.0 token endpoint (client credentials).'),
    scope: z.string().max(512).default(''),
    client: z
      .enum(['basic', 'body'])
      .default('basic')
      .describe('Whether the client id and secret go in the Basic header or in the form.'),
    parameters: z
      .record(z.string(), z.string())
      .default({})
      .describe('More fields of the form, such as audience.'),
    accessToken: pointer.default('/access_token'),
    expiresInSeconds: pointer.default('/expires_in'),
    header: z.string().min(1).default('authorization'),
    prefix: z.string().default('Bearer '),
  },
  { error: shapeHint('write the token request, with its path, or none') },
);

/** The description of an API IoT, as its users write it. */
export const adapterSchema = z.strictObject({
  name: z.string().regex(/^[a-z0-9][a-z0-9-]{0,63}$/, 'write 1 to 64 small letters, digits and hyphens'),
  capabilities: z.array(z.enum(capabilities)).describe('What the API can do; leave out what it cannot.'),
  token: z.union([z.literal('none'), tokenSchema], {
    error: 'write the token request, with its path, or none',
  }),
  headers: headers.describe(
    'Sent with every request, such as an API key: {clientId} and {clientSecret} are filled in.',
  ),
  times: z
    .enum(['epoch_ms', 'epoch_s', 'rfc3339'])
    .default('epoch_ms')
    .describe('How the API writes instants.'),
  commandTimeoutMs: z
    .int()
    .min(1_000)
    .max(86_400_000)
    .default(300_000)
    .describe('How long a command may wait for its vehicle, where the API does not say expiresAt.'),
  targets: z
    .strictObject({ active: z.string().min(1), dormant: z.string().min(1) })
    .default({ active: 'active', dormant: 'dormant' })
    .describe('What {target} becomes.'),
  features: z
    .record(z.string(), z.string().min(1))
    .default({})
    .describe('What {feature} becomes, by the name in the catalogue; another name stays as it is.'),
  command: commandSchema,
  configure: z.strictObject({
    method: z.enum(['POST', 'PUT', 'PATCH']).default('POST'),
    path,
    headers,
    body: z
      .unknown()
      .describe('JSON in which {feature}, {target} … are filled in; a field without a value is left out.'),
    command: pointer.default('').describe('Where the command stands in the answer.'),
    example,
  }),
  item: z
    .strictObject({ path, command: pointer.default(''), example })
    .optional()
    .describe('Reads one command.'),
  history: z
    .strictObject({
      path,
      commands: pointer,
      order: z.enum(['newest_first', 'oldest_first']).default('newest_first'),
      example,
    })
    .optional()
    .describe("Lists a vehicle's commands."),
  status: z
    .strictObject({
      path,
      online: flagSchema.optional(),
      lastSeenAt: pointer.optional(),
      model: pointer.optional(),
      firmware: pointer.optional(),
      clockSkewMs: pointer.optional(),
      desired: featuresSchema.optional(),
      reported: featuresSchema.optional(),
      telemetry: pointer.optional(),
      telemetryAt: pointer.optional(),
      example,
    })
    .optional(),
  health: z
    .strictObject({
      path,
      online: flagSchema.optional(),
      lastSeenAt: pointer.optional(),
      signalStrengthDbm: pointer.optional(),
      pendingCommands: pointer.optional(),
      quotaRemaining: pointer.optional(),
      quotaOpensAt: pointer.optional(),
      example,
    })
    .optional(),
  callback: z
    .strictObject({ command: pointer, example })
    .optional()
    .describe('The body of a callback, signed as Standard Webhooks 1.0 says.'),
  errors: errorsSchema.default({ rateLimit: [429], terminal: {} }),
});
export type AdapterFile = z.infer<typeof adapterSchema>;
export type ErrorsFile = AdapterFile['errors'];

/** Returns the schema of adapter files for editors; `schemas/api-iot-adapter.schema.json` holds it. */
export function adapterJsonSchema(): object {
  const schema = z.toJSONSchema(adapterSchema, { io: 'input', target: 'draft-7' });
  return { ...schema, title: 'Fleetwake adapter of an API IoT' };
}
