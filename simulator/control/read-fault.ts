import { pathText } from '../../shared/files/mistake.ts';
import { withSimilarFields } from '../../shared/protocol/similar-field.ts';
import { type FaultRecord, faultRecordSchema } from '../faults/fault.ts';
import { mistakesOf } from '../scenarios/mistake.ts';

export type FaultReading =
  | { readonly ok: true; readonly record: FaultRecord }
  /** A sentence each: `attributes.latencyMs is missing; write a number`. */
  | { readonly ok: false; readonly mistakes: readonly string[] };

/** A fault from outside. */
export function readFault(value: unknown): FaultReading {
  const parsed = faultRecordSchema.safeParse(value, withSimilarFields);
  if (parsed.success) return { ok: true, record: parsed.data };
  const mistakes = mistakesOf(parsed.error, value, 'a fault');
  return {
    ok: false,
    mistakes: mistakes.map(({ path, text }) => `${pathText(path) || 'the fault'} ${text}`),
  };
}
