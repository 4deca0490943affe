import { z } from 'zod';
import { featureOutcomes } from '../../shared/protocol/device-messages.ts';
import { vinSchema } from '../../shared/protocol/vin.ts';
import { movements } from '../stand-ins/payments/ledger-rules.ts';

const at = z
  .union([z.int().min(0), z.iso.datetime({ offset: true })])
  .describe('When it happened: milliseconds since 1970, or ISO 8601 with its offset from UTC.');
const id = z.string().min(1).max(200);
/** As long as a message to a vehicle takes it. */
const commandId = z.string().min(1).max(64);
const amountMinor = z.int().min(1).describe('In minor units: 1490 for 14.90 EUR.');
const currency = z.string().regex(/^[A-Z]{3}$/, { error: 'write an ISO 4217 code such as EUR' });
const feature = z.string().min(1).max(64);
const state = z.enum(['active', 'dormant']);
const version = z
  .int()
  .min(1)
  .optional()
  .describe('Rises with each command for this vehicle and feature; without it they are counted.');

const kinds = Object.keys(movements) as [keyof typeof movements, ...(keyof typeof movements)[]];

/** What a log of an engine says of its whole run; it may be left out. */
const runFact = z.strictObject({
  type: z.literal('run'),
  at: at.optional(),
  name: z.string().min(1).max(100).optional().describe('Name of the report.'),
  quota: z
    .strictObject({ limit: z.int().min(1), windowMs: z.int().min(1) })
    .optional()
    .describe('How many commands a vehicle may receive within which time: 10 an hour without it.'),
});

/** One fact of a run that Fleetwake did not drive: a line of the log. */
export const logFactSchema = z.discriminatedUnion('type', [
  runFact,
  z
    .strictObject({
      ...{ type: z.literal('purchase'), at, vin: vinSchema, feature },
      customer: z.string().max(200).optional(),
      status: z.int().min(100).max(599).nullable().default(200),
      answer: z
        .unknown()
        .describe('Body of the answer, as JSON: purchase.activation of the mapping points into it.'),
    })
    .describe('A purchase, and what the engine answered; status is null where no answer came.'),
  z
    .strictObject({
      ...{ type: z.literal('payment'), at, id, amountMinor, currency },
      metadata: z
        .record(z.string(), z.string())
        .describe('payment.metadata of the mapping is one of its keys.'),
    })
    .describe('A payment that the engine asked for, a declined one too.'),
  z
    .strictObject({ type: z.literal('money'), at, payment: id, kind: z.enum(kinds), amountMinor, currency })
    .describe('A movement of money of a payment.'),
  z
    .strictObject({
      ...{ type: z.literal('command'), at, id: commandId, vin: vinSchema },
      reference: z.string().max(200).optional(),
      key: z.string().max(200).optional().describe('The Idempotency-Key.'),
      features: z
        .array(z.strictObject({ feature, target: state, version }))
        .min(1)
        .max(16),
    })
    .describe('A command that was accepted for a vehicle.'),
  z
    .strictObject({
      ...{ type: z.literal('result'), at, command: commandId },
      results: z
        .array(z.strictObject({ feature, outcome: z.enum(featureOutcomes) }))
        .min(1)
        .max(16),
    })
    .describe('What the vehicle answered to a command.'),
  z
    .strictObject({
      ...{ type: z.literal('mail'), at, to: z.string().min(1), subject: z.string() },
      text: z.string().optional(),
      messageId: z.string().optional(),
    })
    .describe('An e-mail as it arrived.'),
  z
    .strictObject({ type: z.literal('push'), at, to: z.string().min(1), title: z.string() })
    .extend({ body: z.string().optional(), id: z.string().optional() })
    .describe('A push message as it arrived; `to` is its endpoint.'),
  z
    .strictObject({
      ...{ type: z.literal('vehicle'), at, vin: vinSchema },
      features: z.array(z.strictObject({ feature, state, version })),
    })
    .describe('The features of a vehicle as they stand; the last one of a vehicle counts.'),
]);
export type LogFact = z.infer<typeof logFactSchema>;
export type FactType = LogFact['type'];
export const factTypes = logFactSchema.options.map(({ shape }) => shape.type.value);

/** Returns the schema of one line of a log for editors; `schemas/engine-log.schema.json` holds it. */
export function logJsonSchema(): object {
  const schema = z.toJSONSchema(logFactSchema, { io: 'input', target: 'draft-7' });
  return { ...schema, title: 'Fleetwake log of an engine, one line' };
}
