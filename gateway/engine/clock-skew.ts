import type { Log } from '../../shared/ports/log.ts';

/** A vehicle refuses a command that has expired by its own clock, after 5 minutes: this is said before. */
const limitMs = 60_000;
/** Most vehicles in memory; the one with the oldest message is removed first. */
const vehiclesMax = 10_000;
/** From so many vehicles on a majority says something of our own clock. */
const majorityFrom = 3;

/** How far the clocks of vehicles are from ours, as the API IoT measured it from what they last said. */
export interface ClockSkews {
  /** Null: it is not known. */
  heard(vin: string, skewMs: number | null): void;
  /** Vehicles whose clock differs by more than a minute, and the largest difference of all vehicles in memory. */
  summary(): { readonly beyond: number; readonly largestMs: number };
}

/**
 * Warns of each vehicle whose clock is more than a minute from ours, once until it is right again. Where the clocks of most
 * vehicles are off in one direction it is ours that is wrong: an error, before all commands are refused as expired.
 */
export function clockSkews(log: Log): ClockSkews {
  const known = new Map<string, number>();
  const isBeyond = (skewMs: number) => Math.abs(skewMs) > limitMs;
  let isOursWrong = false;

  function judgeOurs(): void {
    const skews = [...known.values()];
    const off = [1, -1].map((sign) =>
      skews.filter((skewMs) => isBeyond(skewMs) && Math.sign(skewMs) === sign),
    );
    const most = off.find((some) => skews.length >= majorityFrom && some.length * 2 > skews.length);
    if (most !== undefined && !isOursWrong) {
      const medianMs = most.sort((a, b) => a - b)[Math.floor(most.length / 2)];
      log.error('vehicles.own_clock_differs', { vehicles: most.length, of: skews.length, skewMs: medianMs });
    }
    isOursWrong = most !== undefined;
  }

  return {
    heard(vin, skewMs) {
      if (skewMs === null) return;
      const wasBeyond = isBeyond(known.get(vin) ?? 0);
      known.delete(vin);
      known.set(vin, skewMs);
      const [oldest] = known.keys();
      if (known.size > vehiclesMax && oldest !== undefined) known.delete(oldest);
      if (wasBeyond === isBeyond(skewMs)) return;
      if (!wasBeyond) log.warn('vehicle.clock_differs', { vin, skewMs });
      judgeOurs();
    },
    summary() {
      const skews = [...known.values()].map(Math.abs);
      return { beyond: skews.filter(isBeyond).length, largestMs: skews.reduce((a, b) => Math.max(a, b), 0) };
    },
  };
}
