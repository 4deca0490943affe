import type { z } from 'zod';
import { pathText, shorten, valueAt } from '../../shared/files/mistake.ts';
import { fixHint } from '../../shared/protocol/fix-hint.ts';
import { similarField } from '../../shared/protocol/similar-field.ts';

/** Error of unusable catalogue files. `faults` has one sentence each: file, field, fix. */
export class CatalogueError extends Error {
  override readonly name = 'CatalogueError';
  readonly faults: readonly string[];

  constructor(faults: readonly string[]) {
    const more = faults.length > 20 ? [`and ${faults.length - 20} more.`] : [];
    super(
      ['The catalogue cannot be used:', ...[...faults.slice(0, 20), ...more].map((one) => `- ${one}`)].join(
        '\n',
      ),
    );
    this.faults = faults;
  }
}

function sentence(file: string, issue: z.core.$ZodIssue, document: unknown): string {
  const field = pathText(issue.path);
  const where = field === '' ? file : `${file}: ${field}`;
  if (issue.code === 'unrecognized_keys') {
    const names = issue.keys.map((key) => JSON.stringify(key)).join(', ');
    const similar = issue.keys.flatMap((key) => similarField(issue, key) ?? []);
    return similar.length < issue.keys.length
      ? `${where} has the unknown field ${names}; remove it or correct its name.`
      : `${where} has the unknown field ${names}; did you mean ${similar.join(', ')}?`;
  }
  const found = valueAt(document, issue.path);
  if (found === undefined) return `${where} is missing; ${fixHint(issue)}.`;
  return `${where} is ${shorten(JSON.stringify(found))}; ${fixHint(issue)}.`;
}

/** Returns one sentence for each error that a schema found in a file. The schemas' own messages are the fix hints (`write EUR`). */
export function sentences(file: string, error: z.ZodError, document: unknown): string[] {
  return error.issues.map((issue) => sentence(file, issue, document));
}
