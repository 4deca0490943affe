import type { Log } from '../../shared/ports/log.ts';
import { type LeftOut, type LeftOutReason, leftOutReasons } from './device-reading.ts';

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

/** Counts and logs the messages that are refused, and the parts that are left out of those that are taken. Never fails. */
export interface Refusals {
  refuse(reason: RefusalReason, topic: string): void;
  leaveOut(leftOut: LeftOut, topic: string): void;
  counts(): Record<RefusalReason, number>;
  leftOutCounts(): Record<LeftOutReason, number>;
}

/** A vehicle sends the same mistake every few seconds: the log names each topic once. */
const namedTopicsMax = 10_000;

export function newRefusals(log: Log): Refusals {
  const counts = Object.fromEntries(refusalReasons.map((reason) => [reason, 0])) as Record<
    RefusalReason,
    number
  >;
  const leftOutCounts = Object.fromEntries(leftOutReasons.map((reason) => [reason, 0])) as Record<
    LeftOutReason,
    number
  >;
  const namedTopics = new Set<string>();
  return {
    refuse(reason, topic) {
      counts[reason] += 1;
      log.warn('api_iot.message_refused', { reason, topic: topic.slice(0, 128) });
    },
    leaveOut(leftOut, topic) {
      for (const { reason } of leftOut) leftOutCounts[reason] += 1;
      if (leftOut.length === 0 || namedTopics.has(topic) || namedTopics.size >= namedTopicsMax) return;
      namedTopics.add(topic);
      const parts = leftOut.slice(0, 8).map(({ part }) => part.slice(0, 128));
      log.warn('api_iot.message_parts_left_out', { topic, count: leftOut.length, parts });
    },
    leftOutCounts: () => ({ ...leftOutCounts }),
    counts: () => ({ ...counts }),
  };
}
