import { parseTopic } from '../../shared/protocol/topics.ts';
import type { BrokerMessage } from '../reports/evidence.ts';
import type { Peek } from './watch.ts';

/** Revocations that no command can end any more; every other activation has to end. */
export interface Excused {
  readonly vins: readonly string[];
  /** Entitlements that end before this instant have to end in the run. */
  readonly endsBefore: number;
  /** SLA moments of tickets that are due before this instant have to be written. */
  readonly slaEndsBefore: number;
}

/** Whether the platform has ended all its work, and its event relay has published every line of the record. */
export function isPlatformAtRest(
  read: Peek,
  excused: Excused = { vins: [], endsBefore: 0, slaEndsBefore: 0 },
): boolean {
  const vins = excused.vins.map((vin) => `'${vin}'`).join(', ');
  const [row] = read<{ open: number }>(`select
    (select count(*) from activations where (ended_at is null or due_at is not null)
      and not (kind = 'revocation' and vin in (${vins}))) +
    (select count(*) from entitlements where ended_at is null and valid_until < ${excused.endsBefore}) +
    (select count(*) from notices where status = 'waiting') +
    (select (select coalesce(max(seq), 0) from record) > coalesce((select seq from cursors where name = 'events'), 0)) +
    (select count(*) from tickets where due_at < ${excused.slaEndsBefore}) +
    (select count(*) from record where type like 'ticket.%'
      and seq > (select seq from cursors where name = 'ticket-webhook')) as open`);
  return row?.open === 0;
}

/** Whether every command has ended, and every result that the broker took from a vehicle is in the API IoT's books. */
export function isApiIotAtRest(read: Peek, messages: () => readonly BrokerMessage[]): boolean {
  const [open] = read<{ count: number }>('select count(*) as count from commands where ended_at is null');
  if (open?.count !== 0) return false;
  const unanswered = new Set(
    read<{ id: string }>('select id from commands where results is null').map(({ id }) => id),
  );
  return unanswered.size === 0 || !messages().some((message) => isTakenResult(message, unanswered));
}

/** A result that arrives after its command timed out is on its way from the broker for some milliseconds. */
function isTakenResult({ topic, payload, takenAt }: BrokerMessage, unanswered: ReadonlySet<string>): boolean {
  if (takenAt === null || parseTopic(topic)?.channel !== 'result') return false;
  const { commandId } = JSON.parse(payload) as { commandId?: string };
  return commandId !== undefined && unanswered.has(commandId);
}
