import { passMs } from '../../gateway/entitlement/reconciler.ts';
import { componentFaultEnd } from '../faults/component-fault.ts';
import { endOfLastWindow } from '../faults/fault-schedule.ts';
import { standingForm } from '../fleet/vehicle-faults.ts';
import type { Plan } from '../scenarios/plan.ts';
import type { CourseSettings } from './run-context.ts';

/** The faults of the services end so long after the last purchase, or when their last window ends: then everything has to end. */
const healAfterMs = 2_000;
/** Added to one command's time: what waits for a vehicle that no command should reach may be done all the same, for a wedged one reports. */
const unreachableSlackMs = 2_000;
/** From a command's end to its row, and from a row to its event. */
const evidenceSlackMs = 2_000;

/** Returns the course of a scenario's run: all has to end within the bound of its policy. */
export function scenarioCourse(plan: Plan): CourseSettings {
  const { maxRetries, maxDelayMs, commandTimeoutMs, resultGraceMs, quotaWindowMs } = plan.constants;
  const attemptMs = commandTimeoutMs + resultGraceMs + maxDelayMs;
  const leastMs = Math.max(lastWindowEnd(plan), lastLossSeen(plan));
  return {
    faultsEnd: { when: 'bought', afterMs: plan.faultsEndAfterMs ?? healAfterMs, leastMs },
    livenessMs: (maxRetries + 2) * attemptMs + quotaWindowMs + plan.slackMs,
    calmMs: 0,
    unreachableMs: commandTimeoutMs + resultGraceMs + unreachableSlackMs,
    quietMs: 0,
    evidenceWaitMs: commandTimeoutMs + resultGraceMs + evidenceSlackMs,
    lookEveryMs: 250,
  };
}

/** Returns when the last window of a fault of services or components ends. */
export function lastWindowEnd({
  apiIotFaults,
  paymentsFaults = [],
  platformFaults = [],
  channelFaults = [],
  partFaults = [],
}: Plan): number {
  const all = [...apiIotFaults, ...paymentsFaults, ...platformFaults, ...channelFaults];
  return Math.max(
    0,
    ...all.map((fault) => endOfLastWindow(fault.schedule) ?? 0),
    ...partFaults.map(componentFaultEnd),
  );
}

/** When reconciliation has looked at every vehicle after the last one lost a feature; 0 without either. */
function lastLossSeen({ vehicles, constants: { reconcileEveryMs = 0 } }: Plan): number {
  const losses = vehicles.flatMap(({ faults }) =>
    faults.map(standingForm).flatMap(({ type, schedule }) => {
      if (type !== 'feature_lost') return [];
      const { afterMs = 0, everyMs = 0, first = 1 } = schedule ?? {};
      return [afterMs + (first - 1) * everyMs];
    }),
  );
  if (reconcileEveryMs === 0 || losses.length === 0) return 0;
  return Math.max(...losses) + passMs(reconcileEveryMs, vehicles.length) + healAfterMs;
}
