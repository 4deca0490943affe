import type { Transaction } from 'kysely';
import type { Ids } from '../../shared/ports/ids.ts';
import { transition } from '../activation/transition.ts';
import { appendFacts } from '../store/activation-facts.ts';
import { type StoredActivation, saveActivation } from '../store/activations.ts';
import type { PlatformSchema } from '../store/schema.ts';

/**
 * Ends a revocation whose feature is owned again, in the transaction that grants it. Resolves with false when the revocation has
 * gone too far. Compare-and-set as in every other save: when a command leaves at this moment, one of the two decides again.
 */
export async function supersede(
  transaction: Transaction<PlatformSchema>,
  deps: { readonly ids: Ids },
  stored: StoredActivation,
  at: number,
): Promise<boolean> {
  const outcome = transition(stored.activation, { type: 'feature_owned', at });
  if (outcome.verdict !== 'accepted') return false;
  const saved = await saveActivation(transaction, stored, outcome.activation, at);
  await appendFacts(transaction, deps.ids, saved, outcome.facts);
  return true;
}
