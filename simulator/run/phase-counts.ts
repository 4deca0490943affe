import type { PlatformSchema } from '../../gateway/store/schema.ts';
import type { Database } from '../../shared/ports/database.ts';

/** Returns how many activations stand in each phase. */
export async function countPhases(database: Database<PlatformSchema>): Promise<Record<string, number>> {
  const rows = await database.reader
    .selectFrom('activations')
    .select(['phase', (select) => select.fn.countAll<number>().as('count')])
    .groupBy('phase')
    .orderBy('phase')
    .execute();
  return Object.fromEntries(rows.map((row) => [row.phase, Number(row.count)]));
}
