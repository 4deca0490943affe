import {
  customerVisible,
  type EventText,
  failureOf,
  instant,
  label,
  reasonOf,
  step,
  text,
} from './event-text.ts';
import type { RecordType } from './record-type.ts';

export const activationTexts = {
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
