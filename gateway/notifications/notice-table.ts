import type { Activation } from '../activation/activation.ts';
import type { Fact, FactType } from '../activation/fact.ts';
import type { NoticeKind, NoticeRow } from '../store/schema.ts';

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
];

/** The notices that a fact makes. Deactivations and revocations tell the customer nothing. */
export function noticesFor(
  fact: Fact,
  activation: Pick<Activation, 'kind'>,
): { kind: NoticeKind; channel: NoticeChannel }[] {
  if (activation.kind !== 'activation') return [];
  return noticeTable
    .filter((row) => row.fact === fact.type)
    .filter((row) => row.attempt === undefined || row.attempt === fact.data.attempt)
    .flatMap(({ kind, channels }) => channels.map((channel) => ({ kind, channel })));
}
