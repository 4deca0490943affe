import { z } from 'zod';
import { fixHint } from '../../shared/protocol/fix-hint.ts';
import { parseJsonText } from '../../shared/protocol/json.ts';
import { withSimilarFields } from '../../shared/protocol/similar-field.ts';
import { type TestCase, testCaseSchema } from './test-case.ts';

/**
 * A test case on disk: a failure that `fleetwake check` saved, with the hash of its trace, or a case of the corpus, which
 * has none, because its trace may change with the product.
 */
const savedSchema = z.strictObject({
  about: z.string().max(2_000),
  rule: z.string().max(200).optional(),
  traceHash: z.string().optional(),
  schedule: testCaseSchema,
});

export interface SavedTestCase {
  readonly about: string;
  readonly rule?: string | undefined;
  readonly traceHash?: string | undefined;
  readonly schedule: TestCase;
}

export type SavedReading =
  | { readonly ok: true; readonly saved: SavedTestCase }
  | { readonly ok: false; readonly mistakes: readonly string[] };

export function readSaved(text: string): SavedReading {
  let value: unknown;
  try {
    value = parseJsonText(text);
  } catch (error) {
    return { ok: false, mistakes: [`not JSON: ${error instanceof Error ? error.message : String(error)}`] };
  }
  const parsed = savedSchema.safeParse(value, withSimilarFields);
  if (parsed.success) return { ok: true, saved: parsed.data };
  return {
    ok: false,
    mistakes: parsed.error.issues.map((issue) => `${issue.path.join('.') || 'file'}: ${fixHint(issue)}`),
  };
}

export function textOfSaved(saved: SavedTestCase): string {
  return `${JSON.stringify(saved, null, 2)}\n`;
}
