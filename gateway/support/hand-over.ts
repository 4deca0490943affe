import type { Transaction } from 'kysely';
import type { Ids } from '../../shared/ports/ids.ts';
import type { PlatformSchema } from '../store/schema.ts';
import { fewest, openTickets } from './assignment.ts';
import { onDuty, type Roster } from './roster.ts';
import { moveTicket } from './ticket-machine.ts';
import { saveWork, ticketsOfOthers } from './ticket-store.ts';

/**
 * Gives tickets that are being worked on, and those that nobody has, from who is not on duty to who is: up to `limit` of them,
 * HIGH first. What waits for somebody else stays where it is. When nobody is on duty nothing moves: the next shift finds it.
 * Returns how many were given.
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
