import type { z } from 'zod';
import { shorten, valueAt } from '../../gateway/catalogue/faults.ts';
import { whyNotReproducible } from '../faults/not-reproducible.ts';

/** Something in a scenario that cannot be: where it is, what is wrong, and the cure. */
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
  if (value === undefined && path.length > 0) return [{ path, text: `is missing; ${cureOf(issue)}` }];
  const cure = (path.at(-1) === 'type' ? whyNotReproducible(value) : null) ?? cureOf(issue);
  return [{ path, text: `is ${shorten(JSON.stringify(value))}; ${cure}` }];
}

function cureOf(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case 'invalid_type':
      return `write ${nouns[issue.expected] ?? issue.expected}`;
    case 'invalid_value':
      return `write ${oneOf(issue.values.map(String))}`;
    case 'invalid_union':
      return 'options' in issue && Array.isArray(issue.options)
        ? `write ${oneOf(issue.options.map(String))}`
        : 'write one of the shapes in docs/scenarios.md';
    case 'too_small':
      return `write ${amount(issue.origin, 'at least', Number(issue.minimum), issue.inclusive ?? true)}`;
    case 'too_big':
      return `write ${amount(issue.origin, 'at most', Number(issue.maximum), issue.inclusive ?? true)}`;
    default:
      return issue.message;
  }
}

const nouns: Readonly<Record<string, string>> = {
  int: 'a whole number',
  number: 'a number',
  string: 'a text',
  boolean: 'true or false',
  array: 'a list',
  object: 'fields with their values',
  tuple: 'two whole numbers in brackets, [from, to]',
};

function amount(origin: string, bound: string, limit: number, isInclusive: boolean): string {
  if (origin === 'string') return `${bound} ${limit} characters`;
  if (origin === 'array' || origin === 'tuple') return `${bound} ${limit} of them`;
  return isInclusive ? `${bound} ${limit}` : `a number above ${limit}`;
}

function oneOf(values: readonly string[]): string {
  return values.length === 1 ? String(values[0]) : `one of ${values.join(', ')}`;
}
