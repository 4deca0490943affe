import { z } from 'zod';
import { type Problem, problemOf } from '../../shared/protocol/problem.ts';
import type { App } from './app-env.ts';
import { faultsOf, ProblemError } from './problem.ts';

/** The fate of one row of a batch. */
const rowResultSchema = z
  .object({
    pointer: z.string().meta({ description: 'JSON Pointer to the row', example: '/customers/3' }),
    id: z.string().nullable().meta({ description: 'Its id or VIN; null where it has none that is valid' }),
    status: z.enum(['registered', 'refused']),
    problem: z
      .record(z.string(), z.unknown())
      .optional()
      .meta({ description: 'Why it was refused (RFC 9457); absent where it was registered' }),
  })
  .meta({ id: 'RowResult' });
export type RowResult = z.infer<typeof rowResultSchema>;

/** What of a batch of which some rows were refused is answered (207) beside the counts of what was registered. */
export const rowResultsShape = {
  results: z.array(rowResultSchema).meta({ description: 'One entry per row, in the order of the request' }),
};

/** A row as it was sent, and what became of it so far. */
export interface BatchRow<Value> {
  readonly pointer: string;
  readonly id: string | null;
  readonly value: Value | null;
  readonly problem: Problem | null;
}

/**
 * The schema of a row that is judged by itself: the document shows `schema` under `name`, and a row that does not follow it is
 * refused without the rest of its batch.
 */
export function rowSchema(app: App, name: string, schema: z.ZodType) {
  app.openAPIRegistry.register(name, schema);
  return z.unknown().meta({ $ref: `#/components/schemas/${name}` });
}

/** Reads the rows of a list; `idKey` names the member that tells one from another. */
export function readRows<Value>(
  list: string,
  schema: z.ZodType<Value>,
  idSchema: { readonly key: string; readonly schema: z.ZodType<string> },
  rows: readonly unknown[],
): BatchRow<Value>[] {
  return rows.map((row, index) => {
    const pointer = `/${list}/${index}`;
    const given = (row as Readonly<Record<string, unknown>> | null)?.[idSchema.key];
    const id = idSchema.schema.safeParse(given).data ?? null;
    const read = schema.safeParse(row);
    if (read.success) return { pointer, id, value: read.data, problem: null };
    const errors = faultsOf(
      read.error.issues.map((issue) => ({ ...issue, path: [list, index, ...issue.path] })),
      'json',
    );
    const [first] = errors;
    const where = first === undefined ? '' : ` body${first.pointer}: ${first.message}.`;
    const detail = `The row does not follow the schema.${where}`;
    return { pointer, id, value: null, problem: problemOf('invalid-request', detail, { errors }) };
  });
}

/** Returns the row refused with a problem. */
export function refusedRow<Value>(row: BatchRow<Value>, problem: Problem): BatchRow<Value> {
  return { ...row, value: null, problem };
}

/**
 * Returns the result of each row; null if all were registered. Throws the first row's problem, with the results of all rows,
 * if none was: then nothing has changed.
 */
export function resultsOf(rows: readonly BatchRow<unknown>[]): RowResult[] | null {
  const results = rows.map(
    ({ pointer, id, problem }): RowResult =>
      problem === null
        ? { pointer, id, status: 'registered' }
        : { pointer, id, status: 'refused', problem: { ...problem } },
  );
  const [first, ...others] = rows.flatMap(({ problem }) => problem ?? []);
  if (first === undefined) return null;
  if (1 + others.length < rows.length) return results;
  throw new ProblemError({ ...first, detail: `${first.detail} Nothing was registered.`, results });
}
