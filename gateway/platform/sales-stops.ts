import { problemError } from '../http/problem.ts';

/** Returns one sentence for each reason why nothing can be sold now; none while the platform sells. */
export type SalesStops = () => readonly string[];

/** Throws 503 with the reasons while nothing can be sold, before anything of a purchase exists. */
export function refuseWhileStopped(stops: SalesStops): void {
  const reasons = stops();
  if (reasons.length === 0) return;
  throw problemError('unavailable', `Nothing was bought. ${reasons.join(' ')}`, { reasons });
}
