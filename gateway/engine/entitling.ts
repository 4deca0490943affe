import type { Transaction } from 'kysely';
import type { Ids } from '../../shared/ports/ids.ts';
import { newDeactivation } from '../activation/activation.ts';
import { standardPolicy } from '../activation/policy.ts';
import type { Catalogue } from '../catalogue/catalogue.ts';
import type { Duration } from '../catalogue/service.ts';
import {
  type Entitlement,
  type EntitlementEvent,
  type EntitlementFact,
  moveEntitlement,
} from '../entitlement/entitlement.ts';
import { insertActivation, type StoredActivation } from '../store/activations.ts';
import { hasGiven, holdEntitlement, insertEntitlement, ownedBy, saveEnd } from '../store/entitlements.ts';
import { appendRecord } from '../store/record-lines.ts';
import type { PlatformSchema } from '../store/schema.ts';
import { StaleRow } from '../store/stale-row.ts';

export interface EntitlingDeps {
  readonly ids: Ids;
  readonly catalogue: Catalogue;
}

/**
 * What the customer owns from now on, or from the end of what they renew, for as long as they bought it. Nothing without a purchase, and
 * nothing as goodwill where the purchase has given its time already. Resolves with whether somebody owns the feature now.
 */
export async function grantEntitlement(
  transaction: Transaction<PlatformSchema>,
  { ids, catalogue }: EntitlingDeps,
  { activation, purchaseId }: StoredActivation,
  at: number,
  source: Entitlement['source'],
): Promise<boolean> {
  // What brings back what is owned gives nothing new.
  if (source === 'goodwill' && (await ownedBy(transaction, activation, at)) !== null) return true;
  if (purchaseId === null) return false;
  if (source === 'goodwill' && (await hasGiven(transaction, { purchaseId }))) return false;
  const purchase = await transaction
    .selectFrom('purchases')
    .select(['customer_id', 'duration'])
    .where('id', '=', purchaseId)
    .executeTakeFirstOrThrow();
  const validFrom = await beginning(transaction, activation, at);
  await insertEntitlement(transaction, {
    id: ids.next('ent'),
    vin: activation.vin,
    feature: activation.feature,
    serviceId: activation.serviceId,
    customerId: purchase.customer_id,
    purchaseId,
    source,
    validFrom,
    validUntil: catalogue.endOf(JSON.parse(purchase.duration) as Duration, validFrom),
    end: null,
  });
  return true;
}

/** A renewal begins where what it renews ends. */
async function beginning(
  transaction: Transaction<PlatformSchema>,
  activation: StoredActivation['activation'],
  at: number,
): Promise<number> {
  if (activation.delivery?.evidence !== 'entitlement') return at;
  const renewed = await ownedBy(transaction, activation, at);
  // Owned a moment ago, and not any more: decided again, it is an activation like others.
  if (renewed === null) throw new StaleRow(`${activation.id} renews what has ended`);
  await holdEntitlement(transaction, renewed);
  return renewed.validUntil ?? at;
}

/** What became of it: the id of the deactivation that follows is null where somebody else owns the feature. */
export type Ended = { readonly deactivationId: string | null } | { readonly ignored: string };

/**
 * Ends an entitlement, writes it in the purchase's record and, when nobody else owns the feature, lets a deactivation follow,
 * all in one transaction. Wake the engine for the deactivation after the commit; a lost wake-up is found by the sweep.
 * No money moves.
 */
export async function endEntitlement(
  transaction: Transaction<PlatformSchema>,
  deps: EntitlingDeps,
  entitlement: Entitlement,
  event: EntitlementEvent,
  actor: string,
): Promise<Ended> {
  const outcome = moveEntitlement(entitlement, event);
  if (outcome.verdict === 'ignored') return { ignored: outcome.reason };
  // In this order: what is granted at the same moment is either seen here, or sees that this one has ended.
  await saveEnd(transaction, outcome.entitlement);
  const owner = await ownedBy(transaction, entitlement, event.at);
  const deactivationId = owner === null ? await deactivate(transaction, deps, entitlement, event.at) : null;
  await recordEnd(transaction, deps, entitlement, outcome.facts, { actor, deactivationId });
  return { deactivationId };
}

async function deactivate(
  transaction: Transaction<PlatformSchema>,
  { ids, catalogue }: EntitlingDeps,
  { vin, feature, serviceId, purchaseId }: Entitlement,
  at: number,
): Promise<string> {
  const id = ids.next('act');
  // A service that is not sold any more still has to be switched off.
  const policy = catalogue.service(serviceId)?.policy ?? standardPolicy;
  const deactivation = newDeactivation({ id, vin, serviceId, feature, policy }, 'deactivation', at);
  await insertActivation(transaction, deactivation, { purchaseId, parentId: null, priority: 1 });
  return id;
}

async function recordEnd(
  transaction: Transaction<PlatformSchema>,
  { ids }: EntitlingDeps,
  { id, purchaseId }: Entitlement,
  facts: readonly EntitlementFact[],
  { actor, deactivationId }: { readonly actor: string; readonly deactivationId: string | null },
): Promise<void> {
  const lines = facts.map(({ type, at, data }) => ({
    ...{ purchaseId, activationId: deactivationId, at, type, actor },
    data: { entitlementId: id, ...data, deactivationId },
  }));
  await appendRecord(transaction, ids, lines);
}
