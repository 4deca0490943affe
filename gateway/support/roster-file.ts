import { z } from 'zod';
import { fixHint } from '../../shared/protocol/fix-hint.ts';
import { parseJsonText } from '../../shared/protocol/json.ts';
import { withSimilarFields } from '../../shared/protocol/similar-field.ts';
import type { Roster } from './roster.ts';

const minute = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'write a time such as 09:00');

const rosterSchema = z
  .array(
    z.strictObject({
      name: z
        .string()
        .regex(/^[A-Za-z0-9._@-]{1,64}$/, 'write 1 to 64 letters, digits, dots, hyphens, underscores and @'),
      utcOffset: z
        .string()
        .regex(/^[+-](0\d|1[0-4]):[0-5]\d$/, 'write the offset from UTC such as +01:00 or -06:00'),
      shifts: z
        .array(
          z.strictObject({
            weekdays: z
              .array(
                z.int().min(1, 'write 1 (Monday) to 7 (Sunday)').max(7, 'write 1 (Monday) to 7 (Sunday)'),
              )
              .min(1, 'name at least one weekday')
              .max(7),
            from: minute,
            to: minute,
          }),
        )
        .min(1, 'write at least one shift')
        .max(20),
    }),
  )
  .min(1, 'name at least one technician')
  .max(500);

function minutesOf(text: string): number {
  const [hours, minutes] = text.split(':').map(Number);
  return (hours ?? 0) * 60 + (minutes ?? 0);
}

/** `+05:45`, `-06:00` */
function offsetOf(text: string): number {
  const size = minutesOf(text.slice(1));
  return text.startsWith('-') ? -size : size;
}

/** The roster of a JSON file's text. Throws an Error with one sentence that names the place and the fix. */
export function readRoster(file: string, text: string): Roster {
  let document: unknown;
  try {
    document = parseJsonText(text);
  } catch (error) {
    throw new Error(`the roster ${file} is no JSON (${(error as Error).message}): correct it`);
  }
  const parsed = rosterSchema.safeParse(document, withSimilarFields);
  const issue = parsed.error?.issues[0];
  if (!parsed.success || issue !== undefined)
    throw new Error(
      `the roster ${file} cannot be used: ${issue?.path.join('.') || 'the list'}: ${issue ? fixHint(issue) : ''}`,
    );
  const names = parsed.data.map(({ name }) => name);
  const twice = names.find((name, index) => names.indexOf(name) < index);
  if (twice !== undefined)
    throw new Error(`the roster ${file} names ${twice} twice: name each technician once`);
  return parsed.data.map(({ name, utcOffset, shifts }) => ({
    name,
    utcOffsetMinutes: offsetOf(utcOffset),
    shifts: shifts.map(({ weekdays, from, to }) => ({
      weekdays,
      fromMinute: minutesOf(from),
      toMinute: minutesOf(to),
    })),
  }));
}
