import { z } from 'zod';
import { isShipped, shippedLanguages } from '../../gateway/notifications/language.ts';
import { reconciliationAtTimeScale } from '../../gateway/time-scale.ts';
import { vinSchema } from '../../shared/protocol/vin.ts';
import { componentFaultSchema } from '../faults/component-fault.ts';
import { faultRecordSchema } from '../faults/fault.ts';
import { httpFaultSchema } from '../faults/http-fault.ts';
import { msSchema, shareSchema } from '../faults/unit-schemas.ts';
import { connectivityProfiles } from '../fleet/connectivity.ts';
import { plannedActionSchema } from './planned-action.ts';
import { purchasesSchema } from './purchases-schema.ts';
import { recordedOutageSchema } from './recorded-outages.ts';
import { fleetSchema } from './scenario-parts.ts';
import { standardConstants, standardCustomers, standardModels, standardRegions } from './standard.ts';
import { realMsMax, runMsMax } from './time-limits.ts';
import { vehicleFaultSchema } from './vehicle-fault.ts';

const real = 'Real milliseconds; the run divides them by timeScale.';

/** Real durations, as an operator would configure them; `timeScale` divides every one of them. */
const constantsSchema = z.strictObject({
  maxRetries: z
    .int()
    .min(0)
    .max(20)
    .default(standardConstants.maxRetries)
    .describe('Attempts after the first.'),
  baseDelayMs: msSchema(1, realMsMax)
    .default(standardConstants.baseDelayMs)
    .describe(`First back-off. ${real}`),
  maxDelayMs: msSchema(1, realMsMax)
    .default(standardConstants.maxDelayMs)
    .describe(`Longest back-off. ${real}`),
  pollEveryMs: msSchema(1, realMsMax).default(standardConstants.pollEveryMs).describe(real),
  resultGraceMs: msSchema(0, realMsMax).default(standardConstants.resultGraceMs).describe(real),
  deadlineMs: msSchema(1, realMsMax)
    .default(standardConstants.deadlineMs)
    .describe(`No attempt starts later. ${real}`),
  commandTimeoutMs: msSchema(1, realMsMax)
    .default(standardConstants.commandTimeoutMs)
    .describe(`How long the API IoT waits for the vehicle. ${real}`),
  quotaLimit: z
    .int()
    .min(1)
    .max(1_000_000)
    .default(standardConstants.quotaLimit)
    .describe('Configure commands that a vehicle may get within quotaWindowMs.'),
  quotaWindowMs: msSchema(1, realMsMax).default(standardConstants.quotaWindowMs).describe(real),
  purchasesMax: z
    .int()
    .min(1)
    .max(10_000)
    .optional()
    .describe(
      'Purchases under way at once at the platform; the rest is refused with 503, and the customers send it again. Without it as --purchases-max says.',
    ),
  reconcileEveryMs: msSchema(0, 86_400_000)
    .optional()
    .describe(
      `How often each vehicle is compared with what its customers own; 0: never. Without it never in virtual time, and live as --reconcile-ms says. ${real}`,
    ),
});
export type Constants = z.infer<typeof constantsSchema>;

const modelSchema = z.strictObject({ model: z.string(), weight: z.number().positive() });

/** Vehicles park within `spreadDegrees` of a region's middle. */
const regionSchema = z.strictObject({
  region: z.string().length(2).describe('ISO 3166-1 alpha-2.'),
  latitude: z.number().min(-90).max(90),
  longitude: z.number().min(-180).max(180),
  spreadDegrees: z.number().min(0).max(5),
  weight: z.number().positive(),
});

const vehiclesSchema = z.strictObject({
  count: z.int().min(1).max(100_000),
  models: z.array(modelSchema).min(1).default(standardModels),
  regions: z.array(regionSchema).min(1).default(standardRegions),
  list: z
    .array(z.strictObject({ vin: vinSchema, model: z.string() }))
    .min(1)
    .max(1_000)
    .optional()
    .describe('These vehicles instead of drawn ones, each of a customer of its own; as many as count says.'),
  connectivity: z
    .enum(connectivityProfiles)
    .optional()
    .describe('How well every vehicle is connected; its times are divided by timeScale. Without it: steady.'),
  outages: z
    .array(recordedOutageSchema)
    .max(100_000)
    .optional()
    .describe('Recorded outages; a vehicle that has some has these instead of its connectivity.'),
  outagesFile: z
    .string()
    .min(1)
    .optional()
    .describe('The same as a CSV beside this file, with the columns vehicle,startMs,durationMs.'),
});

const customersSchema = z.strictObject({
  count: z
    .int()
    .min(1)
    .max(100_000)
    .optional()
    .describe('Without it, every vehicle has a customer of its own.'),
  languages: z
    .array(
      z
        .string()
        .refine(
          isShipped,
          `write a language that notifications have: ${Object.keys(shippedLanguages).join(', ')}`,
        ),
    )
    .min(1)
    .default(standardCustomers.languages)
    .describe(`Of notifications: ${Object.keys(shippedLanguages).join(', ')}, or a variant such as es-MX.`),
  pushShare: shareSchema()
    .default(standardCustomers.pushShare)
    .describe('How many take push messages, 0 to 1.'),
});

const faultsSchema = z.strictObject({
  vehicles: z.array(vehicleFaultSchema).max(100).default([]),
  apiIot: z.array(httpFaultSchema).max(100).default([]).describe('Between the engine and the API IoT.'),
  payments: z
    .array(httpFaultSchema)
    .max(100)
    .optional()
    .describe('Between the engine and the payment service.'),
  parts: z
    .array(componentFaultSchema)
    .max(20)
    .optional()
    .describe('Components that crash, are down or lose data.'),
  list: z
    .array(faultRecordSchema)
    .max(100)
    .optional()
    .describe('Of every layer, in the one form that `fleetwake fault add` takes too.'),
});

/** A run as plain data: who is there, what they buy, and what goes wrong. Together with a seed it fixes a plan. */
export const scenarioSchema = z.strictObject({
  name: z.string().regex(/^[a-z0-9-]{1,64}$/, 'lower-case letters, digits and hyphens'),
  description: z.string().max(500),
  timeScale: z
    .number()
    .min(1)
    .max(10_000)
    .describe('How many times as fast time runs: an hour of the constants lasts 3600 / timeScale seconds.'),
  times: z
    .enum(['run', 'scenario'])
    .optional()
    .describe(
      'Whose time every other field means: scenario, the same at each timeScale and uncompressed in virtual time; or run (the default), that of the compressed run.',
    ),
  constants: constantsSchema.default(standardConstants),
  telemetryEveryMs: msSchema(100, runMsMax)
    .default(2_000)
    .describe('How often a vehicle sends telemetry. Milliseconds of the run.'),
  slackMs: msSchema(0, runMsMax)
    .default(15_000)
    .describe(
      'Added to the bound within which an activation must end, for a slow machine. Milliseconds of the run.',
    ),
  fleet: fleetSchema.optional().describe('Vehicle models and catalogue of your own, by their folders.'),
  vehicles: vehiclesSchema,
  customers: customersSchema.default(standardCustomers),
  purchases: purchasesSchema,
  actions: z
    .array(plannedActionSchema)
    .max(1_000)
    .optional()
    .describe('What people do after stated purchases: cancel, renew, sell the vehicle, work on a ticket.'),
  faults: faultsSchema.default({ vehicles: [], apiIot: [] }),
  expectations: z
    .array(z.string().min(1).max(200))
    .max(100)
    .optional()
    .describe(
      '"active >= 99 %", "p95 time to active < 20 min", "rule 7". Without a rule among them, every rule.',
    ),
});
export type Scenario = z.infer<typeof scenarioSchema>;

/** The constants as the run uses them: every duration divided by `timeScale`, at least 1 ms. */
export function constantsAtTimeScale(scenario: Scenario): Constants {
  const { maxRetries, quotaLimit, purchasesMax, reconcileEveryMs, ...durations } = scenario.constants;
  const compress = (ms: number) => (ms === 0 ? 0 : Math.max(1, Math.round(ms / scenario.timeScale)));
  return {
    maxRetries,
    baseDelayMs: compress(durations.baseDelayMs),
    maxDelayMs: compress(durations.maxDelayMs),
    pollEveryMs: compress(durations.pollEveryMs),
    resultGraceMs: compress(durations.resultGraceMs),
    deadlineMs: compress(durations.deadlineMs),
    commandTimeoutMs: compress(durations.commandTimeoutMs),
    quotaLimit,
    quotaWindowMs: compress(durations.quotaWindowMs),
    ...(purchasesMax === undefined ? {} : { purchasesMax }),
    ...(reconcileEveryMs === undefined
      ? {}
      : { reconcileEveryMs: reconciliationAtTimeScale(scenario.timeScale, reconcileEveryMs) ?? 0 }),
  };
}
