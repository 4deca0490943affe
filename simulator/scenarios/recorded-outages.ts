import { z } from 'zod';
import { msSchema } from '../faults/unit-schemas.ts';

const yearMs = 366 * 86_400_000;

/** One stretch without connection of the n-th vehicle of the plan. Real milliseconds from the first moment of the workload. */
export const recordedOutageSchema = z.strictObject({
  vehicle: z.int().min(1).describe('The first vehicle of the plan is 1.'),
  startMs: msSchema(0, yearMs).describe(
    'Real milliseconds from the first moment of the workload; divided by timeScale.',
  ),
  durationMs: msSchema(1, yearMs).describe('Real milliseconds; divided by timeScale.'),
});
export type RecordedOutage = z.infer<typeof recordedOutageSchema>;

const columns = ['vehicle', 'startMs', 'durationMs'] as const;
const header = columns.join(',');
/** A day of a thousand vehicles as they drive has about 700,000 outages. */
const rowMax = 1_000_000;

export type CsvReading =
  | { readonly ok: true; readonly outages: readonly RecordedOutage[] }
  /** A sentence each: `outages.csv:3: …`. */
  | { readonly ok: false; readonly mistakes: readonly string[] };

/** Reads a CSV of outages: a line with the names of the columns, then a line an outage. `file` is how sentences call it. */
export function readOutages(text: string, file: string, vehicles: number): CsvReading {
  const [first = '', ...lines] = text.replace(/^\uFEFF/, '').split(/\r?\n/);
  if (first.trim() !== header) {
    return {
      ok: false,
      mistakes: [`${file}:1: is "${first.slice(0, 60)}"; begin with the columns ${header}`],
    };
  }
  if (lines.length > rowMax + 1) {
    return { ok: false, mistakes: [`${file}: has ${lines.length} lines; write at most ${rowMax}`] };
  }
  const mistakes: string[] = [];
  const outages: RecordedOutage[] = [];
  const lineOf: number[] = [];
  for (const [index, line] of lines.entries()) {
    if (line.trim() === '') continue;
    const [vehicle, startMs, durationMs, ...rest] = line.split(',').map((cell) => cell.trim());
    const row = [vehicle, startMs, durationMs].map((cell) =>
      /^\d{1,15}$/.test(cell ?? '') ? Number(cell) : -1,
    );
    const parsed = recordedOutageSchema.safeParse({ vehicle: row[0], startMs: row[1], durationMs: row[2] });
    if (parsed.success && rest.length === 0) {
      outages.push(parsed.data);
      lineOf.push(index + 2);
    } else {
      mistakes.push(
        `${file}:${index + 2}: is "${line.slice(0, 60)}"; write three whole numbers, ${header}: a vehicle from 1, a start from 0, a duration from 1`,
      );
    }
  }
  const wrong = outageMistakes(outages, vehicles).map(
    ({ index, text: what }) => `${file}:${lineOf[index]}: ${what}`,
  );
  return mistakes.length + wrong.length > 0
    ? { ok: false, mistakes: [...mistakes, ...wrong] }
    : { ok: true, outages };
}

/** What no schema knows: a vehicle that is not there, and an outage that begins before the one before it has ended. */
export function outageMistakes(
  outages: readonly RecordedOutage[],
  vehicles: number,
): { readonly index: number; readonly text: string }[] {
  const beyond = outages.flatMap(({ vehicle }, index) =>
    vehicle > vehicles
      ? [{ index, text: `is of vehicle ${vehicle}, and there are only ${vehicles}; raise vehicles.count` }]
      : [],
  );
  const ordered = outages
    .map((outage, index) => ({ ...outage, index }))
    .sort((a, b) => a.vehicle - b.vehicle || a.startMs - b.startMs);
  const overlapping = ordered.flatMap(({ vehicle, startMs, index }, position) => {
    const before = ordered[position - 1];
    if (before?.vehicle !== vehicle || before.startMs + before.durationMs <= startMs) return [];
    return [
      {
        index,
        text: `begins at ${startMs} ms, before the outage of vehicle ${vehicle} from ${before.startMs} ms has ended; join the two`,
      },
    ];
  });
  return [...beyond, ...overlapping];
}
