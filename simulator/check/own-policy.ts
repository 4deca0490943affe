import { z } from 'zod';
import { backoffMs, policyFaults, standardPolicy } from '../../gateway/activation/policy.ts';
import { apiIotDefaults } from '../../gateway/api-iot/config.ts';
import { sentences } from '../../gateway/catalogue/faults.ts';
import { readYaml } from '../../shared/files/yaml-file.ts';
import { shapeHint, withSimilarFields } from '../../shared/protocol/similar-field.ts';
import { msSchema } from '../faults/unit-schemas.ts';
import { policyOf } from './settings.ts';
import type { TestCase } from './test-case.ts';

export type TestCasePolicy = TestCase['policy'];

/** The specification's settings: defaults for the fields that a file leaves out. */
export const specifiedPolicy: TestCasePolicy = {
  maxRetries: standardPolicy.maxRetries ?? 5,
  baseDelayMs: standardPolicy.baseDelayMs,
  maxDelayMs: standardPolicy.maxDelayMs,
  commandTimeoutMs: apiIotDefaults.commandTimeoutMs,
};

const whole = (least: number, most: number) => {
  const error = `write a whole number from ${least} to ${most}`;
  return z.int({ error }).min(least, error).max(most, error).optional();
};
const dayMs = 86_400_000;
const ms = (least: number, most: number) => msSchema(least, most).optional();

const fileSchema = z.strictObject(
  {
    maxRetries: whole(0, 20),
    baseDelayMs: ms(1, dayMs),
    maxDelayMs: ms(1, dayMs),
    deadlineMs: ms(1, 30 * dayMs),
    commandTimeoutMs: ms(1_000, 3_600_000),
  },
  {
    error: shapeHint(
      'write the fields that differ from the standard policy: maxRetries, baseDelayMs, maxDelayMs, deadlineMs, commandTimeoutMs',
    ),
  },
);

export type PolicyReading =
  | { readonly ok: true; readonly policy: TestCasePolicy }
  /** One sentence per mistake, for the author of the file. */
  | { readonly ok: false; readonly mistakes: readonly string[] };

/** A team's retry policy from YAML or JSON; refused if it cannot work. */
export function readPolicy(file: string, text: string): PolicyReading {
  const yaml = readYaml(text, file);
  if (!yaml.ok) return yaml;
  const { value: document } = yaml.file;
  const parsed = fileSchema.safeParse(document, withSimilarFields);
  if (!parsed.success) return { ok: false, mistakes: sentences(file, parsed.error, document) };
  const given = Object.entries(parsed.data).filter(([, value]) => value !== undefined);
  const policy: TestCasePolicy = { ...specifiedPolicy, ...Object.fromEntries(given) };
  const mistakes = policyMistakes(policy).map((sentence) => `${file}: ${sentence}`);
  return mistakes.length === 0 ? { ok: true, policy } : { ok: false, mistakes };
}

/** Returns why a policy cannot work, a sentence each; empty if it can. */
export function policyMistakes(policy: TestCasePolicy): string[] {
  const retry = policyOf({ policy });
  const faults = policyFaults(retry).map((text) => `${text}.`);
  if (faults.length > 0) return faults;
  return [...deadlineMistakes(policy, retry.resultGraceMs), ...quotaMistakes(policy)];
}

/** The deadline has to leave the first attempt the time in which the vehicle may answer. */
function deadlineMistakes({ deadlineMs, commandTimeoutMs }: TestCasePolicy, graceMs: number): string[] {
  const leastMs = commandTimeoutMs + graceMs;
  if (deadlineMs === undefined || deadlineMs >= leastMs) return [];
  return [
    `the deadline (deadlineMs, ${spanText(deadlineMs)}) is shorter than one time-out (commandTimeoutMs, ${spanText(commandTimeoutMs)}, and ${spanText(graceMs)} for the notification): a vehicle that answers late is never tried again. Raise deadlineMs to at least ${leastMs}, or lower commandTimeoutMs.`,
  ];
}

/** When every attempt fails at once, as with a busy control unit, only the back-off keeps attempts apart. */
function quotaMistakes(policy: TestCasePolicy): string[] {
  const { quotaPerHour, quotaWindowMs } = apiIotDefaults;
  const startsMs = attemptStartsMs(policy);
  const over = startsMs.findIndex(
    (startMs, index) =>
      startMs - (startsMs[index - quotaPerHour] ?? Number.NEGATIVE_INFINITY) < quotaWindowMs,
  );
  if (over === -1) return [];
  const spanMs = (startsMs[over] ?? 0) - (startsMs[over - quotaPerHour] ?? 0);
  return [
    `maxRetries (${policy.maxRetries}) allows ${policy.maxRetries + 1} attempts, and with these delays attempts ${over - quotaPerHour + 1} to ${over + 1} may fall within ${spanText(spanMs)}. The API IoT takes ${quotaPerHour} commands for a vehicle in an hour, so from attempt ${over + 1} on the quota would decide when the customer is served, not this policy. Lower maxRetries to ${over - 1}, or raise baseDelayMs and maxDelayMs.`,
  ];
}

/** When each attempt starts at the earliest, after the first. */
function attemptStartsMs(policy: TestCasePolicy): number[] {
  const retry = policyOf({ policy });
  const startsMs = [0];
  for (let count = 0; count < policy.maxRetries; count += 1)
    startsMs.push((startsMs.at(-1) ?? 0) + backoffMs(retry, count, 0));
  return startsMs;
}

/** The longest that attempts and waits of one activation take together. */
export function longestMs(policy: TestCasePolicy): number {
  const { resultGraceMs, pollEveryMs } = policyOf({ policy });
  const attemptMs = policy.commandTimeoutMs + resultGraceMs + pollEveryMs;
  return (attemptStartsMs(policy).at(-1) ?? 0) + (policy.maxRetries + 1) * attemptMs;
}

/** `90 s`, `15 min`, `2.5 h` */
export function spanText(ms: number): string {
  const rounded = (value: number) => String(Math.round(value * 10) / 10);
  if (ms < 1_000) return `${ms} ms`;
  if (ms < 120_000) return `${rounded(ms / 1_000)} s`;
  return ms < 7_200_000 ? `${rounded(ms / 60_000)} min` : `${rounded(ms / 3_600_000)} h`;
}
