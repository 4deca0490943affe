import { chargeDisputed } from '../activation/settlement.ts';
import {
  amount,
  customerVisible,
  type EventText,
  label,
  paymentProblem,
  reasonOf,
  step,
  text,
} from './event-text.ts';
import type { RecordType } from './record-type.ts';

export const paymentTexts = {
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
    what: ({ code }) =>
      code === chargeDisputed
        ? 'the bank holds the amount because of the dispute; it is refunded if the bank gives it back to us'
        : 'the amount could not be refunded automatically; it is paid back in another way',
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
  'payment.charged_back': customerVisible(
    'the amount stays with you',
    'the bank accepted the dispute',
    amount,
  ),
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
