import type { Transaction } from 'kysely';
import type { Ids } from '../../shared/ports/ids.ts';
import type { Fact } from '../activation/fact.ts';
import type { StoredActivation } from './activations.ts';
import { appendRecord } from './record-lines.ts';
import type { PlatformSchema } from './schema.ts';

/** Returns the actor that the history names for a fact. */
function actorOf({ type, data }: Fact): string {
  if (type.startsWith('payment.') && typeof data.by === 'string') return `operator:${data.by}`;
  if (type.startsWith('payment.')) return 'payments';
  if (type === 'activation.cancel_requested') return 'customer';
  if (type === 'activation.success' || type === 'activation.late_success') return 'vehicle';
  if (type === 'command.accepted' || type === 'activation.rate_limited') return 'api-iot';
  return 'engine';
}

/** Appends an activation's facts to the history, which is the outbox of the event stream. */
export async function appendFacts(
  transaction: Transaction<PlatformSchema>,
  ids: Ids,
  stored: StoredActivation,
  facts: readonly Fact[],
): Promise<void> {
  const lines = facts.map((fact) => ({
    purchaseId: stored.purchaseId,
    activationId: stored.activation.id,
    at: fact.at,
    type: fact.type,
    actor: actorOf(fact),
    // Diagnostics are long and stand in the ticket.
    data: fact.type === 'activation.escalating_to_support' ? { failure: fact.data.failure } : fact.data,
  }));
  await appendRecord(transaction, ids, lines);
}
