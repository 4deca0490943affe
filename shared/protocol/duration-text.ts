/** Milliseconds of one unit, the longest first. */
const units = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['min', 60_000],
  ['s', 1_000],
  ['ms', 1],
] as const;
const unitMs: Readonly<Record<string, number>> = Object.fromEntries(units);

/** What a duration's text looks like, for a JSON Schema. */
export const durationPattern = '^[-+]?(\\d+(\\.\\d+)?\\s*(ms|s|min|h|d)\\s*)+$';
const shape = new RegExp(durationPattern);

/** Examples of a duration as a person writes it, for errors and help. */
export const durationExamples = '"45 min", "30 s", "2 h" or "500 ms"';

/** Returns the milliseconds of a text such as `45 min`, `30s`, `1 h 30 min` or `-5 min`; null for any other, and for parts of a millisecond. */
export function durationOfText(text: string): number | null {
  const trimmed = text.trim();
  if (!shape.test(trimmed)) return null;
  let ms = 0;
  for (const [, figure = '', , unit = ''] of trimmed.matchAll(/(\d+(\.\d+)?)\s*(ms|s|min|h|d)/g))
    ms += Number(figure) * (unitMs[unit] ?? Number.NaN);
  // Binary fractions make 0.1 s a little more or less than 100 ms.
  const whole = Math.round(ms);
  if (Math.abs(ms - whole) > 1e-6 || !Number.isSafeInteger(whole)) return null;
  return trimmed.startsWith('-') ? -whole : whole;
}

/** Returns a duration as a person writes it, in the longest unit of which it is a whole number: `45 min`. */
export function textOfDuration(ms: number): string {
  const [unit, length] = units.find(([, one]) => ms !== 0 && ms % one === 0) ?? ['ms', 1];
  return `${ms / length} ${unit}`;
}
