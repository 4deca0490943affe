/** The money of one activation, a machine of its own: it moves only forward, and only one step is open at a time. */
export const settlementStatuses = [
  'authorising',
  'declined',
  'authorised',
  'capturing',
  'captured',
  /** The capture was declined for good: the service stays, an operator decides (DESIGN.md section 9.2). */
  'uncollectible',
  'voiding',
  'voided',
  'refunding',
  'refunded',
  /** A void or a refund was declined for good: an operator settles it by hand, and the notice waits. */
  'unsettled',
] as const;
export type SettlementStatus = (typeof settlementStatuses)[number];

export type PaymentStep = 'authorise' | 'capture' | 'void' | 'refund';

export interface Settlement {
  readonly status: SettlementStatus;
  readonly capture: 'on_delivery' | 'immediately';
  readonly amountMinor: number;
  readonly currency: string;
  readonly method: string;
  /** The customer at the payment service whose saved method it is. */
  readonly customer?: string;
  readonly paymentId: string | null;
  /** Unanswered calls of the open step. */
  readonly unanswered: number;
  /** Keys of the open step before the present one: a new one only once a look showed that the step has not happened. */
  readonly keysLapsed?: number;
  /** Since when the present key may be in use. Absent in states saved before there was a limit. */
  readonly keyedAt?: number;
  /** When the open step is tried (again); null when none is open. */
  readonly dueAt: number | null;
  readonly problem: string | null;
}

export type PaymentEvent =
  | {
      readonly type: 'payment_authorised';
      readonly at: number;
      readonly paymentId: string;
      readonly holdExpiresAt: number | null;
    }
  | { readonly type: 'payment_captured' | 'payment_voided' | 'payment_refunded'; readonly at: number }
  /** A definite no. */
  | {
      readonly type: 'payment_refused';
      readonly at: number;
      readonly step: PaymentStep;
      readonly code: string;
      readonly message: string;
    }
  /** No answer: the step may have happened. */
  | {
      readonly type: 'payment_unanswered';
      readonly at: number;
      readonly step: PaymentStep;
      readonly message: string;
    }
  /** The open step's key is too old to be sent again, and the payment, looked up, shows that the step has not happened. */
  | { readonly type: 'payment_key_lapsed'; readonly at: number; readonly step: PaymentStep };

/** The step that each status has open. */
export const openSteps: Readonly<Record<SettlementStatus, PaymentStep | null>> = {
  authorising: 'authorise',
  declined: null,
  authorised: null,
  capturing: 'capture',
  captured: null,
  uncollectible: null,
  voiding: 'void',
  voided: null,
  refunding: 'refund',
  refunded: null,
  unsettled: null,
};

const refusals: Readonly<Record<PaymentStep, SettlementStatus>> = {
  authorise: 'declined',
  capture: 'uncollectible',
  void: 'unsettled',
  refund: 'unsettled',
};

/** Waits between unanswered calls: 1 s doubled up to a minute, without end. */
export function paymentRetryMs(unanswered: number): number {
  return Math.min(1_000 * 2 ** Math.min(unanswered, 10), 60_000);
}

/**
 * Payment services forget a key after 24 hours, and a request sent again after that is a second one. So nothing is sent
 * under a key this old (DESIGN.md section 10.7).
 */
export const keyLifeMs = 20 * 3_600_000;

/** Whether the open step's key must not be sent any more. `openedAt` stands in where the state does not say since when it is used. */
export function isKeyLapsed(settlement: Settlement, openedAt: number, now: number): boolean {
  return now - (settlement.keyedAt ?? openedAt) >= keyLifeMs;
}

/** Since an order names no payment yet, nothing can be looked up: it may have been taken, and an operator has to find out. */
const neverAnswered = 'the payment service never answered the order: look there for its activation_id';

/** Unanswered calls that the record shows: the first, the second, the fourth … An outage of a day makes 12 lines. */
export function isShown(unanswered: number): boolean {
  return Number.isInteger(Math.log2(unanswered));
}

/** What a purchase says of its payment. */
export type PaymentOrder = Pick<Settlement, 'capture' | 'amountMinor' | 'currency' | 'method' | 'customer'>;

export function newSettlement(order: PaymentOrder, at: number): Settlement {
  const { capture, amountMinor, currency, method, customer } = order;
  return {
    status: 'authorising',
    capture,
    amountMinor,
    currency,
    method,
    ...(customer === undefined ? {} : { customer }),
    paymentId: null,
    unanswered: 0,
    keysLapsed: 0,
    keyedAt: at,
    dueAt: at,
    problem: null,
  };
}

function enter(settlement: Settlement, status: SettlementStatus, at: number): Settlement {
  return {
    ...settlement,
    status,
    unanswered: 0,
    keysLapsed: 0,
    keyedAt: at,
    dueAt: openSteps[status] === null ? null : at,
    problem: null,
  };
}

/** What delivery asks of the money: take it, unless it was taken at once. */
export function settleDelivery(settlement: Settlement, at: number): Settlement {
  return settlement.status === 'authorised' ? enter(settlement, 'capturing', at) : settlement;
}

/** What failure asks of the money: release the hold, or give back what was taken. */
export function settleFailure(settlement: Settlement, at: number): Settlement {
  if (settlement.status === 'authorised') return enter(settlement, 'voiding', at);
  if (settlement.status === 'captured') return enter(settlement, 'refunding', at);
  return settlement;
}

/** What the payment service refused for good, an operator may bring about: then the notice that waited can go. */
function isSettledByHand(settlement: Settlement, capture: Settlement['capture']): boolean {
  return settlement.status === 'unsettled' && settlement.capture === capture;
}

/** The settlement after an answer, or null when the answer belongs to no step that is open (a repeat). */
export function settle(settlement: Settlement, event: PaymentEvent): Settlement | null {
  const open = openSteps[settlement.status];
  switch (event.type) {
    case 'payment_authorised': {
      if (open !== 'authorise') return null;
      const status = settlement.capture === 'immediately' ? 'captured' : 'authorised';
      return { ...enter(settlement, status, event.at), paymentId: event.paymentId };
    }
    case 'payment_captured':
      return open === 'capture' ? enter(settlement, 'captured', event.at) : null;
    case 'payment_voided':
      return open === 'void' || isSettledByHand(settlement, 'on_delivery')
        ? enter(settlement, 'voided', event.at)
        : null;
    case 'payment_refunded':
      return open === 'refund' || isSettledByHand(settlement, 'immediately')
        ? enter(settlement, 'refunded', event.at)
        : null;
    case 'payment_refused':
      if (open !== event.step) return null;
      return {
        ...enter(settlement, refusals[event.step], event.at),
        problem: `${event.code}: ${event.message}`,
      };
    case 'payment_unanswered':
      if (open !== event.step) return null;
      return {
        ...settlement,
        unanswered: settlement.unanswered + 1,
        dueAt: event.at + paymentRetryMs(settlement.unanswered),
        problem: event.message,
      };
    case 'payment_key_lapsed':
      if (open !== event.step) return null;
      if (open === 'authorise')
        return { ...enter(settlement, 'unsettled', event.at), problem: neverAnswered };
      return {
        ...settlement,
        keysLapsed: (settlement.keysLapsed ?? 0) + 1,
        keyedAt: event.at,
        dueAt: event.at,
      };
  }
}

/** Nothing is held and nothing is kept of the customer's money. */
export function isReversed(settlement: Settlement): boolean {
  return (
    settlement.status === 'voided' || settlement.status === 'refunded' || settlement.status === 'declined'
  );
}
