import type { Kysely } from 'kysely';
import type { PlatformSchema } from '../store/schema.ts';
import { onDuty, type Roster } from './roster.ts';

/** Whoever is on duty with the fewest open tickets, the first in the roster where several have as few; null when nobody is. */
export async function pickTechnician(
  database: Kysely<PlatformSchema>,
  roster: Roster,
  at: number,
): Promise<string | null> {
  const names = onDuty(roster, at);
  if (names.length < 2) return names[0] ?? null;
  const rows = await database
    .selectFrom('tickets')
    .select(['assigned_to', (count) => count.fn.countAll<number | string>().as('tickets')])
    .where('status', '=', 'open')
    .where('assigned_to', 'in', names)
    .groupBy('assigned_to')
    .execute();
  const counts = new Map(rows.map((row) => [row.assigned_to, Number(row.tickets)]));
  return names.reduce((best, name) => ((counts.get(name) ?? 0) < (counts.get(best) ?? 0) ? name : best));
}
