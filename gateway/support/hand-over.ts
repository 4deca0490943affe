import type { Transaction } from 'kysely';
import type { Ids } from '../../shared/ports/ids.ts';
import type { PlatformSchema } from '../store/schema.ts';
import { fewest, openTickets } from './assignment.ts';
import { onDuty, type Roster } from './roster.ts';
import { ticketsOfOthers } from './ticket-look-ups.ts';
import { moveTicket } from './ticket-machine.ts';
import { saveWork } from './ticket-store.ts';

/**
 * Hands tickets in work, and unassigned ones, from technicians off duty to technicians on duty: up to `limit`, HIGH first. A
 * ticket that waits for a customer, a workshop or a team keeps its technician. If no technician is on duty, the next shift
 * gets the tickets. Returns how many were handed over.
 */
export async function handOver(
  transaction: Transaction<PlatformSchema>,
  { ids, roster }: { readonly ids: Ids; readonly roster: Roster },
  at: number,
  limit: number,
): Promise<number> {
  const names = onDuty(roster, at);
  if (names.length === 0) return 0;
  const tickets = await ticketsOfOthers(transaction, names, limit);
  if (tickets.length === 0) return 0;
  const counts = await openTickets(transaction, names);
  for (const ticket of tickets) {
    const technician = fewest(names, counts);
    if (technician === null) break;
    const outcome = moveTicket(ticket.work, { type: 'hand_over', at, by: 'engine', technician });
    if (outcome.verdict === 'refused')
      throw new Error(`${ticket.id} cannot be handed over in ${ticket.work.state}`);
    await saveWork(transaction, ids, ticket, outcome.work, outcome.facts);
    counts.set(technician, (counts.get(technician) ?? 0) + 1);
  }
  return tickets.length;
}
