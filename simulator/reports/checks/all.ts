import type { Evidence } from '../evidence.ts';
import { type Reading, readingOf } from '../reading.ts';
import type { Check, Verdict } from '../verdict.ts';
import { activeMeansActive } from './active-means-active.ts';
import { attempts } from './attempts.ts';
import { exactlyOnce } from './exactly-once.ts';
import { failedMeansOff } from './failed-means-off.ts';
import { itEnds } from './it-ends.ts';
import { neverCharged } from './never-charged.ts';
import { nothingLost } from './nothing-lost.ts';
import { order } from './order.ts';
import { quota } from './quota.ts';
import { sameSeed } from './same-seed.ts';
import { silence } from './silence.ts';

/** One check a rule, in the order of the rules. */
const checks: readonly Check[] = [
  neverCharged,
  exactlyOnce,
  itEnds,
  activeMeansActive,
  failedMeansOff,
  attempts,
  quota,
  silence,
  order,
  nothingLost,
  sameSeed,
];

export function runChecks(evidence: Evidence, reading: Reading = readingOf(evidence)): Verdict[] {
  return checks.map((check) => check(evidence, reading));
}
