/**
 * The rules of the ledger, pure. Every entry takes an amount from one account and gives it to another, so the accounts
 * always sum to zero; entries are only ever added. Amounts are integers in minor units.
 */
export type Account = 'customer' | 'customer_hold' | 'merchant';

export type EntryKind =
  | 'authorised'
  | 'charged'
  | 'captured'
  | 'voided'
  | 'refunded'
  | 'disputed'
  | 'dispute_won';

/** Where the money goes at each step. `charged` is an authorisation and its capture in one (`capture_method=automatic`). */
export const movements: Readonly<Record<EntryKind, { readonly from: Account; readonly to: Account }>> = {
  authorised: { from: 'customer', to: 'customer_hold' },
  charged: { from: 'customer', to: 'merchant' },
  captured: { from: 'customer_hold', to: 'merchant' },
  voided: { from: 'customer_hold', to: 'customer' },
  refunded: { from: 'merchant', to: 'customer' },
  // The bank takes the amount when a dispute is opened, and returns it when the dispute is rejected.
  disputed: { from: 'merchant', to: 'customer' },
  dispute_won: { from: 'customer', to: 'merchant' },
};

/** The statuses of a PaymentIntent that exist here; `refunded` is kept apart, as Stripe does. */
export type IntentStatus = 'requires_capture' | 'succeeded' | 'canceled' | 'requires_payment_method';

/** What the rules need to know of a payment. */
export interface IntentState {
  readonly status: IntentStatus;
  readonly refunded: boolean;
  /** When the hold lapses; null where there was none. */
  readonly holdExpiresAt: number | null;
}

/** How long a hold lasts, as with card payments at Stripe: 7 days. */
export const holdMs = 7 * 24 * 3_600_000;

export type Step = 'capture' | 'cancel' | 'refund';

/** A step is allowed, and then moves the money once, or it is refused and moves nothing. */
export type StepVerdict =
  | { readonly ok: true; readonly status: IntentStatus; readonly entry: EntryKind | null }
  | { readonly ok: false; readonly code: string; readonly message: string };

const cancellable: readonly IntentStatus[] = ['requires_payment_method', 'requires_capture'];

/** Whether the step may be taken in this state. Codes and messages are Stripe's. */
export function judge(step: Step, state: IntentState): StepVerdict {
  const { status } = state;
  switch (step) {
    case 'capture':
      if (status === 'requires_capture') return { ok: true, status: 'succeeded', entry: 'captured' };
      return {
        ok: false,
        code: 'payment_intent_unexpected_state',
        message: `This PaymentIntent could not be captured because it has a status of ${status}. Only a PaymentIntent with one of the following statuses may be captured: requires_capture.`,
      };
    case 'cancel':
      if (cancellable.includes(status)) {
        return { ok: true, status: 'canceled', entry: status === 'requires_capture' ? 'voided' : null };
      }
      return {
        ok: false,
        code: 'payment_intent_unexpected_state',
        message: `You cannot cancel this PaymentIntent because it has a status of ${status}. Only a PaymentIntent with one of the following statuses may be canceled: ${cancellable.join(', ')}.`,
      };
    case 'refund':
      if (state.refunded) {
        return {
          ok: false,
          code: 'charge_already_refunded',
          message: 'The charge of this PaymentIntent has already been refunded.',
        };
      }
      if (status === 'succeeded') return { ok: true, status: 'succeeded', entry: 'refunded' };
      return {
        ok: false,
        code: 'payment_intent_unexpected_state',
        message: 'This PaymentIntent does not have a successful charge to refund.',
      };
  }
}

/** Whether the hold of this payment has lapsed by `now`. */
export function hasLapsed(state: IntentState, now: number): boolean {
  return state.status === 'requires_capture' && state.holdExpiresAt !== null && state.holdExpiresAt <= now;
}

export interface LedgerEntry {
  /** Rises by one with each entry. */
  readonly sequence: number;
  /** When the money moved. The entry of a lapsed hold carries the instant of the lapse, and may be written later. */
  readonly at: number;
  readonly kind: EntryKind;
  readonly from: Account;
  readonly to: Account;
  readonly amountMinor: number;
  /** ISO 4217, upper case. */
  readonly currency: string;
  readonly paymentId: string;
  /** `metadata[activation_id]` of the payment, or empty. */
  readonly activationId: string;
  /** The Idempotency-Key of the request that moved it; null when no request did (a lapsed hold) or none was sent. */
  readonly key: string | null;
}

/** The money of one activation, over all its payments. */
export interface Net {
  /** Holds ever made. A payment taken at once has none. */
  readonly authorisedMinor: number;
  /** Ever taken, from a hold or at once. */
  readonly capturedMinor: number;
  readonly voidedMinor: number;
  readonly refundedMinor: number;
  /** Still held now. */
  readonly heldMinor: number;
  /** Returns the amount that the customer has paid: captured minus refunded. */
  readonly netMinor: number;
}

export const emptyNet: Net = {
  authorisedMinor: 0,
  capturedMinor: 0,
  voidedMinor: 0,
  refundedMinor: 0,
  heldMinor: 0,
  netMinor: 0,
};

function moved(entry: LedgerEntry, account: Account): number {
  return (entry.to === account ? entry.amountMinor : 0) - (entry.from === account ? entry.amountMinor : 0);
}

function addEntry(net: Net, entry: LedgerEntry): Net {
  const of = (...kinds: EntryKind[]) => (kinds.includes(entry.kind) ? entry.amountMinor : 0);
  return {
    authorisedMinor: net.authorisedMinor + of('authorised'),
    capturedMinor: net.capturedMinor + of('captured', 'charged'),
    voidedMinor: net.voidedMinor + of('voided'),
    refundedMinor: net.refundedMinor + of('refunded'),
    heldMinor: net.heldMinor + moved(entry, 'customer_hold'),
    netMinor: net.netMinor + moved(entry, 'merchant'),
  };
}

/** The money per activation id. An activation has one currency, its price's. */
export function netByActivation(entries: Iterable<LedgerEntry>): Map<string, Net> {
  const nets = new Map<string, Net>();
  for (const entry of entries) {
    nets.set(entry.activationId, addEntry(nets.get(entry.activationId) ?? emptyNet, entry));
  }
  return nets;
}

/** Balance per currency and account, the customers' together. Each currency sums to zero. */
export function balances(entries: Iterable<LedgerEntry>): Map<string, Record<Account, number>> {
  const totals = new Map<string, Record<Account, number>>();
  for (const entry of entries) {
    const total = totals.get(entry.currency) ?? { customer: 0, customer_hold: 0, merchant: 0 };
    total[entry.from] -= entry.amountMinor;
    total[entry.to] += entry.amountMinor;
    totals.set(entry.currency, total);
  }
  return totals;
}
