import type { PlatformSchema } from '../../gateway/store/schema.ts';
import type { Database } from '../../shared/ports/database.ts';

/**
 * How far a run has ended: not yet · what was bought, and only revocations are left · all but revocations of vehicles that
 * no command reaches any more · all.
 */
export type Settled = 'open' | 'purchases' | 'all but the unreachable' | 'all';

export async function settledState(
  database: Database<PlatformSchema>,
  beyondCommand: ReadonlySet<string>,
): Promise<Settled> {
  const open = await database.reader
    .selectFrom('activations')
    .select(['vin', 'kind'])
    .where((where) => where.or([where('ended_at', 'is', null), where('due_at', 'is not', null)]))
    .execute();
  if (open.some((row) => row.kind !== 'revocation')) return 'open';
  if (open.some((row) => !beyondCommand.has(row.vin))) return 'purchases';
  const waiting = await database.reader
    .selectFrom('notices')
    .select('id')
    .where('status', '=', 'waiting')
    .limit(1)
    .executeTakeFirst();
  if (waiting !== undefined) return 'purchases';
  return open.length === 0 ? 'all' : 'all but the unreachable';
}

/** How many activations stand in each phase. */
export async function countPhases(database: Database<PlatformSchema>): Promise<Record<string, number>> {
  const rows = await database.reader
    .selectFrom('activations')
    .select(['phase', (select) => select.fn.countAll<number>().as('count')])
    .groupBy('phase')
    .orderBy('phase')
    .execute();
  return Object.fromEntries(rows.map((row) => [row.phase, Number(row.count)]));
}
