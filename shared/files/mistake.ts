import type { z } from 'zod';
import { fixHint } from '../protocol/fix-hint.ts';
import { similarField } from '../protocol/similar-field.ts';

/** Mistake in a file of a user: its place, what is wrong, and the fix. */
export interface Mistake {
  readonly path: readonly PropertyKey[];
  /** `is "ofline"; write one of offline, hang`, without the path. */
  readonly text: string;
  /** Where the name of the last key is meant, and not its value. */
  readonly isKey?: boolean;
}

/** Returns what a schema found, a mistake each. `of` is what the document should be: `a scenario`. */
export function mistakesOf(
  error: Pick<z.ZodError, 'issues'>,
  document: unknown,
  of: string,
  hintOf: (issue: z.core.$ZodIssue, value: unknown) => string = fixHint,
): Mistake[] {
  return error.issues.flatMap((issue) => mistakesOfIssue(issue, document, of, hintOf));
}

/** `faults.vehicles[0].attributes.afterMs` */
export function pathText(path: readonly PropertyKey[]): string {
  return path
    .map((key, index) => (typeof key === 'number' ? `[${key}]` : `${index === 0 ? '' : '.'}${String(key)}`))
    .join('');
}

/** Returns what a document holds at a path; undefined where the path leads nowhere. */
export function valueAt(document: unknown, path: readonly PropertyKey[]): unknown {
  let value = document;
  for (const key of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined;
    value = (value as Record<PropertyKey, unknown>)[key];
  }
  return value;
}

/** Returns at most 60 characters, for a value that is shown inside a sentence. */
export const shorten = (text: string) => (text.length > 60 ? `${text.slice(0, 57)}...` : text);

function mistakesOfIssue(
  issue: z.core.$ZodIssue,
  document: unknown,
  of: string,
  hintOf: (issue: z.core.$ZodIssue, value: unknown) => string,
): Mistake[] {
  const { path } = issue;
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => {
      const similar = similarField(issue, key);
      const fix = similar === null ? 'remove it or correct its name' : `did you mean ${similar}?`;
      return { path: [...path, key], isKey: true, text: `is no field of ${of}; ${fix}` };
    });
  }
  const value = valueAt(document, path);
  if (value === undefined && path.length > 0) return [{ path, text: `is missing; ${fixHint(issue)}` }];
  return [{ path, text: `is ${shorten(JSON.stringify(value))}; ${hintOf(issue, value)}` }];
}
