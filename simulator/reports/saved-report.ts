import { z } from 'zod';
import { fixHint } from '../../shared/protocol/fix-hint.ts';
import { parseJsonText } from '../../shared/protocol/json.ts';

const countsSchema = z.record(z.string(), z.number());

/** What two runs are compared by: the part of a report's JSON that is the same in every version of the product. */
const savedReportSchema = z.looseObject({
  scenario: z.string(),
  /** Null: the report of a log. */
  seed: z.number().nullable(),
  timeScale: z.number(),
  outcomes: countsSchema,
  attempts: countsSchema,
  timeToActiveMs: z.record(z.string(), z.number().nullable()),
  money: z.record(z.string(), countsSchema),
  notices: z.record(z.string(), countsSchema),
  tickets: countsSchema,
  revocations: countsSchema,
  faults: z.record(z.string(), countsSchema),
  checks: z.array(z.looseObject({ id: z.number(), title: z.string(), ok: z.boolean() })),
  expectations: z.array(z.looseObject({ text: z.string(), ok: z.boolean(), found: z.string() })),
  activations: z.array(z.looseObject({ purchase: z.string(), outcome: z.string(), attempts: z.number() })),
});
export type SavedReport = z.infer<typeof savedReportSchema>;

export type SavedReading =
  | { readonly ok: true; readonly report: SavedReport }
  /** What is wrong, to be read after the file's name. */
  | { readonly ok: false; readonly reason: string };

/** A report out of a file that `fleetwake run --json FILE` wrote. */
export function readSavedReport(text: string): SavedReading {
  let value: unknown;
  try {
    value = parseJsonText(text);
  } catch (error) {
    return { ok: false, reason: `is not JSON (${(error as Error).message})` };
  }
  const parsed = savedReportSchema.safeParse(value);
  if (parsed.success) return { ok: true, report: parsed.data };
  const [issue] = parsed.error.issues;
  const where = issue?.path.join('.') || 'the file';
  return { ok: false, reason: `is no report of a run (${where}: ${issue ? fixHint(issue) : ''})` };
}
