/** How a payment method behaves. Names are Stripe's test payment methods, except where the comment says ours. */
export interface TestCard {
  /** The authorisation is declined so. */
  readonly decline?: Decline;
  /** The hold is granted and its capture declined. */
  readonly captureDecline?: Decline;
  /** It is saved with this customer, and goes with no other. */
  readonly customer?: string;
  /** It was used before without a customer, and goes no second time. */
  readonly usedBefore?: boolean;
  readonly refund?: 'fails' | 'pending';
  /** What is asked of it is done at once; the answer comes later, or the first one never in time. */
  readonly answer?: 'slow' | 'hanging';
}

export interface Decline {
  readonly code: string;
  readonly declineCode: string;
  readonly message: string;
}

const declined = (declineCode: string, message = 'Your card was declined.'): Decline => ({
  code: 'card_declined',
  declineCode,
  message,
});

const insufficientFunds = declined('insufficient_funds', 'Your card has insufficient funds.');

const cards: ReadonlyMap<string, TestCard> = new Map<string, TestCard>([
  ['pm_card_visa', {}],
  ['pm_card_visa_debit', {}],
  ['pm_card_mastercard', {}],
  ['pm_card_amex', {}],
  ['pm_card_chargeDeclined', { decline: declined('generic_decline') }],
  ['pm_card_visa_chargeDeclined', { decline: declined('generic_decline') }],
  ['pm_card_chargeDeclinedInsufficientFunds', { decline: insufficientFunds }],
  ['pm_card_visa_chargeDeclinedInsufficientFunds', { decline: insufficientFunds }],
  ['pm_card_visa_chargeDeclinedLostCard', { decline: declined('lost_card') }],
  ['pm_card_visa_chargeDeclinedStolenCard', { decline: declined('stolen_card') }],
  [
    'pm_card_chargeDeclinedExpiredCard',
    { decline: { code: 'expired_card', declineCode: 'expired_card', message: 'Your card has expired.' } },
  ],
  [
    'pm_card_chargeDeclinedProcessingError',
    {
      decline: {
        code: 'processing_error',
        declineCode: 'processing_error',
        message: 'An error occurred while processing your card. Try again in a little bit.',
      },
    },
  ],
  [
    'pm_card_authenticationRequired',
    {
      decline: {
        code: 'authentication_required',
        declineCode: 'authentication_required',
        message: 'Your card was declined. This transaction requires authentication.',
      },
    },
  ],
  // Ours: Stripe has no test card whose capture is declined.
  ['pm_card_captureDeclined', { captureDecline: declined('generic_decline') }],
  // At Stripe this refund succeeds and fails later; here it fails at once.
  ['pm_card_refundFail', { refund: 'fails' }],
  ['pm_card_pendingRefund', { refund: 'pending' }],
  // Ours, both: at Stripe a saved method has an identifier of its own.
  ['pm_card_visa_saved', { customer: 'cus_saved' }],
  ['pm_card_visa_used', { usedBefore: true }],
  // Ours, both: at Stripe no card says how long an answer takes.
  ['pm_card_slow', { answer: 'slow' }],
  ['pm_card_hanging', { answer: 'hanging' }],
]);

/** Delays of the first answer under a key: one within the engine's time-out, one long after it. */
const answersAfterMs = { slow: 4_000, hanging: 60_000 } as const;

export function answerDelayMs(method: string): number {
  const { answer } = testCard(method) ?? {};
  return answer === undefined ? 0 : answersAfterMs[answer];
}

/** Undefined for a payment method that does not exist. */
export function testCard(method: string): TestCard | undefined {
  return cards.get(method);
}

/** Every payment method that exists, for those who document them. */
export function testCardNames(): string[] {
  return [...cards.keys()];
}
