import type { Transaction } from 'kysely';
import { type Activation, newManualRetry } from '../activation/activation.ts';
import { finalPhases } from '../activation/phase.ts';
import { standardPolicy } from '../activation/policy.ts';
import type { Catalogue } from '../catalogue/catalogue.ts';
import type { EntitlementDeps } from '../entitlement/deps.ts';
import { featureOwner, hasGranted } from '../entitlement/ownership.ts';
import { insertActivation, loadActivation } from '../store/activations.ts';
import { appendRecord } from '../store/record-lines.ts';
import type { PlatformSchema } from '../store/schema.ts';
import type { Ticket } from './stored-ticket.ts';
import { actorOf } from './ticket-machine.ts';

/** What was begun, or the sentence that says why it cannot be. */
export type Begun = { readonly activationId: string } | { readonly refusal: string };

/** A retry that delivers notifies the customer "you have not been charged", so the payment must be reversed first. */
export async function moneyRefusal(
  transaction: Transaction<PlatformSchema>,
  activationId: string,
): Promise<string | null> {
  const stored = await loadActivation(transaction, activationId);
  if (stored && finalPhases.has(stored.activation.phase)) return null;
  return 'the reversal of the payment is not confirmed yet';
}

/** A revocation has a ticket where the vehicle contradicted it: a person tries it as any deactivation, with an end. */
function retried({ kind, policy, serviceId }: Activation, catalogue: Catalogue) {
  if (kind !== 'revocation') return { kind, policy };
  return { kind: 'deactivation' as const, policy: catalogue.service(serviceId)?.policy ?? standardPolicy };
}

/**
 * A manual retry is a new activation (docs/support-desk.md): of the same kind and policy, child of the one that failed, without
 * money. It is due at once, so a wake-up that is lost is found by the sweep.
 */
export async function beginRetry(
  transaction: Transaction<PlatformSchema>,
  { ids, catalogue }: EntitlementDeps,
  ticket: Ticket,
  by: string,
  at: number,
): Promise<Begun> {
  const failed = await loadActivation(transaction, ticket.activationId);
  if (!failed) throw new Error(`the activation of ticket ${ticket.id} is gone`);
  const { vin, serviceId, feature } = failed.activation;
  const { kind, policy } = retried(failed.activation, catalogue);
  const refusal = await moneyRefusal(transaction, ticket.activationId);
  if (refusal !== null) return { refusal };
  const owner = await featureOwner(transaction, failed.activation, at);
  if (owner === 'activation') return { refusal: 'another activation of the feature is under way' };
  // Of what was lost in the vehicle the customer is the owner all the while.
  if (owner === 'entitlement' && failed.activation.origin !== 'reconciliation')
    return { refusal: 'the customer has the service by now' };
  const { purchaseId } = ticket;
  if (
    kind === 'activation' &&
    owner === null &&
    purchaseId !== null &&
    (await hasGranted(transaction, { purchaseId }))
  )
    return { refusal: 'the customer has had the time that they bought' };
  const { parameters } = ticket.work;
  const id = ids.next('act');
  const order = { id, vin, serviceId, feature, policy, ...(parameters === null ? {} : { parameters }) };
  const links = { purchaseId, parentId: ticket.activationId, priority: 0 as const };
  await insertActivation(transaction, newManualRetry(order, kind, at), links);
  await appendRecord(transaction, ids, [
    {
      purchaseId,
      activationId: id,
      at,
      type: 'activation.queued_for_activation',
      actor: actorOf(by),
      data: { origin: 'support', retryOf: ticket.activationId, parameters },
    },
  ]);
  return { activationId: id };
}
