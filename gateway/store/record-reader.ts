import { type Kysely, sql } from 'kysely';
import { type Clock, sleep } from '../../shared/ports/clock.ts';
import type { Database } from '../../shared/ports/database.ts';
import { preparedByCount, type ValueOf } from '../../shared/sql/prepared-query.ts';
import type { PlatformSchema, RecordRow } from './schema.ts';

/** How long a gap is looked at in one read, and the wait between two looks. */
const patienceMs = 3_000;
const lookEveryMs = 100;
/** A transaction takes its sequence a moment before PostgreSQL numbers it: younger gaps prove nothing. */
const gapAgeMs = 1_000;

const linesAfter = preparedByCount(
  (database: Kysely<PlatformSchema>, value: ValueOf<{ after: number }>, limit) =>
    database.selectFrom('record').selectAll().where('seq', '>', value('after')).orderBy('seq').limit(limit),
);

/** Rows as they are there now, in their order. */
export async function recordAfter(
  database: Kysely<PlatformSchema>,
  after: number,
  limit: number,
): Promise<RecordRow[]> {
  return (await linesAfter(limit)(database, { after })).rows;
}

export interface RecordPage {
  readonly rows: readonly RecordRow[];
  /** Nothing came after these when they were read. */
  readonly isLast: boolean;
}

interface Transactions {
  /** Every transaction below it has ended, and what it wrote is seen. */
  readonly endedBelow: bigint;
  /** No transaction that has a number yet has this one or a higher. */
  readonly next: bigint;
}

async function transactionsNow(database: Kysely<PlatformSchema>): Promise<Transactions> {
  const { rows } = await sql<{ ended: string; next: string }>`
    select pg_snapshot_xmin(now)::text as ended, pg_snapshot_xmax(now)::text as next
    from pg_current_snapshot() as now`.execute(database);
  return { endedBelow: BigInt(rows[0]?.ended ?? 0), next: BigInt(rows[0]?.next ?? 0) };
}

/** A newest row, and what has to end before everything up to it is there or never will be. */
interface Mark {
  readonly sequence: number;
  readonly next: bigint;
  readonly madeAt: number;
}

/**
 * Reads the record in its order and leaves nothing out. SQLite's writers go one after the other, so its sequence is the
 * order of commits. PostgreSQL hands a sequence out before the commit: with several processes a row can become visible
 * after one with a higher sequence, and a reader that went on would never see it. There a read stops before a gap
 * until every transaction that was under way when the gap was met has ended: then the gap is filled, or was rolled back.
 */
export function recordReader({ database, clock }: { database: Database<PlatformSchema>; clock: Clock }) {
  const { reader, dialect } = database;
  /** Every missing number up to here was rolled back. */
  let completeUpTo = 0;
  let mark: Mark | null = null;

  async function newestMark(): Promise<Mark> {
    const row = await reader.selectFrom('record').select('seq').orderBy('seq', 'desc').limit(1).execute();
    const { next } = await transactionsNow(reader);
    return { sequence: row[0]?.seq ?? 0, next, madeAt: clock.now() };
  }

  async function lookAtGap(): Promise<void> {
    mark ??= await newestMark();
    if (clock.now() - mark.madeAt < gapAgeMs) return;
    if ((await transactionsNow(reader)).endedBelow < mark.next) return;
    completeUpTo = Math.max(completeUpTo, mark.sequence);
    mark = null;
  }

  /** Those before the first gap that may still be filled. */
  function withoutGap(rows: readonly RecordRow[], after: number): RecordRow[] {
    let expected = after + 1;
    const taken: RecordRow[] = [];
    for (const row of rows) {
      if (row.seq !== expected && row.seq > completeUpTo) break;
      taken.push(row);
      expected = row.seq + 1;
    }
    return taken;
  }

  return {
    /**
     * Up to `limit` rows after a sequence. None when there are none, and also when a transaction that may belong before
     * them has been under way for 3 s: call again later.
     */
    async read(after: number, limit: number): Promise<RecordPage> {
      for (let waitedMs = 0; ; waitedMs += lookEveryMs) {
        const rows = await recordAfter(reader, after, limit);
        const taken = dialect === 'sqlite' ? rows : withoutGap(rows, after);
        if (rows.length === 0 || taken.length > 0 || waitedMs >= patienceMs)
          return { rows: taken, isLast: rows.length < limit && taken.length === rows.length };
        await lookAtGap();
        await sleep(clock, lookEveryMs);
      }
    },
  };
}
