import { z } from 'zod';
import { fixHint } from '../../shared/protocol/fix-hint.ts';
import { parseJsonText } from '../../shared/protocol/json.ts';
import { withSimilarFields } from '../../shared/protocol/similar-field.ts';
import { readSaved } from '../check/saved-test-case.ts';
import { shippedModels } from '../models/models-folder.ts';
import { scenarioSchema } from '../scenarios/scenario.ts';
import { checkScenario } from '../scenarios/scenario-checks.ts';
import { shippedCatalogue } from '../virtual-system/shipped-files.ts';
import type { MomentOptions } from './moment.ts';
import type { RunSource } from './run-source.ts';
import { scenarioSource } from './scenario-source.ts';
import { testCaseSource } from './test-case-source.ts';

/** A scenario's run on disk: the whole scenario with its seed, so that the file alone makes the run again. */
const savedRunSchema = z.strictObject({
  about: z.string().max(2_000),
  seed: z.int().min(0).max(0xffff_ffff),
  scenario: scenarioSchema,
  /** Of a branch: the scenario that draws the purchases. */
  purchasesOf: scenarioSchema.optional(),
});

export type SourceReading =
  | { readonly ok: true; readonly source: RunSource }
  | { readonly ok: false; readonly mistakes: readonly string[] };

/** Reads a run from the text of a file: a scenario's run, or a test case that `check` saved. */
export function readRunSource(text: string, title: string, options: MomentOptions = {}): SourceReading {
  if (!isSavedRun(text)) {
    const reading = readSaved(text);
    return reading.ok
      ? { ok: true, source: testCaseSource(reading.saved.schedule, title, options) }
      : reading;
  }
  const parsed = savedRunSchema.safeParse(parseJsonText(text), withSimilarFields);
  if (!parsed.success)
    return {
      ok: false,
      mistakes: parsed.error.issues.map((issue) => `${issue.path.join('.') || 'file'}: ${fixHint(issue)}`),
    };
  const { scenario, seed, purchasesOf } = parsed.data;
  const mistakes = checkScenario(scenario, shippedCatalogue().services(), shippedModels());
  if (mistakes.length > 0)
    return {
      ok: false,
      mistakes: mistakes.map(({ path, text: what }) => `scenario.${path.map(String).join('.')} ${what}`),
    };
  return {
    ok: true,
    source: scenarioSource({ scenario, seed, ...(purchasesOf ? { purchasesOf } : {}) }, title),
  };
}

/** Whether a file is a scenario's run, and not a test case. */
export function isSavedRun(text: string): boolean {
  try {
    const value: unknown = parseJsonText(text);
    return typeof value === 'object' && value !== null && 'scenario' in value;
  } catch {
    return false;
  }
}
