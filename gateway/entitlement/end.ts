import type { Transaction } from 'kysely';
import { newDeactivation } from '../activation/activation.ts';
import { standardPolicy } from '../activation/policy.ts';
import { insertActivation } from '../store/activations.ts';
import { saveEnd } from '../store/entitlements.ts';
import { appendRecord } from '../store/record-lines.ts';
import type { PlatformSchema } from '../store/schema.ts';
import type { EntitlementDeps } from './deps.ts';
import {
  type Entitlement,
  type EntitlementEvent,
  type EntitlementFact,
  moveEntitlement,
} from './entitlement.ts';
import { ownedBy } from './ownership.ts';

/** The id of the deactivation that follows, null where another entitlement keeps the feature on; or why nothing changed. */
export type Ended = { readonly deactivationId: string | null } | { readonly ignored: string };

/**
 * Ends an entitlement, writes the end to the purchase's history and, when no other entitlement keeps the feature on, creates a
 * deactivation, all in one transaction. The caller wakes the engine for the deactivation after the commit; the sweep finds a lost
 * wake-up. No money moves.
 */
export async function endEntitlement(
  transaction: Transaction<PlatformSchema>,
  deps: EntitlementDeps,
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
  { ids, catalogue }: EntitlementDeps,
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
  { ids }: EntitlementDeps,
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
