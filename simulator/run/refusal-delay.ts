import { callbackRetryAtTimeScale } from '../../gateway/time-scale.ts';
import { lastsMs, strikesOf } from '../faults/component-fault.ts';
import type { Plan } from '../scenarios/plan.ts';

const defaultMs = 1_000;

/**
 * Returns how long a refusal may be unknown to the platform: it is received late if a process was down, or at the next try of its
 * callback. `awayMs` is how long components were really away, where real processes take longer to come back.
 */
export function refusalDelayMaxMs({ partFaults = [], timeScale }: Plan, awayMs = 0): number {
  if (partFaults.length === 0) return defaultMs;
  const plannedMs = partFaults.reduce(
    (sum, fault) => sum + Math.max(1, strikesOf(fault).length) * lastsMs(fault),
    0,
  );
  return defaultMs + Math.max(plannedMs, awayMs) + 2 * callbackRetryAtTimeScale(timeScale).maxDelayMs;
}
