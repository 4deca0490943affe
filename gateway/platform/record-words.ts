import { isoText } from '../../shared/protocol/instant.ts';
import type { FactType } from '../activation/fact.ts';
import type { Failure } from '../activation/failure.ts';
import type { EntitlementFact } from '../entitlement/entitlement.ts';
import type { transferType } from '../entitlement/transfer.ts';
import { contradictionCode } from '../support/ticket.ts';
import type { TicketFact } from '../support/ticket-machine.ts';
import { failureWords } from './failure-words.ts';

/** Who reads a record: support everything, a customer what is for them, in words without our systems' own. */
export const recordViews = ['support', 'customer'] as const;
export type RecordView = (typeof recordViews)[number];

export type RecordType =
  | 'purchase.created'
  | FactType
  | EntitlementFact['type']
  | TicketFact['type']
  | 'entitlement.shortened'
  | 'entitlement.restored'
  | 'customer.erased'
  | typeof transferType
  | 'payment.disputed'
  | 'payment.dispute_won'
  | 'payment.dispute_lost'
  | 'restore.adopted'
  | 'restore.refunded'
  | 'restore.ignored'
  | 'notice.sent'
  | 'notice.dead'
  | 'notice.resent'
  | 'notice.dropped'
  | 'webhook.replayed'
  | 'webhook.dropped'
  | 'webhook.resumed'
  | 'incident.opened'
  | 'incident.closed'
  | 'reconciliation.revocation'
  | 'reconciliation.reactivation';

type Data = Readonly<Record<string, unknown>>;

export interface EventText {
  /** What happened, as a phrase. */
  readonly what: (data: Data) => string;
  /** Why, or null where it follows from the line before. */
  readonly cause?: (data: Data, view: RecordView) => string | null;
  /** What of the data a customer reads; without it the line is not for customers. */
  readonly shown?: readonly string[];
}

const text = (value: unknown) => String(value ?? '').replaceAll('_', ' ');
const instant = (value: unknown) => (typeof value === 'number' ? isoText(value) : '');
const label = (phrase: string) => () => phrase;
const reasonOf = ({ reason }: Data) => (typeof reason === 'string' ? reason : null);

function failureOf({ failure }: Data, view: RecordView): string | null {
  if (failure === null || failure === undefined) return null;
  const { category, message } = failure as Failure;
  return view === 'customer' ? failureWords[category] : `${text(category)}: ${message}`;
}

/** A payment service's code and message, or what stood in place of an answer. */
function paymentProblem({ code, message }: Data, view: RecordView): string | null {
  if (view === 'customer') return null;
  const parts = [code, message].filter((part) => typeof part === 'string');
  return parts.length === 0 ? null : parts.join(': ');
}

/** An internal step of the machine; `what` names it. */
const step = (what: string, cause?: EventText['cause']): EventText => ({
  what: label(what),
  ...(cause ? { cause } : {}),
});
const customerVisible = (what: string, cause?: string, shown: readonly string[] = []): EventText => ({
  what: label(what),
  ...(cause === undefined ? {} : { cause: label(cause) }),
  shown,
});
const amount = ['amountMinor', 'currency'];
const orderKeys = 'customerId vin serviceId serviceName feature duration price capture preDelivery'.split(
  ' ',
);

const activationWords = {
  'activation.awaiting_payment': step('the payment is asked for'),
  'activation.payment_confirmed': customerVisible(
    'the payment was confirmed',
    'the payment service holds or has the money',
  ),
  'activation.queued_for_activation': customerVisible(
    'the activation waits for its turn',
    'the payment was confirmed',
  ),
  'activation.sending_command': {
    what: ({ attempt }) => `the command is sent to the vehicle, attempt ${text(attempt)}`,
    cause: ({ attempt }) =>
      attempt === 1 ? 'the first attempt was due' : 'the wait after the last attempt is over',
    shown: ['attempt'],
  },
  'activation.waiting_response': step("the vehicle's answer is waited for"),
  'activation.checking_response': step('the answer is read'),
  'activation.success': {
    what: label('the vehicle applied it'),
    cause: ({ evidence }) =>
      evidence === 'reported_state' ? 'the vehicle reports it' : "the vehicle's answer confirms it",
    shown: ['attempt'],
  },
  'activation.renewed': customerVisible(
    'the service was renewed',
    'it was active already: nothing had to be sent',
  ),
  'activation.failure': {
    what: ({ attempt }) =>
      attempt === undefined ? 'it cannot be done' : `attempt ${text(attempt)} did not succeed`,
    cause: failureOf,
    shown: ['attempt'],
  },
  'activation.evaluating_retry': step('whether to try again is decided'),
  'activation.calculate_backoff': {
    what: ({ delayMs }) => `the wait before the next attempt is ${text(delayMs)} ms`,
    cause: ({ retry }) => `retry ${text(retry)} of the policy`,
  },
  'activation.waiting_backoff': {
    what: ({ until }) => `the next attempt waits${until === undefined ? '' : ` until ${instant(until)}`}`,
    cause: label('the attempt before did not succeed'),
    shown: ['until'],
  },
  'activation.max_retries_exceeded': customerVisible('no attempt is left', 'the policy allows no more', [
    'attempts',
  ]),
  'activation.querying_vehicle_state': customerVisible(
    'the vehicle is asked once more',
    'no further attempt follows',
  ),
  'activation.escalating_to_support': {
    what: label('support takes it over'),
    cause: failureOf,
    shown: [],
  },
  'activation.reversing_payment': customerVisible('the payment is reversed', 'the service was not delivered'),
  'activation.notifying_customer': customerVisible('the customer is notified', 'the service is active'),
  'activation.notifying_failure': customerVisible('the customer is notified', 'it failed'),
  'activation.active': customerVisible('the service is active', 'the vehicle applied it, or had it already'),
  'activation.failed': customerVisible('the activation has failed', 'it was not delivered'),
  'activation.cancelled': customerVisible(
    'the purchase is cancelled',
    'its customer did not want it any more',
  ),
  'activation.declined': customerVisible('nothing was bought', 'the payment was declined'),
  'activation.dormant': customerVisible(
    'the feature is off',
    'the vehicle reports it, or cannot have the feature',
  ),
  'activation.superseded': customerVisible('switching off was dropped', 'a customer owns the feature again'),
  'activation.postponed': step('the attempt is postponed', reasonOf),
  'activation.rate_limited': {
    what: ({ retryAt, until }) =>
      until === undefined
        ? `the API IoT takes no command now; again at ${instant(retryAt)}`
        : `the API IoT takes no command now and asks to wait until ${instant(retryAt)}; again at ${instant(until)}`,
    cause: ({ cause }, view) => {
      if (cause === undefined) return "the vehicle's quota is used up";
      return view === 'customer'
        ? 'the vehicle service is not available'
        : `it refuses every vehicle: ${text(cause)}`;
    },
  },
  'activation.late_success': customerVisible(
    'the vehicle applied it too late',
    'the activation had failed before',
    ['attempt'],
  ),
  'activation.cancel_requested': customerVisible(
    'the customer asked to cancel it',
    'a request of the customer',
  ),
  'vehicle.checked': { what: label('the vehicle was looked at'), cause: ({ message }) => text(message) },
  'command.accepted': {
    what: ({ attempt }) => `the API IoT took the command of attempt ${text(attempt)}`,
    cause: ({ commandId }) => (typeof commandId === 'string' ? commandId : null),
  },
  'revocation.owed': customerVisible(
    'the feature will be switched off',
    'the vehicle may have applied it though it failed',
  ),
} satisfies Partial<Record<RecordType, EventText>>;

const paymentWords = {
  'payment.authorised': customerVisible('the amount is reserved', 'the payment service agreed', amount),
  'payment.declined': { what: label('the payment was declined'), cause: paymentProblem, shown: amount },
  'payment.captured': customerVisible('the amount was taken', 'the service is paid', amount),
  'payment.uncollectible': {
    what: label('the amount could not be taken'),
    cause: paymentProblem,
    shown: amount,
  },
  'payment.voided': customerVisible('the reservation was released', 'nothing is charged', amount),
  'payment.refunded': customerVisible('the amount was refunded', 'nothing is charged', amount),
  'payment.unsettled': {
    what: label('the amount could not be refunded automatically; it is paid back in another way'),
    cause: paymentProblem,
    shown: amount,
  },
  'payment.disputed': customerVisible(
    'the bank was asked to take the amount back',
    'the payment was disputed',
    amount,
  ),
  'payment.dispute_won': customerVisible('the amount stays charged', 'the bank rejected the dispute', amount),
  'payment.dispute_lost': customerVisible('the bank gave the amount back', 'the dispute was accepted', [
    ...amount,
    'activeUntil',
  ]),
  'payment.retried': step('the payment service is asked once more'),
  'payment.paid_back': customerVisible('the amount was paid back in another way', 'an operator settled it', [
    ...amount,
    'reference',
  ]),
  'payment.collected': customerVisible('the amount was paid in another way', 'an operator settled it', [
    ...amount,
    'reference',
  ]),
  'payment.written_off': {
    what: label('the matter of the amount was closed'),
    cause: reasonOf,
    shown: [...amount, 'reason'],
  },
  'payment.settled': step('the settlement is done', ({ outcome }) => text(outcome)),
  'payment.unanswered': step('the payment service gave no answer', paymentProblem),
} satisfies Partial<Record<RecordType, EventText>>;

/** The end of a support case, in the specification's three ways. */
function resolutionOf({ resolution }: Data): string {
  const { kind } = (resolution ?? {}) as { kind?: string };
  if (kind === 'service_appointment') return 'a workshop visit was arranged';
  if (kind === 'bug_report') return 'another way was found meanwhile';
  return 'the service is active';
}

const ticketWords = {
  'ticket.opened': {
    what: label('a support ticket was opened'),
    cause: ({ problem }) =>
      problem === contradictionCode
        ? 'the vehicle does not keep the state that it confirmed'
        : 'the activation has failed',
    shown: ['ticketId'],
  },
  'ticket.assigned': step('the ticket was given to a technician'),
  'ticket.started': customerVisible('support works on it', 'a technician took it up', ['ticketId']),
  'ticket.commented': step('a technician noted something', ({ text: note }) => text(note)),
  'ticket.noted': step('a note was added', ({ text: note }) => text(note)),
  'ticket.retry_started': customerVisible('support tries once more', 'a technician asked for it', [
    'ticketId',
  ]),
  'ticket.retry_failed': step('the manual attempt did not succeed', reasonOf),
  'ticket.payload_changed': step('the configuration was changed for the next attempt'),
  'ticket.inspection_scheduled': {
    what: label('a workshop visit was arranged'),
    cause: (data, view) => (view === 'customer' ? 'the vehicle has to be looked at' : reasonOf(data)),
    shown: ['ticketId', 'appointment'],
  },
  'ticket.escalated': step('the ticket was handed to another team', reasonOf),
  'ticket.customer_contacted': {
    what: label('support wrote to the customer'),
    cause: ({ message }) => (typeof message === 'string' ? message : null),
    shown: ['ticketId', 'message'],
  },
  'ticket.resolved': {
    what: label('the support case is resolved'),
    cause: resolutionOf,
    shown: ['ticketId'],
  },
  'ticket.closed': customerVisible('the support ticket was closed', 'the work on it is done', ['ticketId']),
  'ticket.reopened': {
    what: label('support works on it again'),
    cause: (data, view) => (view === 'customer' ? null : reasonOf(data)),
    shown: ['ticketId'],
  },
  'ticket.handed_over': step('the ticket went to another technician', () => 'the shift changed'),
  'ticket.sla_warning': step('a clock of the support desk runs out soon', ({ clock }) => text(clock)),
  'ticket.sla_breached': step('a clock of the support desk ran out', ({ clock }) => text(clock)),
} satisfies Partial<Record<RecordType, EventText>>;

/** Every type that is written to the record; the compiler holds it to that. */
export const eventTexts: Readonly<Record<RecordType, EventText>> = {
  'purchase.created': {
    what: ({ serviceName }) => `${text(serviceName)} was bought`,
    cause: label("the customer's order"),
    shown: orderKeys,
  },
  ...activationWords,
  ...paymentWords,
  ...ticketWords,
  'entitlement.expired': customerVisible('the service has ended', 'its time is over', [
    'validFrom',
    'validUntil',
  ]),
  'entitlement.shortened': customerVisible('the service ends earlier', 'it could not be charged', [
    'validUntil',
  ]),
  'entitlement.restored': customerVisible('the service lasts as long as it was bought', 'it is paid', [
    'validUntil',
  ]),
  'entitlement.cancelled': customerVisible('the service has ended', 'it was cancelled', [
    'validFrom',
    'validUntil',
  ]),
  'vehicle.transferred': customerVisible(
    'the vehicle has another owner',
    'it was registered for another customer',
    ['vin'],
  ),
  'customer.erased': customerVisible('the personal data was erased', 'a request of the customer'),
  'restore.adopted': step(
    'a payment or feature missing in the restored database was adopted',
    label('an operator decided so'),
  ),
  'restore.refunded': step('a payment without a purchase was reversed', label('an operator decided so')),
  'restore.ignored': step(
    'a payment or feature missing in the restored database was ignored',
    label('an operator decided so'),
  ),
  'notice.sent': {
    what: ({ channel, kind }) => `sent by ${text(channel)}: ${text(kind)}`,
    cause: label('the customer is notified'),
    shown: ['kind', 'channel'],
  },
  'notice.dead': {
    what: ({ channel, kind }) => `could not be sent by ${text(channel)}: ${text(kind)}`,
    cause: ({ error }, view) => (view === 'customer' ? null : text(error)),
    shown: ['kind', 'channel'],
  },
  'notice.resent': {
    what: ({ channel, kind }) => `sent again by ${text(channel)}: ${text(kind)}`,
    cause: label('an operator asked for it'),
  },
  'notice.dropped': {
    what: ({ channel, kind }) => `given up by ${text(channel)}: ${text(kind)}`,
    cause: label('an operator decided so'),
  },
  'webhook.replayed': {
    what: ({ eventType }) => `sent to the ticket webhook again: ${text(eventType)}`,
    cause: label('an operator asked for it'),
  },
  'webhook.dropped': {
    what: ({ eventType }) => `given up for the ticket webhook: ${text(eventType)}`,
    cause: label('an operator decided so'),
  },
  'incident.opened': step('calls to the API IoT fail for the whole fleet: activations wait', ({ cause }) =>
    text(cause),
  ),
  'incident.closed': step('calls to the API IoT go well again: activations continue', ({ cause }) =>
    text(cause),
  ),
  'webhook.resumed': step('the ticket webhook was switched on again', label('an operator asked for it')),
  'reconciliation.revocation': customerVisible(
    'the feature is switched off',
    'the vehicle reports a feature without an owner',
    ['feature'],
  ),
  'reconciliation.reactivation': customerVisible(
    'the feature is reactivated',
    'the vehicle has lost an owned feature',
    ['feature'],
  ),
};

/** The types of which a customer reads. */
export const customerTypes = (Object.keys(eventTexts) as RecordType[]).filter(
  (type) => eventTexts[type].shown !== undefined,
);
