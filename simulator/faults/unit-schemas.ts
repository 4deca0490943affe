import { z } from 'zod';
import {
  durationExamples,
  durationOfText,
  durationPattern,
  textOfDuration,
} from '../../shared/protocol/duration-text.ts';
import { fixHint } from '../../shared/protocol/fix-hint.ts';

/** What to write where a value is neither a number nor a text that can be read. */
const durationCure = `write a duration such as ${durationExamples}, or a whole number of milliseconds`;
const shareCure = 'write a number from 0 to 1, or a percentage such as "3 %"';

/** Returns what is wrong with a duration's text, with the fix, or null. */
function durationFault(text: string, least: number, most: number): string | null {
  const ms = durationOfText(text);
  if (ms === null) return /\d\s*m$/.test(text) ? 'write min for minutes, such as "45 min"' : durationCure;
  if (ms < least) return `write at least ${textOfDuration(least)}`;
  return ms > most ? `write at most ${textOfDuration(most)}` : null;
}

/** The error of a union of a number and a text: that of the one that was meant. */
const errorOfMeant =
  (cure: string) =>
  (issue: {
    readonly input?: unknown;
    readonly errors?: readonly (readonly z.core.$ZodIssue[])[];
  }): string => {
    const [ofNumber, ofText] = issue.errors ?? [];
    const meant = { number: ofNumber, string: ofText }[typeof issue.input as 'number' | 'string']?.[0];
    return meant === undefined ? cure : fixHint(meant);
  };

/** A duration in milliseconds: a whole number of them, or a text with its unit (`45 min`). Both bounds are milliseconds. */
export function msSchema(least: number, most: number) {
  const text = z
    .string()
    .meta({ pattern: durationPattern, examples: ['45 min', '30 s', '2 h'] })
    .transform((value, context) => {
      const fault = durationFault(value, least, most);
      if (fault === null) return durationOfText(value) ?? 0;
      context.addIssue({ code: 'custom', message: fault, input: value });
      return z.NEVER;
    });
  return z.union([z.int().min(least).max(most), text], { error: errorOfMeant(durationCure) });
}

/** A share from 0 to 1: a number, or a percentage (`3 %`). `isAbove`: 0 is none. */
export function shareSchema({ isAbove = false }: { readonly isAbove?: boolean } = {}) {
  const number = isAbove ? z.number().gt(0).max(1) : z.number().min(0).max(1);
  const text = z
    .string()
    .regex(/^\d+(\.\d+)?\s*%$/, shareCure)
    .transform((value, context) => {
      const percent = Number(value.replace('%', ''));
      if (percent <= 100 && (percent > 0 || !isAbove)) return percent / 100;
      context.addIssue({
        code: 'custom',
        message: percent > 100 ? 'write at most 100 %' : 'write more than 0 %',
        input: value,
      });
      return z.NEVER;
    });
  return z.union([number, text], { error: errorOfMeant(shareCure) });
}
