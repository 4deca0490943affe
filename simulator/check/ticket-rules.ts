import type { Evidence } from '../reports/evidence.ts';

/**
 * Returns a sentence for each SLA moment of a ticket that passed unnoticed, and for each ticket event that the outside ticket
 * system did not receive, or received more often than crashes and stops of the platform explain. `refused` are events that it refused
 * for a clock that was set wrong: they wait for an operator.
 */
export function judgeTickets(
  evidence: Evidence,
  {
    slaDelayMaxMs,
    stops,
    refused,
  }: { readonly slaDelayMaxMs: number; readonly stops: number; readonly refused: ReadonlySet<unknown> },
): string[] {
  return [
    ...judgeSla(evidence, slaDelayMaxMs),
    ...judgeEvents(evidence, 1 + evidence.crashes + stops, refused),
  ];
}

function judgeSla({ database, takenAt }: Evidence, slaDelayMaxMs: number): string[] {
  return database.tickets.flatMap(({ id, due_at: dueAt }) =>
    dueAt !== null && dueAt < takenAt - slaDelayMaxMs
      ? [`${id}: its SLA moment passed ${takenAt - dueAt} ms ago, and nothing was written of it`]
      : [],
  );
}

function judgeEvents(
  { database, ticketEvents }: Evidence,
  timesMax: number,
  refused: ReadonlySet<unknown>,
): string[] {
  if (ticketEvents === undefined) return [];
  const times = new Map<string, number>();
  for (const { id } of ticketEvents) times.set(id, (times.get(id) ?? 0) + 1);
  return database.record.flatMap(({ id, type }) => {
    if (!type.startsWith('ticket.') || refused.has(id)) return [];
    const received = times.get(id) ?? 0;
    if (received === 0) return [`${id}: ${type} was never sent to the ticket system`];
    return received > timesMax
      ? [`${id}: ${type} was sent ${received} times to the ticket system, and ${timesMax} are explained`]
      : [];
  });
}
