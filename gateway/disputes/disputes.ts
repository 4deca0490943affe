import type { Transaction } from 'kysely';
import type { Database } from '../../shared/ports/database.ts';
import type { Log } from '../../shared/ports/log.ts';
import type { PaymentList } from '../../shared/ports/payments.ts';
import { isoText } from '../../shared/protocol/instant.ts';
import { formatMoney } from '../../shared/protocol/money.ts';
import type { Activation } from '../activation/activation.ts';
import { isHeldByBank, type MoneyDecision, type SettlementResolution } from '../activation/settlement.ts';
import type { EntitlementDeps } from '../entitlement/deps.ts';
import { grantedBy, restorePaid, shortenUnpaid } from '../entitlement/unpaid.ts';
import { insertLifeNotice } from '../notifications/life-notice.ts';
import type { NoticeSettings } from '../notifications/notice-insertion.ts';
import type { DisputeReport, PaymentServiceEvent } from '../payments/payment-event.ts';
import { loadActivation, type StoredActivation } from '../store/activations.ts';
import { appendRecord } from '../store/record-lines.ts';
import type { DisputeRow, PlatformSchema, PurchaseStatus } from '../store/schema.ts';
import { claimEvent, disputeOf, openDisputes } from './dispute-store.ts';

export interface DisputeDeps extends EntitlementDeps {
  readonly database: Database<PlatformSchema>;
  readonly log: Log;
  readonly payments: Pick<PaymentList, 'find'>;
  readonly notices: NoticeSettings;
  /** The engine's: saves an event of the money of an activation, and continues it. */
  readonly settle: (activationId: string, event: MoneyDecision) => Promise<Activation>;
}

type Write = Transaction<PlatformSchema>;

/** How long an operator has for a dispute before it is overdue. */
const settleWithinMs = 5 * 86_400_000;

const lineTypes = {
  open: 'payment.disputed',
  won: 'payment.dispute_won',
  lost: 'payment.dispute_lost',
} as const;

/**
 * Saves what the payment service reports of a dispute: once for each event, in the list of settlements, the purchase's history and the
 * log. A dispute that is lost ends the service as its policy says of what could not be charged. Rejects with `PaymentsUnavailable`.
 */
export async function takePaymentEvent(
  deps: DisputeDeps,
  { id, dispute }: PaymentServiceEvent,
  at: number,
): Promise<'taken' | 'repeated' | 'ignored'> {
  if (dispute === null) return 'ignored';
  const activationId = (await deps.payments.find(dispute.paymentId))?.activationId ?? null;
  const stored = activationId === null ? null : await loadActivation(deps.database.reader, activationId);
  if (stored === null) {
    deps.log.warn('disputes.payment_unknown', { disputeId: dispute.id, paymentId: dispute.paymentId });
    return 'ignored';
  }
  const isNew = await deps.database.write(async (transaction) => {
    if (!(await claimEvent(transaction, id, at))) return false;
    await saveReport(transaction, deps, stored, dispute, at);
    return true;
  });
  // Also for an event that comes again: the process may have ended in between.
  await followDispute(deps, stored.activation.id, dispute, at);
  if (!isNew) return 'repeated';
  const { purchaseId } = stored;
  const { id: disputeId, status, amountMinor, currency, reason } = dispute;
  const fields = { activationId, purchaseId, disputeId, status, amountMinor, currency, reason };
  deps.log[status === 'won' ? 'info' : 'error']('settlement.disputed', fields);
  return 'taken';
}

/** Makes a refund that the dispute kept back once the bank has given the amount to us, and ends it once the customer has it. */
async function followDispute(
  { database, settle }: Pick<DisputeDeps, 'database' | 'settle'>,
  activationId: string,
  { id: reference, status }: DisputeReport,
  at: number,
): Promise<void> {
  if (status === 'open') return;
  const settlement = (await loadActivation(database.reader, activationId))?.activation.settlement ?? null;
  if (settlement === null || !isHeldByBank(settlement)) return;
  await settle(
    activationId,
    status === 'won'
      ? { type: 'payment_retried', at, by: null }
      : { type: 'payment_charged_back', at, reference },
  );
}

async function saveReport(
  transaction: Write,
  deps: DisputeDeps,
  stored: StoredActivation,
  dispute: DisputeReport,
  at: number,
): Promise<void> {
  const { id, paymentId, amountMinor, currency, reason, status } = dispute;
  const known = await transaction
    .selectFrom('disputes')
    .select('status')
    .where('id', '=', id)
    .executeTakeFirst();
  // Events may come in another order: what is closed is not opened again.
  if (known !== undefined && status === 'open') return;
  const ended = status === 'open' ? {} : { closed_at: at };
  const row: DisputeRow = {
    ...{ id, reason, status, currency },
    payment_id: paymentId,
    activation_id: stored.activation.id,
    purchase_id: stored.purchaseId,
    amount_minor: amountMinor,
    opened_at: at,
    settle_by: at + settleWithinMs,
    closed_at: null,
    ...ended,
  };
  await transaction
    .insertInto('disputes')
    .values(row)
    .onConflict((conflict) => conflict.column('id').doUpdateSet({ status, closed_at: row.closed_at }))
    .execute();
  const isActive = await hasService(transaction, stored, at);
  const activeUntil = status === 'lost' ? await shortenUnpaid(transaction, deps, stored, at) : null;
  if (status === 'lost') await setPurchase(transaction, stored, 'payment_failed');
  if (known === undefined && status !== 'won')
    await notifyCustomer(transaction, deps, stored, { dispute, at, isActive, activeUntil });
  await appendLine(transaction, deps, stored, {
    at,
    type: lineTypes[status],
    actor: 'payments',
    data: {
      ...{ disputeId: id, amountMinor, currency, reason },
      ...(activeUntil === null ? {} : { activeUntil }),
    },
  });
}

/** Whether the vehicle has what the purchase gave, at this moment. */
async function hasService(
  transaction: Write,
  { purchaseId }: StoredActivation,
  at: number,
): Promise<boolean> {
  const granted = purchaseId === null ? null : await grantedBy(transaction, purchaseId);
  return granted !== null && granted.validFrom <= at;
}

/** Once for each dispute: with its first event, which says what it means for the service. */
async function notifyCustomer(
  transaction: Write,
  { ids, notices, catalogue }: DisputeDeps,
  { activation }: StoredActivation,
  facts: {
    readonly dispute: DisputeReport;
    readonly at: number;
    readonly isActive: boolean;
    readonly activeUntil: number | null;
  },
): Promise<void> {
  const { dispute, at, isActive, activeUntil } = facts;
  const { uncollectible = 'keep' } = catalogue.service(activation.serviceId) ?? {};
  await insertLifeNotice(transaction, { ids, settings: notices }, activation.id, {
    kind: 'payment_disputed',
    at,
    occasion: dispute.id,
    data: {
      amount: formatMoney(dispute),
      isDisputeLost: dispute.status === 'lost',
      isServiceActive: isActive,
      endsIfLost: uncollectible !== 'keep',
      ...(activeUntil === null ? {} : { activeUntil: isoText(activeUntil) }),
    },
  });
}

async function setPurchase(
  transaction: Write,
  { purchaseId }: StoredActivation,
  status: PurchaseStatus,
): Promise<void> {
  if (purchaseId === null) return;
  // What failed or was cancelled stays so.
  await transaction
    .updateTable('purchases')
    .set({ status })
    .where('id', '=', purchaseId)
    .where('status', 'in', ['active', 'payment_failed'])
    .execute();
}

function appendLine(
  transaction: Write,
  { ids }: DisputeDeps,
  { activation, purchaseId }: StoredActivation,
  line: {
    readonly at: number;
    readonly type: string;
    readonly actor: string;
    readonly data: object;
  },
): Promise<void> {
  return appendRecord(transaction, ids, [{ purchaseId, activationId: activation.id, ...line }]);
}

/** An operator's end of a dispute. Resolves with the dispute as it was, or null: none of this activation is open. */
export function resolveDispute(
  deps: DisputeDeps,
  stored: StoredActivation,
  by: string,
  resolution: SettlementResolution,
  at: number,
): Promise<DisputeRow | null> {
  return deps.database.write(async (transaction) => {
    const dispute = await disputeOf(transaction, stored.activation.id);
    if (dispute === null || !openDisputes.includes(dispute.status)) return null;
    const { kind } = resolution;
    await transaction
      .updateTable('disputes')
      .set({ status: kind === 'collected' ? 'collected' : 'written_off', closed_at: at })
      .where('id', '=', dispute.id)
      .execute();
    if (kind === 'collected') {
      await restorePaid(transaction, deps, stored, at);
      await setPurchase(transaction, stored, 'active');
    }
    const { amount_minor: amountMinor, currency, id: disputeId } = dispute;
    const reference = resolution.kind === 'written_off' ? {} : { reference: resolution.reference };
    const reason = resolution.kind === 'written_off' ? { reason: resolution.reason } : {};
    await appendLine(transaction, deps, stored, {
      at,
      type: `payment.${kind}`,
      actor: `operator:${by}`,
      data: { by, disputeId, amountMinor, currency, ...reference, ...reason },
    });
    return dispute;
  });
}
