import type { Transaction } from 'kysely';
import type { Ids } from '../../shared/ports/ids.ts';
import { transition } from '../activation/transition.ts';
import { type StoredActivation, saveActivation } from '../store/activations.ts';
import type { PlatformSchema } from '../store/schema.ts';
import { insertRecord } from './projection.ts';

/**
 * Ends a revocation whose feature somebody owns by now, in the transaction that gives it to them. False when it cannot be
 * ended any more. Compare-and-set as in every other save: a command that leaves at this moment makes one of the two decide again.
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
  await insertRecord(transaction, deps, saved, outcome.facts);
  return true;
}
