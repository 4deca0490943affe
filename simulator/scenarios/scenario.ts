import { z } from 'zod';
import { httpFaultSchema } from '../faults/http-fault.ts';
import { vehicleFaultSchema } from './vehicle-fault.ts';

const shareSchema = z.number().min(0).max(1);

const durationSchema = z.union([
  z.strictObject({ unit: z.enum(['hours', 'days', 'months']), count: z.int().min(1) }),
  z.strictObject({ unit: z.literal('permanent') }),
]);

/** Real durations, as an operator would configure them; `timeScale` divides every one of them. */
const constantsSchema = z.strictObject({
  maxRetries: z.int().min(0).max(20),
  baseDelayMs: z.int().min(1),
  maxDelayMs: z.int().min(1),
  pollEveryMs: z.int().min(1),
  resultGraceMs: z.int().min(0),
  deadlineMs: z.int().min(1),
  commandTimeoutMs: z.int().min(1),
  quotaLimit: z.int().min(1),
  quotaWindowMs: z.int().min(1),
});
export type Constants = z.infer<typeof constantsSchema>;

/** A run as plain data: who is there, what they buy, and what goes wrong. Together with a seed it fixes a plan. */
const scenarioSchema = z.strictObject({
  name: z.string().regex(/^[a-z0-9-]{1,64}$/, 'lower-case letters, digits and hyphens'),
  description: z.string().max(500),
  /** An hour of the constants lasts `3600 / timeScale` seconds of the run. */
  timeScale: z.number().min(1).max(10_000),
  constants: constantsSchema,
  /** Not compressed: how often a vehicle sends telemetry. */
  telemetryEveryMs: z.int().min(100),
  /** Not compressed: added to the bound within which an activation must end, for a slow machine. */
  slackMs: z.int().min(0),
  vehicles: z.strictObject({
    count: z.int().min(1).max(100_000),
    models: z.array(z.strictObject({ model: z.string(), weight: z.number().positive() })).min(1),
    /** Vehicles park within `spreadDegrees` of a region's middle. */
    regions: z
      .array(
        z.strictObject({
          /** ISO 3166-1 alpha-2. */
          region: z.string().length(2),
          latitude: z.number().min(-90).max(90),
          longitude: z.number().min(-180).max(180),
          spreadDegrees: z.number().min(0).max(5),
          weight: z.number().positive(),
        }),
      )
      .min(1),
  }),
  customers: z.strictObject({
    count: z.int().min(1).max(100_000),
    languages: z.array(z.string().min(2)).min(1),
    /** How many of them take push messages. */
    pushShare: shareSchema,
  }),
  purchases: z.strictObject({
    count: z.int().min(1).max(100_000),
    /** Not compressed: they arrive within this time. */
    overMs: z.int().min(0),
    services: z
      .array(
        z.strictObject({
          /** Of the catalogue. */
          id: z.string(),
          feature: z.string(),
          duration: durationSchema,
          weight: z.number().positive(),
        }),
      )
      .min(1),
    perVehicleMax: z.int().min(1),
    /** This many of each, spread over the run by the seed; fewer where the drawn vehicles do not allow more. */
    unsupported: z.int().min(0),
    declined: z.int().min(0),
    preDelivery: z.int().min(0),
    cards: z.strictObject({ good: z.string(), declined: z.string() }),
  }),
  faults: z.strictObject({
    vehicles: z.array(vehicleFaultSchema),
    apiIot: z.array(httpFaultSchema),
  }),
});
export type Scenario = z.infer<typeof scenarioSchema>;

export type ScenarioReading =
  | { readonly ok: true; readonly scenario: Scenario }
  /** One sentence a mistake, each beginning with where it is. */
  | { readonly ok: false; readonly mistakes: readonly string[] };

/** Checks what was read from a file. A mistake is data: the command says it and ends. */
export function readScenario(value: unknown): ScenarioReading {
  const parsed = scenarioSchema.safeParse(value);
  if (parsed.success) return { ok: true, scenario: parsed.data };
  return {
    ok: false,
    mistakes: parsed.error.issues.map(
      (issue) => `${issue.path.length === 0 ? 'scenario' : issue.path.join('.')}: ${issue.message}`,
    ),
  };
}

/** The constants as the run uses them: every duration divided by `timeScale`, at least 1 ms. */
export function compressedConstants(scenario: Scenario): Constants {
  const { maxRetries, quotaLimit, ...durations } = scenario.constants;
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
  };
}
