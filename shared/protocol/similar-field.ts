import { closest, distance } from 'fastest-levenshtein';
import type { z } from 'zod';

const marker = 'Unrecognized; similar: ';

/**
 * Option of a parse of a file that a person writes: unknown fields are found with the known one that each resembles, which `similarField`
 * returns. The schema library says what is unknown only, so the names travel in the message.
 */
export const withSimilarFields = { error: similarFields } as const;

function similarFields(issue: z.core.$ZodRawIssue): string | undefined {
  if (issue.code !== 'unrecognized_keys') return undefined;
  const { shape } = (issue.inst?._zod.def ?? {}) as { readonly shape?: object };
  const known = Object.keys(shape ?? {});
  const similar = issue.keys.flatMap((key) => {
    const name = similarName(key, known);
    return name === null ? [] : [[key, name] as const];
  });
  return `${marker}${JSON.stringify(Object.fromEntries(similar))}`;
}

/** Returns the error of a schema for a value of another shape: a fix hint. An unknown field is found with the one that it resembles all the same. */
export function shapeHint(hint: string) {
  return ({ code }: { readonly code?: string }) => (code === 'unrecognized_keys' ? undefined : hint);
}

/** Returns the known field that an unknown one of this issue resembles, or null. */
export function similarField(issue: z.core.$ZodIssue, key: string): string | null {
  if (!issue.message.startsWith(marker)) return null;
  const names = JSON.parse(issue.message.slice(marker.length)) as Readonly<Record<string, string>>;
  return Object.hasOwn(names, key) ? (names[key] ?? null) : null;
}

/** Returns the known name that another one resembles, or null: at most a third of its letters differ, and never more than three. */
export function similarName(name: string, known: readonly string[]): string | null {
  if (known.length === 0) return null;
  const nearest = closest(
    name.toLowerCase(),
    known.map((one) => one.toLowerCase()),
  );
  const found = known.find((one) => one.toLowerCase() === nearest) ?? null;
  return distance(name.toLowerCase(), nearest) <= Math.min(3, Math.ceil(name.length / 3)) ? found : null;
}
