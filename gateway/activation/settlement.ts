/** The money of one activation, a machine of its own: it moves only forward, and only one step is open at a time. */
export const settlementStatuses = [
  'authorising',
  'declined',
  'authorised',
  'capturing',
  'captured',
  /** The capture was declined for good: the service's policy decides what becomes of it, an operator settles the money. */
  'uncollectible',
  'voiding',
  'voided',
  'refunding',
  'refunded',
  /** A void or a refund was declined for good: an operator settles it by other means. */
  'unsettled',
  /** An operator has paid the customer back by other means. */
  'paid_back',
  /** The customer has paid by other means what could not be captured. */
  'collected',
  /** An operator has written off the open amount, of either side. */
  'written_off',
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
  /** The epoch of the database that ordered it, which the payment carries; absent in orders saved before there was one. */
  readonly epoch?: string;
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
  /** By when people settle what the payment service refused for good; absent where it refused nothing. */
  readonly settleBy?: number;
}

/** How people end what the payment service refused for good. */
export type SettlementResolution =
  /** Paid by other means than the payment service, with the reference of the bank or the accounting. */
  | {
      readonly kind: 'paid_back' | 'collected';
      readonly amountMinor: number;
      readonly reference: string;
    }
  | { readonly kind: 'written_off'; readonly reason: string };

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
  | {
      readonly type: 'payment_resolved';
      readonly at: number;
      /** The operator. */
      readonly by: string;
      readonly resolution: SettlementResolution;
    }
  /** The payment service is asked once more for what it refused: by an operator, or, where `by` is null, because a dispute ended. */
  | { readonly type: 'payment_retried'; readonly at: number; readonly by: string | null }
  /** The dispute that kept a refund back is lost: the bank has paid the customer, and nothing more is due. */
  | { readonly type: 'payment_charged_back'; readonly at: number; readonly reference: string }
  /** The open step's key is too old to be sent again, and the payment, looked up, shows that the step has not happened. */
  | { readonly type: 'payment_key_lapsed'; readonly at: number; readonly step: PaymentStep };

/** What is decided outside of the payment service's answers. */
export type MoneyDecision = Extract<
  PaymentEvent,
  { type: 'payment_resolved' | 'payment_retried' | 'payment_charged_back' }
>;

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
  paid_back: null,
  collected: null,
  written_off: null,
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
 * under a key this old (docs/activation-spec.md, section 7).
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
export type PaymentOrder = Pick<
  Settlement,
  'capture' | 'amountMinor' | 'currency' | 'method' | 'customer' | 'epoch'
>;

export function newSettlement(order: PaymentOrder, at: number): Settlement {
  const { capture, amountMinor, currency, method, customer, epoch } = order;
  return {
    status: 'authorising',
    capture,
    amountMinor,
    currency,
    method,
    ...(customer === undefined ? {} : { customer }),
    ...(epoch === undefined ? {} : { epoch }),
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

/** Returns the reversal after a failure: void the hold, or refund the capture. */
export function settleFailure(settlement: Settlement, at: number): Settlement {
  if (settlement.status === 'authorised') return enter(settlement, 'voiding', at);
  if (settlement.status === 'captured') return enter(settlement, 'refunding', at);
  return settlement;
}

/** What the payment service refused for good, an operator may bring about there. */
function isSettledByHand(settlement: Settlement, capture: Settlement['capture']): boolean {
  return settlement.status === 'unsettled' && settlement.capture === capture;
}

/** The code by which the payment service refuses to refund what the customer disputes, or has got back through a dispute. */
export const chargeDisputed = 'charge_disputed';

/** Whether the bank holds the amount that is to be refunded: to pay it back by other means would return it twice. */
export function isHeldByBank({ status, problem }: Settlement): boolean {
  return status === 'unsettled' && problem?.startsWith(`${chargeDisputed}:`) === true;
}

/** Statuses that wait for people. */
export const peoplesStatuses: ReadonlySet<SettlementStatus> = new Set(['uncollectible', 'unsettled']);

/** Whether this resolution can end what is open. */
function isFitting(settlement: Settlement, { kind }: SettlementResolution): boolean {
  if (kind === 'written_off') return peoplesStatuses.has(settlement.status);
  return settlement.status === (kind === 'paid_back' ? 'unsettled' : 'uncollectible');
}

/** The step that was refused, opened again under its next key; null where no payment is known that it could be asked for. */
function retried(settlement: Settlement, at: number): Settlement | null {
  if (!peoplesStatuses.has(settlement.status) || settlement.paymentId === null) return null;
  const reversing = settlement.capture === 'immediately' ? 'refunding' : 'voiding';
  const status = settlement.status === 'uncollectible' ? 'capturing' : reversing;
  // A repeat under the refused key would only get the same answer.
  const keysLapsed = (settlement.keysLapsed ?? 0) + 1;
  return { ...enter(settlement, status, at), keysLapsed, settleBy: settlement.settleBy ?? at };
}

/** What a definite no makes of it. What waits for people keeps the number of its keys: they may ask once more. */
function refuse(
  settlement: Settlement,
  event: Extract<PaymentEvent, { type: 'payment_refused' }>,
  settlementMs: number,
): Settlement {
  const status = refusals[event.step];
  const after = { ...enter(settlement, status, event.at), problem: `${event.code}: ${event.message}` };
  if (!peoplesStatuses.has(status)) return after;
  return {
    ...after,
    keysLapsed: settlement.keysLapsed ?? 0,
    settleBy: settlement.settleBy ?? event.at + settlementMs,
  };
}

/**
 * The settlement after an answer, or null when the answer belongs to no step that is open (a repeat). People have `settlementMs`
 * for what is refused for good.
 */
export function settle(settlement: Settlement, event: PaymentEvent, settlementMs: number): Settlement | null {
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
      return open === event.step ? refuse(settlement, event, settlementMs) : null;
    case 'payment_resolved':
      if (!isFitting(settlement, event.resolution)) return null;
      return {
        ...enter(settlement, event.resolution.kind, event.at),
        settleBy: settlement.settleBy ?? event.at,
      };
    case 'payment_charged_back':
      return isHeldByBank(settlement) ? enter(settlement, 'paid_back', event.at) : null;
    case 'payment_retried':
      return retried(settlement, event.at);
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
        return {
          ...enter(settlement, 'unsettled', event.at),
          problem: neverAnswered,
          settleBy: event.at + settlementMs,
        };
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

/** Whether an answer of the payment service or of people is still to come. */
export function isOpen({ status }: Settlement): boolean {
  return openSteps[status] !== null || peoplesStatuses.has(status);
}

/** What the payment service refused for good; people settle it, or have. */
export function isWithPeople({ status, settleBy }: Settlement): boolean {
  return peoplesStatuses.has(status) || settleBy !== undefined;
}
