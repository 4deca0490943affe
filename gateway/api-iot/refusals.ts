import type { Log } from '../../shared/ports/log.ts';

/** Why a message from the broker was refused. */
const refusalReasons = [
  'unknown_topic',
  'too_large',
  'not_utf8',
  'not_json',
  'wrong_shape',
  'wrong_vin',
  'unknown_vehicle',
  'unknown_command',
  'foreign_command',
  'wrong_version',
  'overload',
] as const;
export type RefusalReason = (typeof refusalReasons)[number];

/** Counts and logs what is refused; refusing never fails. */
export interface Refusals {
  refuse(reason: RefusalReason, topic: string): void;
  counts(): Record<RefusalReason, number>;
}

export function newRefusals(log: Log): Refusals {
  const counts = Object.fromEntries(refusalReasons.map((reason) => [reason, 0])) as Record<
    RefusalReason,
    number
  >;
  return {
    refuse(reason, topic) {
      counts[reason] += 1;
      log.warn('api_iot.message_refused', { reason, topic: topic.slice(0, 128) });
    },
    counts: () => ({ ...counts }),
  };
}
