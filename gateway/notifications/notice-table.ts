import { type Activation, isSale } from '../activation/activation.ts';
import type { Fact, FactType } from '../activation/fact.ts';
import { isWithPeople, type SettlementStatus } from '../activation/settlement.ts';
import type { LifeNoticeKind, NoticeKind, NoticeRow, SupportNoticeKind } from '../store/schema.ts';

export type NoticeChannel = NoticeRow['channel'];

/** Data that decides the notifications of a fact. */
export type NoticedActivation = Pick<Activation, 'kind' | 'origin' | 'delivery' | 'phase' | 'settlement'>;

interface TableRow {
  readonly kind: NoticeKind;
  /** The fact that makes the notification. */
  readonly fact: FactType;
  /** Only for this attempt; retries stay silent. */
  readonly attempt?: number;
  /** Only where people's work on the money ended so. */
  readonly outcomes?: readonly SettlementStatus[];
  readonly channels: readonly NoticeChannel[];
}

/**
 * The specification's table "Notification Content by Event". Every row is due at once. Its column "Vehicle HMI" is not
 * here: those texts travel in the command itself (docs/notifications.md). A fact that is not in the table makes no notification.
 */
export const noticeTable: readonly TableRow[] = [
  { kind: 'payment_confirmed', fact: 'activation.payment_confirmed', channels: ['email', 'push'] },
  {
    kind: 'activation_started',
    fact: 'activation.sending_command',
    attempt: 1,
    channels: ['email', 'push'],
  },
  // Due within a minute of the payment, also when the vehicle is busy or the API IoT is away: the activation is queued.
  { kind: 'activation_started', fact: 'activation.postponed', channels: ['email', 'push'] },
  { kind: 'activation_successful', fact: 'activation.active', channels: ['email', 'push'] },
  { kind: 'activation_failed', fact: 'activation.notifying_failure', channels: ['email', 'push'] },
  // Not in the specification's table: a renewal, and a cancellation, confirmed once the payment is reversed.
  { kind: 'service_renewed', fact: 'activation.renewed', channels: ['email', 'push'] },
  { kind: 'activation_cancelled', fact: 'activation.cancelled', channels: ['email', 'push'] },
  // Not in the table either: what the payment service refused for good, and how people ended it.
  { kind: 'reversal_failed', fact: 'payment.unsettled', channels: ['email', 'push'] },
  { kind: 'capture_failed', fact: 'payment.uncollectible', channels: ['email', 'push'] },
  {
    kind: 'reversal_settled',
    fact: 'payment.settled',
    outcomes: ['paid_back', 'voided', 'refunded'],
    channels: ['email', 'push'],
  },
  {
    kind: 'reversal_closed',
    fact: 'payment.settled',
    outcomes: ['written_off'],
    channels: ['email', 'push'],
  },
  {
    kind: 'capture_settled',
    fact: 'payment.settled',
    outcomes: ['captured', 'collected', 'written_off'],
    channels: ['email', 'push'],
  },
];

/** Notifications about a completed reversal: sent only when it is true. */
const saysNotCharged: ReadonlySet<NoticeKind> = new Set(['activation_failed', 'activation_cancelled']);
const aboutReversal: ReadonlySet<NoticeKind> = new Set(['reversal_failed', 'reversal_closed']);

/** Whether what the row says is true of the activation as the fact left it. */
function isTrue(kind: NoticeKind, { phase, settlement, delivery }: NoticedActivation): boolean {
  if (saysNotCharged.has(kind)) return settlement === null || !isWithPeople(settlement);
  // An order that was never answered has its own answer (402); nothing was bought.
  if (aboutReversal.has(kind)) return phase !== 'active' && phase !== 'declined';
  if (kind === 'capture_settled') return phase === 'active';
  // A renewal has its own words.
  return kind !== 'activation_successful' || delivery?.evidence !== 'entitlement';
}

/** Notifications of the service lifecycle. */
export const lifeNoticeKinds: readonly LifeNoticeKind[] = [
  'service_cancelled',
  'payment_disputed',
  'page_link',
];

/** What the support desk tells, in the order of the specification's escalation flow; the question may be asked at any time. */
export const supportNoticeKinds: readonly SupportNoticeKind[] = [
  'support_service_active',
  'support_workshop_visit',
  'support_workaround',
  'support_question',
];

/** Returns the notifications of a fact. Deactivations and revocations have none; the ticket notifies about activations free of charge. */
export function noticesFor(
  fact: Fact,
  activation: NoticedActivation,
): { kind: NoticeKind; channel: NoticeChannel }[] {
  if (!isSale(activation)) return [];
  return noticeTable
    .filter((row) => row.fact === fact.type)
    .filter(({ kind }) => isTrue(kind, activation))
    .filter(({ outcomes }) => outcomes?.some((one) => one === fact.data.outcome) ?? true)
    .filter((row) => row.attempt === undefined || row.attempt === fact.data.attempt)
    .flatMap(({ kind, channels }) => channels.map((channel) => ({ kind, channel })));
}
