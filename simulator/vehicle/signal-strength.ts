/** The mobile network around a vehicle, in the vehicle's own time. */
export interface Coverage {
  /** Time until the next loss that is known; null without one. */
  readonly untilLossMs: number | null;
  /** Time since the vehicle came back; null if it was never away. */
  readonly sinceReturnMs: number | null;
  /** A fault makes the connection slow or lossy. */
  readonly isWeak: boolean;
}

export const goodCoverage: Coverage = { untilLossMs: null, sinceReturnMs: null, isWeak: false };

/** How long the signal falls before a loss, and recovers after it. */
const fallMs = 30_000;
const recoveryMs = 20_000;
/** RSRP of a cell that can hardly be used, and what a weak connection takes off. Decibels. */
const lostDbm = -124;
const weakDb = 15;

/** Returns the RSRP that a vehicle measures: that of its cell, lower near a loss. */
export function signalStrength(cellDbm: number, { untilLossMs, sinceReturnMs, isWeak }: Coverage): number {
  const near = (ms: number | null, rangeMs: number) =>
    ms === null ? 0 : Math.min(1, Math.max(0, 1 - ms / rangeMs));
  const loss = Math.max(near(untilLossMs, fallMs), near(sinceReturnMs, recoveryMs));
  const own = Math.max(lostDbm, cellDbm - (isWeak ? weakDb : 0));
  return Math.round(own + (lostDbm - own) * loss);
}
