import type { Transaction } from 'kysely';
import type { Clock } from '../../shared/ports/clock.ts';
import { isSale, newDeactivation } from '../activation/activation.ts';
import type { Fact } from '../activation/fact.ts';
import { isChargeLost } from '../disputes/dispute-store.ts';
import type { EntitlementDeps } from '../entitlement/deps.ts';
import { grantEntitlement } from '../entitlement/grant.ts';
import { restorePaid, shortenUnpaid } from '../entitlement/unpaid.ts';
import { appendFacts } from '../store/activation-facts.ts';
import { insertActivation, type StoredActivation } from '../store/activations.ts';
import { type CommittedWork, noCommittedWork } from '../store/committed-work.ts';
import type { PlatformSchema, PurchaseStatus } from '../store/schema.ts';
import type { Diagnostics } from '../support/diagnostics.ts';
import type { OpenedTicket } from '../support/ticket.ts';

/** The parts that write their own rows for a fact, in the transaction that saves it. */
export interface Projections {
  readonly openTicket: (
    transaction: Transaction<PlatformSchema>,
    stored: StoredActivation,
    diagnostics: Diagnostics,
    at: number,
  ) => Promise<OpenedTicket | null>;
  readonly noteOnTicket: (
    transaction: Transaction<PlatformSchema>,
    activationId: string,
    text: string,
    at: number,
  ) => Promise<unknown>;
  /** A manual retry has done what it was to do. */
  readonly resolveTicket: (
    transaction: Transaction<PlatformSchema>,
    stored: StoredActivation,
    at: number,
  ) => Promise<unknown>;
  /** Resolves with how many are new. */
  readonly insertNotices: (
    transaction: Transaction<PlatformSchema>,
    stored: StoredActivation,
    facts: readonly Fact[],
  ) => Promise<number>;
}

export interface ProjectionDeps extends Projections, EntitlementDeps {
  readonly clock: Clock;
}

/** Outcomes of people's work by which the customer has paid for a service after all. */
const paidOutcomes: readonly unknown[] = ['captured', 'collected'];

function statusOf({ type, data }: Fact): PurchaseStatus | undefined {
  if (type === 'payment.settled') return paidOutcomes.includes(data.outcome) ? 'active' : undefined;
  return purchaseStatuses[type];
}

const purchaseStatuses: Partial<Record<Fact['type'], PurchaseStatus>> = {
  'activation.active': 'active',
  'activation.failed': 'failed',
  'activation.cancelled': 'cancelled',
  'activation.declined': 'declined',
  'payment.uncollectible': 'payment_failed',
};

/** A manual retry that ends so has brought the feature where it was to be. */
const retryEnds: ReadonlySet<Fact['type']> = new Set([
  'activation.active',
  'activation.dormant',
  'activation.superseded',
]);

interface Projected {
  /** Activations that were created and need a wake-up. */
  readonly createdIds: readonly string[];
  readonly work: CommittedWork;
  /** The ticket of a failure. */
  readonly ticket: OpenedTicket | null;
}

/** Facts that open a ticket, add a comment to one, or tell the webhook of money that people settle. */
const ticketFacts: ReadonlySet<Fact['type']> = new Set([
  'activation.escalating_to_support',
  'activation.late_success',
  'payment.unsettled',
  'payment.uncollectible',
  'payment.settled',
]);

/** What the service's policy says of what could not be charged, or was paid after all. The fact then says until when it is active. */
async function followMoney(
  transaction: Transaction<PlatformSchema>,
  deps: ProjectionDeps,
  stored: StoredActivation,
  facts: readonly Fact[],
): Promise<readonly Fact[]> {
  const followed: Fact[] = [];
  for (const fact of facts) {
    if (fact.type === 'payment.settled' && statusOf(fact) === 'active')
      await restorePaid(transaction, deps, stored, fact.at);
    const activeUntil =
      fact.type === 'payment.uncollectible' ? await shortenUnpaid(transaction, deps, stored, fact.at) : null;
    followed.push(activeUntil === null ? fact : { ...fact, data: { ...fact.data, activeUntil } });
    const note = settlementNote(fact);
    if (note !== null) await deps.noteOnTicket(transaction, stored.activation.id, note, fact.at);
  }
  return followed;
}

/** What a technician reads of the money in the ticket of a failed activation. */
function settlementNote({ type, data }: Fact): string | null {
  if (type === 'payment.unsettled')
    return 'The payment service refused the reversal for good. An operator settles it (fleetwake settlement); the customer was notified.';
  return type === 'payment.settled' ? `The money is settled: ${String(data.outcome)}.` : null;
}

/**
 * Saves everything that follows from facts, in the transaction that saves the state: the purchase history (the outbox of the
 * event stream), the purchase's status, the entitlement, the ticket, the notifications, the revocation.
 */
export async function project(
  transaction: Transaction<PlatformSchema>,
  deps: ProjectionDeps,
  stored: StoredActivation,
  given: readonly Fact[],
): Promise<Projected> {
  if (given.length === 0) return { createdIds: [], work: noCommittedWork, ticket: null };
  const facts = await followMoney(transaction, deps, stored, given);
  await appendFacts(transaction, deps.ids, stored, facts);
  const createdIds: string[] = [];
  const isRetry = stored.activation.origin === 'support';
  const isSold = isSale(stored.activation);
  let isResolved = false;
  let ticket: OpenedTicket | null = null;
  for (const fact of facts) {
    const isUnpaid =
      fact.type === 'activation.active' && isSold && (await isChargeLost(transaction, stored.activation.id));
    const status = isUnpaid ? 'payment_failed' : statusOf(fact);
    // An activation free of charge does not change the purchase.
    if (status && stored.purchaseId && isSold) {
      await transaction
        .updateTable('purchases')
        .set({ status })
        .where('id', '=', stored.purchaseId)
        .execute();
    }
    let isOver = fact.type === 'activation.cancelled';
    if (fact.type === 'activation.active') {
      const source = isSold ? 'purchase' : 'goodwill';
      isOver = !(await grantEntitlement(transaction, deps, stored, fact.at, source));
      // The charge was lost while the vehicle was still to be reached.
      if (isUnpaid) await shortenUnpaid(transaction, deps, stored, fact.at);
    }
    if (isRetry && !isOver && retryEnds.has(fact.type)) {
      await deps.resolveTicket(transaction, stored, fact.at);
      isResolved = true;
    }
    // The service to reactivate has ended meanwhile: the ticket stays open.
    if ((isRetry && isOver) || fact.type === 'activation.escalating_to_support') {
      // The engine itself put them into the event (diagnostics.ts).
      ticket = await deps.openTicket(transaction, stored, fact.data.diagnostics as Diagnostics, fact.at);
    }
    if (fact.type === 'activation.late_success') {
      const text =
        'The vehicle applied the command after the activation had failed. The money stays returned; a revocation follows.';
      await deps.noteOnTicket(transaction, stored.activation.id, text, fact.at);
    }
    if (fact.type === 'revocation.owed')
      createdIds.push(await recordRevocation(transaction, deps, stored, fact.at));
  }
  const noticeCount = await deps.insertNotices(transaction, stored, facts);
  return {
    createdIds,
    ticket,
    work: {
      // The customer of a resolved ticket gets a notification too.
      notifications: noticeCount > 0 || isResolved,
      tickets: isRetry || facts.some(({ type }) => ticketFacts.has(type)),
    },
  };
}

/** Creates the revocation of a failed activation that the vehicle may have applied: no limit, no ticket, no notification. */
async function recordRevocation(
  transaction: Transaction<PlatformSchema>,
  { ids }: ProjectionDeps,
  { activation, purchaseId }: StoredActivation,
  at: number,
): Promise<string> {
  const id = ids.next('act');
  const { vin, serviceId, feature } = activation;
  const policy = { ...activation.policy, maxRetries: null, deadlineMs: null };
  const revocation = newDeactivation({ id, vin, serviceId, feature, policy }, 'revocation', at);
  await insertActivation(transaction, revocation, { purchaseId, parentId: activation.id, priority: 1 });
  return id;
}
