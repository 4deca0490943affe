import type { z } from 'zod';
import { shorten, valueAt } from '../../gateway/catalogue/faults.ts';
import { fixHint } from '../../shared/protocol/fix-hint.ts';
import { whyNotReproducible } from '../faults/not-reproducible.ts';

/** Mistake in a scenario: its place, what is wrong, and the fix. */
export interface Mistake {
  readonly path: readonly PropertyKey[];
  /** `is "ofline"; write one of offline, hang`, without the path. */
  readonly text: string;
  /** Where the name of the last key is meant, and not its value. */
  readonly isKey?: boolean;
}

/** What the schema found, a mistake each. `of` is what the document should be. */
export function mistakesOf(error: z.ZodError, document: unknown, of = 'a scenario'): Mistake[] {
  return error.issues.flatMap((issue) => mistakesOfIssue(issue, document, of));
}

/** `faults.vehicles[0].attributes.afterMs` */
export function pathText(path: readonly PropertyKey[]): string {
  return path
    .map((key, index) => (typeof key === 'number' ? `[${key}]` : `${index === 0 ? '' : '.'}${String(key)}`))
    .join('');
}

function mistakesOfIssue(issue: z.core.$ZodIssue, document: unknown, of: string): Mistake[] {
  const { path } = issue;
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({
      path: [...path, key],
      isKey: true,
      text: `is no field of ${of}; remove it or correct its name`,
    }));
  }
  const value = valueAt(document, path);
  if (value === undefined && path.length > 0) return [{ path, text: `is missing; ${fixHint(issue)}` }];
  const hint = (path.at(-1) === 'type' ? whyNotReproducible(value) : null) ?? fixHint(issue);
  return [{ path, text: `is ${shorten(JSON.stringify(value))}; ${hint}` }];
}
