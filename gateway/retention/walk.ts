import { type Kysely, type RawBuilder, sql } from 'kysely';
import type { Database } from '../../shared/ports/database.ts';
import { asPruning, notePruned, type PruningSchema, whileUnguarded } from './pruning-table.ts';
import type { PruneRule } from './rule.ts';

/** Rows that one step looks at, and removes at most but for those of an equal key: some milliseconds of a writer's time. */
export const stepRows = 200;

type KeyValue = string | number;

interface WalkedRow {
  /** Null: it cannot be removed yet. */
  readonly since: number | null;
  /** 1: it may be removed. */
  readonly done: number;
  readonly [column: string]: KeyValue | null;
}

export interface Step {
  readonly removed: number;
  /** Where the next step begins; null: the walk has ended. */
  readonly next: readonly KeyValue[] | null;
  /** The oldest instant among the rows that stay; null: none stays. */
  readonly oldestAt: number | null;
}

const keyOf = ({ key }: PruneRule): RawBuilder<unknown> =>
  key.length === 1 ? sql.ref(key[0] ?? '') : sql`(${sql.join(key.map((column) => sql.ref(column)))})`;

const valuesOf = (values: readonly KeyValue[]): RawBuilder<unknown> =>
  values.length === 1 ? sql`${values[0]}` : sql`(${sql.join([...values])})`;

/** The condition is asked only about rows that are old enough: it costs look-ups of its own. */
function isDone({ since, when = '1 = 1' }: PruneRule, before: number): RawBuilder<number> {
  return sql`case when ${sql.raw(since)} <= ${before} then case when ${sql.raw(when)} then 1 else 0 end else 0 end`;
}

async function rowsAfter<Schema>(
  database: Kysely<Schema>,
  rule: PruneRule,
  after: readonly KeyValue[] | null,
  before: number,
): Promise<readonly WalkedRow[]> {
  const columns = [...new Set([...rule.key, ...(rule.inOrderOf === undefined ? [] : [rule.inOrderOf])])];
  const where = after === null ? sql`` : sql`where ${keyOf(rule)} > ${valuesOf(after)}`;
  const { rows } = await sql<WalkedRow>`select ${sql.join(columns.map((column) => sql.ref(column)))},
    ${sql.raw(rule.since)} as since, ${isDone(rule, before)} as done from ${sql.table(rule.table)} ${where}
    order by ${sql.join(rule.key.map((column) => sql.ref(column)))} limit ${sql.lit(stepRows)}`.execute(
    database,
  );
  return rows;
}

/** Removes what may go in a range of keys. The conditions are asked again: another process may have changed a row since. */
async function removeRange<Schema extends PruningSchema>(
  database: Database<Schema>,
  rule: PruneRule,
  range: { readonly after: readonly KeyValue[] | null; readonly until: readonly KeyValue[] },
  before: number,
): Promise<number> {
  return database.write(async (transaction) => {
    const from = range.after === null ? sql`` : sql`${keyOf(rule)} > ${valuesOf(range.after)} and`;
    const remove = async () => {
      const { numAffectedRows } = await sql`delete from ${sql.table(rule.table)} where ${from}
        ${keyOf(rule)} <= ${valuesOf(range.until)} and ${isDone(rule, before)} = 1`.execute(transaction);
      return Number(numAffectedRows ?? 0);
    };
    if (rule.isGuarded !== true) return remove();
    const pruning = asPruning(transaction);
    const removed = await whileUnguarded(pruning, rule.table, before, remove);
    if (removed > 0) await notePruned(pruning, rule.table, Number(range.until[0]));
    return removed;
  });
}

/**
 * Takes one step of a walk over a table: looks at the rows after a key, and removes those that ended before `before`. A row from after
 * `now` was written while the clock was ahead: it says nothing about the rows behind it, and does not end the walk.
 */
export async function walkStep<Schema extends PruningSchema>(
  database: Database<Schema>,
  rule: PruneRule,
  after: readonly KeyValue[] | null,
  before: number,
  now = Number.POSITIVE_INFINITY,
): Promise<Step> {
  const rows = await rowsAfter(database.reader, rule, after, before);
  const { inOrderOf } = rule;
  const isYoung = (at: number) => at > before && at <= now;
  const young = inOrderOf === undefined ? -1 : rows.findIndex((row) => isYoung(Number(row[inOrderOf])));
  const looked = young < 0 ? rows : rows.slice(0, young);
  const keyIn = (row: WalkedRow) => rule.key.map((column) => row[column] as KeyValue);
  const lastDone = looked.findLast(({ done }) => Number(done) === 1);
  const removed =
    lastDone === undefined ? 0 : await removeRange(database, rule, { after, until: keyIn(lastDone) }, before);
  const last = rows.at(-1);
  const isEnd = young >= 0 || rows.length < stepRows || last === undefined;
  const stays = rows.filter(({ done, since }) => Number(done) !== 1 && since !== null);
  return {
    removed,
    next: isEnd ? null : keyIn(last),
    oldestAt: stays.length === 0 ? null : Math.min(...stays.map(({ since }) => Number(since))),
  };
}
