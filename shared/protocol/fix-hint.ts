import type { z } from 'zod';
import { similarField } from './similar-field.ts';

/** Prefix of the schema library's own messages; our schemas have messages of their own. */
const libraryWords = /^(Invalid|Too (small|big)|Unrecognized)\b/;

/** What to write instead, for someone who does not know the schema: `write a whole number`. No full stop. */
export function fixHint(issue: z.core.$ZodIssue): string {
  if (!libraryWords.test(issue.message)) return issue.message;
  switch (issue.code) {
    case 'invalid_type':
      return `write ${nouns[issue.expected] ?? issue.expected}`;
    case 'invalid_value':
      return `write ${oneOf(issue.values.map(String))}`;
    case 'invalid_union':
      return 'options' in issue && Array.isArray(issue.options)
        ? `write ${oneOf(issue.options.map(String))}`
        : 'write one of the shapes in the documentation';
    case 'invalid_format':
      return `write ${formats[issue.format] ?? `a text of the form ${issue.pattern ?? issue.format}`}`;
    case 'too_small':
      return `write ${amount(issue.origin, 'at least', Number(issue.minimum), issue.inclusive ?? true)}`;
    case 'too_big':
      return `write ${amount(issue.origin, 'at most', Number(issue.maximum), issue.inclusive ?? true)}`;
    case 'not_multiple_of':
      return `write a multiple of ${issue.divisor}`;
    case 'unrecognized_keys':
      return unknownFields(issue);
    case 'invalid_key':
    case 'invalid_element':
    case 'custom':
      return 'write another value';
  }
}

function unknownFields(issue: z.core.$ZodIssueUnrecognizedKeys): string {
  const similar = issue.keys.flatMap((key) => similarField(issue, key) ?? []);
  return similar.length === issue.keys.length
    ? `write ${similar.join(' and ')} instead of ${issue.keys.join(' and ')}`
    : `remove ${issue.keys.map((key) => `"${key}"`).join(' and ')}, or correct the name`;
}

const nouns: Readonly<Record<string, string>> = {
  int: 'a whole number',
  number: 'a number',
  string: 'a text',
  boolean: 'true or false',
  array: 'a list',
  object: 'fields with their values',
  record: 'fields with their values',
  tuple: 'two whole numbers in brackets, [from, to]',
  null: 'null',
};

const formats: Readonly<Record<string, string>> = {
  email: 'an e-mail address',
  url: 'a URL',
};

function amount(origin: string, bound: string, limit: number, isInclusive: boolean): string {
  if (origin === 'string') return `${bound} ${limit} characters`;
  if (origin === 'array' || origin === 'tuple') return `${bound} ${limit} of them`;
  if (isInclusive) return `${bound} ${limit}`;
  return `a number ${bound === 'at least' ? 'above' : 'below'} ${limit}`;
}

function oneOf(values: readonly string[]): string {
  return values.length === 1 ? String(values[0]) : `one of ${values.join(', ')}`;
}
