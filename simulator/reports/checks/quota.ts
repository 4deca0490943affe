import { groupBy } from '../../../shared/memory/group.ts';
import type { Evidence } from '../evidence.ts';
import { type Reading, readingOf } from '../reading.ts';
import { moment, span, type Verdict, verdict } from '../verdict.ts';

const rule = { id: 7, title: 'No vehicle receives more commands per hour than the quota allows' };

/**
 * Rule 7, from the acceptances in the API IoT's database, compared with the broker's messages: at most `quotaLimit` in any
 * window `(t - quotaWindowMs, t]`. The broker's log counts the vehicles.
 */
export function quota(evidence: Evidence, reading: Reading = readingOf(evidence)): Verdict {
  const { quotaLimit, quotaWindowMs } = evidence.plan.constants;
  const byVehicle = groupBy(evidence.apiIot, (command) => command.vin);
  const { log } = reading;
  const commanded = new Set(log.commands.map((seen) => seen.vin));
  const violations: string[] = [];
  for (const [vin, commands] of byVehicle) {
    const instants = commands.map((command) => command.acceptedAt).sort((a, b) => a - b);
    for (let last = quotaLimit; last < instants.length; last += 1) {
      const [from, to] = [instants[last - quotaLimit] ?? 0, instants[last] ?? 0];
      if (to - from < quotaWindowMs) {
        violations.push(
          `${vin}: ${quotaLimit + 1} commands accepted between ${moment(evidence, from)} and ${moment(evidence, to)}, within ${span(evidence, quotaWindowMs)}`,
        );
      }
    }
  }
  const accepted = new Set(evidence.apiIot.map((command) => command.id));
  for (const { vin, message } of log.commands) {
    if (!accepted.has(message.id))
      violations.push(`${vin}: the broker carried ${message.id}, which the API IoT never accepted`);
  }
  return verdict(
    rule,
    byVehicle.size,
    { count: commanded.size, name: 'vehicles that the broker carried commands to' },
    violations,
  );
}
