import { type Activation, isSale } from '../activation/activation.ts';
import type { Fact, FactType } from '../activation/fact.ts';
import type { LifeNoticeKind, NoticeKind, NoticeRow, SupportNoticeKind } from '../store/schema.ts';

export type NoticeChannel = NoticeRow['channel'];

interface TableRow {
  readonly kind: NoticeKind;
  /** The fact that makes the notice. */
  readonly fact: FactType;
  /** Only for this attempt; retries stay silent. */
  readonly attempt?: number;
  readonly channels: readonly NoticeChannel[];
}

/**
 * The specification's table "Notification Content by Event". Every row is due at once. Its column "Vehicle HMI" is not
 * here: those texts travel in the command itself (DESIGN.md section 5). What is not in the table makes no notice.
 */
export const noticeTable: readonly TableRow[] = [
  { kind: 'payment_confirmed', fact: 'activation.payment_confirmed', channels: ['email', 'push'] },
  {
    kind: 'activation_started',
    fact: 'activation.sending_command',
    attempt: 1,
    channels: ['email', 'push'],
  },
  { kind: 'activation_successful', fact: 'activation.active', channels: ['email', 'push'] },
  { kind: 'activation_failed', fact: 'activation.notifying_failure', channels: ['email', 'push'] },
  // Not in the table: what is renewed is not activated, and the customer's own wish, confirmed once the money is back.
  { kind: 'service_renewed', fact: 'activation.renewed', channels: ['email', 'push'] },
  { kind: 'activation_cancelled', fact: 'activation.cancelled', channels: ['email', 'push'] },
];

/** What the life of a service tells. */
export const lifeNoticeKinds: readonly LifeNoticeKind[] = ['service_cancelled'];

/** What the support desk tells, in the order of the specification's escalation flow; the question may be asked at any time. */
export const supportNoticeKinds: readonly SupportNoticeKind[] = [
  'support_service_active',
  'support_workshop_visit',
  'support_workaround',
  'support_question',
];

/** The notices that a fact makes. Deactivations and revocations tell the customer nothing; of what is given for nothing its ticket tells. */
export function noticesFor(
  fact: Fact,
  activation: Pick<Activation, 'kind' | 'origin' | 'delivery'>,
): { kind: NoticeKind; channel: NoticeChannel }[] {
  if (!isSale(activation)) return [];
  return (
    noticeTable
      .filter((row) => row.fact === fact.type)
      // A renewal has its own words.
      .filter(
        ({ kind }) => kind !== 'activation_successful' || activation.delivery?.evidence !== 'entitlement',
      )
      .filter((row) => row.attempt === undefined || row.attempt === fact.data.attempt)
      .flatMap(({ kind, channels }) => channels.map((channel) => ({ kind, channel })))
  );
}
