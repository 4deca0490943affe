import type { PageLanguage, PageTexts } from './page-text.ts';
import { spanish } from './spanish-texts.ts';

const english: PageTexts = {
  title: 'Your purchase',
  purchase: 'Purchase',
  vehicle: 'Vehicle',
  duration: 'Duration',
  price: 'Price',
  bought: 'Bought',
  activeFrom: 'Active from',
  activeUntil: 'Active until',
  withoutEnd: 'without end',
  endedAt: 'Ended',
  reference: 'Reference number',
  payment: 'Payment',
  history: 'History',
  historyCut: 'Only the first entries are shown here.',
  refresh: 'Show the state as it is now',
  help: (contact) => `Questions? Contact support: ${contact}`,
  privacy: (until) =>
    `This page belongs to a link in an e-mail to you: who has the link sees the page. It works until ${until}.`,
  status: {
    pending: [
      'In progress',
      'We are activating the service in your vehicle. There is nothing that you need to do.',
    ],
    active: ['Active', 'The service is ready to use in your vehicle.'],
    pending_support: [
      'Not active',
      'We could not activate the service in your vehicle. Our technical support works on it.',
    ],
    failed_activation: ['Not active', 'We could not activate the service in your vehicle.'],
    cancelled: ['Cancelled', 'The purchase was cancelled. The service is not active.'],
    payment_failed: ['Active', 'The service is active, and its payment is open.'],
    ended: ['Ended', 'The service has ended.'],
    declined: ['Not bought', 'The payment was declined, and nothing was bought.'],
    cancelling: [
      'Being cancelled',
      'You asked us to cancel the purchase. Where your vehicle has received the activation already, the service becomes active all the same; you can cancel it here then.',
    ],
    transferred: ['Transferred', 'The vehicle has another owner now. The service stays with the vehicle.'],
  },
  money: {
    authorising: (amount) => `We are asking your payment service for ${amount}.`,
    declined: () => 'The payment was declined. You have NOT been charged.',
    authorised: (amount) =>
      `${amount} is reserved and not charged. You are charged once the service is active.`,
    capturing: (amount) => `${amount} is being charged.`,
    captured: (amount) => `${amount} was charged.`,
    uncollectible: (amount) => `We could not charge ${amount}. Support contacts you about it.`,
    voiding: (amount) => `The reservation of ${amount} is being released. You are not charged.`,
    voided: (amount) => `The reservation of ${amount} was released. You have NOT been charged.`,
    refunding: (amount) => `${amount} is being refunded to you.`,
    refunded: (amount) => `${amount} was refunded to you in full.`,
    unsettled: (amount) => `${amount} could not be refunded automatically. You get it back in another way.`,
    paid_back: (amount) => `${amount} was paid back to you in another way.`,
    collected: (amount) => `${amount} was paid in another way.`,
    written_off: (amount) => `The matter of ${amount} is closed.`,
  },
  authorisedAtOnce: (amount) => `${amount} is reserved and is about to be charged.`,
  noPayment: 'Nothing is to be paid.',
  cancel: {
    open: 'Cancel the purchase …',
    question: 'Cancel this purchase?',
    confirm: 'Yes, cancel the purchase',
    back: 'No, keep it',
    requested: 'We have received your cancellation.',
    reserved: (amount) =>
      `The activation stops, and the reservation of ${amount} is released: you are not charged.`,
    charged: (amount) => `The activation stops, and ${amount} is refunded to you.`,
    free: 'The activation stops.',
    race: 'Where your vehicle has received the activation already, the service becomes active all the same.',
    service:
      'The service ends now and is switched off in your vehicle. What you paid for it is not refunded.',
    again: 'Nothing was cancelled: this question was asked too long ago. Please answer it again.',
    changed:
      'Nothing was cancelled: the service became active in the meantime. Please read what a cancellation does now.',
    refused: {
      cancelled_before: null,
      declined: null,
      failed: null,
      failed_unsettled: null,
      failing: 'The activation did not succeed. The money goes back, and there is nothing left to cancel.',
      transferred: null,
      ended: null,
      renewed: 'You have renewed the service. Only the newest purchase of it can be cancelled.',
      not_once_active:
        'This service lasts as long as it was bought for. It cannot be cancelled once it is active.',
    },
  },
  newLink: 'Send me a new link',
  problems: {
    unknown: [
      'This link is not valid',
      'It may be incomplete. Open the link in the e-mail again, or copy all of it. Otherwise contact support.',
    ],
    expired: [
      'This link has expired',
      'For your protection, a link in an e-mail works for 90 days. Open the link of a newer e-mail, or let us send you a new link to the e-mail address of the purchase.',
    ],
    link_sent: [
      'We send you a new link',
      'If the purchase is still yours, an e-mail with a new link is on its way to the address of the purchase. It may take a few minutes; we send one link a day.',
    ],
    erased: ['Your personal data was erased', 'Nothing is shown here any more.'],
    not_yours: [
      'Nothing is shown here',
      'The service in your vehicle was bought by its owner before you. This page shows your own purchases only.',
    ],
    too_many: ['Too many requests', 'Please wait a minute, and open the link again.'],
    unreadable: [
      'This request could not be read',
      'Open the link in the e-mail again, and use the buttons of the page. Nothing was changed.',
    ],
    failed: ['This page cannot be shown now', 'Please try again in a few minutes. Nothing was changed.'],
  },
  detail: { until: 'until', appointment: 'appointment', reference: 'reference' },
};

export const pageTexts: Readonly<Record<PageLanguage, PageTexts>> = { en: english, es: spanish };

/** Returns the page's language of a BCP 47 tag; English for a language that is not shipped. */
export const pageLanguage = (tag: string): PageLanguage => (/^es(?:[-_]|$)/i.test(tag) ? 'es' : 'en');
