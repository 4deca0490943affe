import { activationTexts } from './activation-texts.ts';
import { customerVisible, type EventText, label, reasonOf, step, text } from './event-text.ts';
import { paymentTexts } from './payment-texts.ts';
import type { RecordType } from './record-type.ts';
import { ticketTexts } from './ticket-texts.ts';

const orderKeys = 'customerId vin serviceId serviceName feature duration price capture preDelivery'.split(
  ' ',
);

/** Every type that is written to the record; the compiler holds it to that. */
export const eventTexts: Readonly<Record<RecordType, EventText>> = {
  'purchase.created': {
    what: ({ serviceName }) => `${text(serviceName)} was bought`,
    cause: label("the customer's order"),
    shown: orderKeys,
  },
  ...activationTexts,
  ...paymentTexts,
  ...ticketTexts,
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
  'activation.requeued': step('the activation was looked at again', label('an operator asked for it')),
  'incident.opened': {
    what: ({ cause }) =>
      cause === 'paused'
        ? 'an operator paused the engine: activations wait'
        : 'calls to the API IoT fail for the whole fleet: activations wait',
    cause: (data) => (data.cause === 'paused' ? reasonOf(data) : text(data.cause)),
  },
  'incident.closed': {
    what: ({ cause }) =>
      cause === 'paused'
        ? 'an operator resumed the engine: activations continue'
        : 'calls to the API IoT go well again: activations continue',
    cause: ({ cause }) => (cause === 'paused' ? null : text(cause)),
  },
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
