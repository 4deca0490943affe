import type { Kysely } from 'kysely';
import type { PlatformSchema } from '../store/schema.ts';
import { onDuty, type Roster } from './roster.ts';

/** How many open tickets each of these technicians has; who has none is not in it. */
export async function openTickets(
  database: Kysely<PlatformSchema>,
  names: readonly string[],
): Promise<Map<string, number>> {
  const rows = await database
    .selectFrom('tickets')
    .select(['assigned_to', (count) => count.fn.countAll<number | string>().as('tickets')])
    .where('status', '=', 'open')
    .where('assigned_to', 'in', names)
    .groupBy('assigned_to')
    .execute();
  return new Map(rows.map((row) => [row.assigned_to ?? '', Number(row.tickets)]));
}

/** Returns the technician with the fewest tickets, of several the first in the roster; null for an empty list. */
export function fewest(names: readonly string[], counts: ReadonlyMap<string, number>): string | null {
  const [first, ...others] = names;
  if (first === undefined) return null;
  const count = (name: string) => counts.get(name) ?? 0;
  return others.reduce((best, name) => (count(name) < count(best) ? name : best), first);
}

/** Returns the technician on duty with the fewest open tickets; null if none is on duty. */
export async function pickTechnician(
  database: Kysely<PlatformSchema>,
  roster: Roster,
  at: number,
): Promise<string | null> {
  const names = onDuty(roster, at);
  return names.length < 2 ? (names[0] ?? null) : fewest(names, await openTickets(database, names));
}
