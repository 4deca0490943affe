import type { Transaction } from 'kysely';
import { type Activation, isSale } from '../activation/activation.ts';
import type { ActivationEvent } from '../activation/event.ts';
import type { PlatformSchema } from '../store/schema.ts';
import { featureOwner, hasGranted, ownedBy } from './ownership.ts';

/**
 * Returns the event that ends or postpones an attempt because of who owns the feature, or null: the attempt continues. An
 * owned feature is not switched off and not sold twice; a feature without an owner is not reactivated.
 */
export async function checkOwnership(
  transaction: Transaction<PlatformSchema>,
  activation: Activation,
  at: number,
): Promise<ActivationEvent | null> {
  const isOwned = (await ownedBy(transaction, activation, at)) !== null;
  if (activation.kind === 'activation') {
    if (isSale(activation)) return isOwned ? { type: 'feature_owned', at } : null;
    const isOver =
      !isOwned &&
      (activation.origin === 'reconciliation' ||
        (await hasGranted(transaction, { activationId: activation.id })));
    return isOver ? { type: 'cancel_requested', at } : null;
  }
  if (isOwned) return { type: 'feature_owned', at };
  const isWanted = (await featureOwner(transaction, activation, at)) !== null;
  return isWanted ? { type: 'postponed', at, reason: 'vehicle_busy' } : null;
}
