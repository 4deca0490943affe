import { z } from 'zod';
import { customerIdSchema } from '../../shared/protocol/customer-id.ts';
import { fixHint } from '../../shared/protocol/fix-hint.ts';
import { withSimilarFields } from '../../shared/protocol/similar-field.ts';
import { vinMistake } from '../../shared/protocol/vin.ts';
import type { VehicleModel } from '../vehicle/models.ts';

/** A vehicle to register, from one line of a file. */
export interface RegisterRow {
  readonly line: number;
  readonly vin: string;
  readonly model: string;
  readonly customer: string;
  /** Address and name of the customer, where the line gives them. */
  readonly email: string | null;
  readonly name: string | null;
  readonly language: string;
}

export interface RefusedLine {
  readonly line: number;
  readonly vin: string | null;
  readonly reason: string;
}

const lineSchema = z.strictObject({
  vin: z.string(),
  model: z.string().optional(),
  customer: customerIdSchema.optional(),
  email: z.string().optional(),
  name: z.string().optional(),
  language: z.string().optional(),
});

/** Returns what is wrong with a VIN or a model of a vehicle to register, or null. */
export function vehicleMistake(
  { vin, model }: { readonly vin: string; readonly model: string },
  models: readonly VehicleModel[],
): string | null {
  const mistake = vinMistake(vin);
  if (mistake !== null) return `"${vin}" is not a VIN: ${mistake}`;
  if (models.some(({ id }) => id === model)) return null;
  return `there is no model "${model}"; there are: ${models.map(({ id }) => id).join(', ')}`;
}

/** Reads a file with one JSON object per line. Blank lines are skipped; a line that cannot be used keeps no other from being read. */
export function readRegisterRows(
  text: string,
  defaults: { readonly model: string; readonly customer: string },
  models: readonly VehicleModel[],
): { readonly rows: readonly RegisterRow[]; readonly refused: readonly RefusedLine[] } {
  const rows: RegisterRow[] = [];
  const refused: RefusedLine[] = [];
  const seen = new Map<string, number>();
  for (const [index, source] of text.split(/\r?\n/).entries()) {
    if (source.trim() === '') continue;
    const line = index + 1;
    const read = readLine(source, defaults);
    const reason = 'reason' in read ? read.reason : vehicleMistake(read, models);
    const vin = 'vin' in read ? read.vin : null;
    const before = vin === null ? undefined : seen.get(vin);
    if (reason !== null || 'reason' in read) refused.push({ line, vin, reason: reason ?? '' });
    else if (before !== undefined) refused.push({ line, vin, reason: `line ${before} has this VIN already` });
    else {
      seen.set(read.vin, line);
      rows.push({ line, ...read });
    }
  }
  return { rows, refused };
}

function readLine(
  source: string,
  { model, customer }: { readonly model: string; readonly customer: string },
): Omit<RegisterRow, 'line'> | { readonly reason: string } {
  let value: unknown;
  try {
    value = JSON.parse(source);
  } catch {
    return { reason: 'the line is not a JSON object such as {"vin": "1M8GDM9AXKP042788"}' };
  }
  const read = lineSchema.safeParse(value, withSimilarFields);
  if (!read.success) {
    const [issue] = read.error.issues;
    return { reason: `${issue?.path.join('.') || 'the line'}: ${issue ? fixHint(issue) : 'not valid'}` };
  }
  const { vin, email = null, name = null, language = 'en' } = read.data;
  return {
    ...{ vin, email, name, language },
    model: read.data.model ?? model,
    customer: read.data.customer ?? customer,
  };
}
