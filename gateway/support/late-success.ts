import type { Transaction } from 'kysely';
import { mayHaveApplied } from '../activation/activation.ts';
import { commandingPhases, finalPhases } from '../activation/phase.ts';
import type { EntitlementDeps } from '../entitlement/deps.ts';
import { grantEntitlement } from '../entitlement/grant.ts';
import { featureOwner } from '../entitlement/ownership.ts';
import { supersede } from '../entitlement/supersede.ts';
import { type StoredActivation, storedActivation } from '../store/activations.ts';
import type { PlatformSchema } from '../store/schema.ts';
import { moneyRefusal } from './manual-retry.ts';
import type { Ticket } from './stored-ticket.ts';

/** A ticket's activation, its retries, and the revocations that follow them; retries are made by hand, so they are few. */
const familyMax = 200;

async function familyOf(
  transaction: Transaction<PlatformSchema>,
  activationId: string,
): Promise<StoredActivation[]> {
  const read = (parents: readonly string[]) =>
    transaction
      .selectFrom('activations')
      .select(['state', 'version', 'purchase_id', 'parent_id'])
      .where((where) => where.or([where('id', '=', activationId), where('parent_id', 'in', parents)]))
      .orderBy('id')
      .limit(familyMax)
      .execute();
  const near = (await read([activationId])).map(storedActivation);
  return (await read(near.map(({ activation }) => activation.id))).map(storedActivation);
}

/** The command to switch the feature off may have been sent. */
function mayBeOff({ activation }: StoredActivation): boolean {
  return commandingPhases.has(activation.phase) || mayHaveApplied(activation);
}

/**
 * Lets the customer keep a feature that the vehicle activated too late: ends the revocation and grants a goodwill
 * entitlement. The customer, notified that nothing was charged, pays nothing. Returns null, or a sentence why it is not
 * possible.
 */
export async function keepLateSuccess(
  transaction: Transaction<PlatformSchema>,
  deps: EntitlementDeps,
  ticket: Ticket,
  at: number,
): Promise<string | null> {
  const family = await familyOf(transaction, ticket.activationId);
  const late = family.find(
    ({ activation }) => activation.kind === 'activation' && activation.lateSuccessAt !== null,
  );
  if (!late) return 'the vehicle has not said that it applied the command';
  const refusal = await moneyRefusal(transaction, ticket.activationId);
  if (refusal !== null) return refusal;
  if ((await featureOwner(transaction, late.activation, at)) !== null)
    return 'the customer has the service by now, or another activation of it is under way';
  const revocations = family.filter(({ activation }) => activation.kind === 'revocation');
  if (revocations.some(mayBeOff)) return 'the feature is being switched off, or is off again';
  if (!(await grantEntitlement(transaction, deps, late, at, 'goodwill')))
    return 'the customer has had the time that they bought';
  for (const revocation of revocations) {
    if (finalPhases.has(revocation.activation.phase)) continue;
    if (!(await supersede(transaction, deps, revocation, at)))
      throw new Error(`the revocation ${revocation.activation.id} cannot be ended`);
  }
  return null;
}
