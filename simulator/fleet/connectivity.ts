import type { Random } from '../../shared/ports/random.ts';

/** A stretch without connection, in milliseconds from the start of the run. */
export interface Outage {
  readonly startMs: number;
  readonly durationMs: number;
}

/**
 * steady: always online · drive: measured (below) · tunnel: offline for 30 to 120 s every 20 minutes · garage: offline for
 * hours, some times a day · sleep: online for a minute every few hours · flapping: offline every few seconds. Only `drive`
 * rests on data; no data for parked vehicles was found, so `garage` and `sleep` are assumptions.
 */
export const connectivityProfiles = ['steady', 'drive', 'tunnel', 'garage', 'sleep', 'flapping'] as const;
export type ConnectivityProfile = (typeof connectivityProfiles)[number];

/** An inverse distribution function by its knots: `[probability, value]`, straight lines between them. */
type Quantiles = readonly (readonly [probability: number, value: number])[];

interface Shape {
  /** Time between the end of an outage and the start of the next, in seconds. */
  readonly up: Quantiles;
  readonly down: Quantiles;
}

/**
 * Gaps of a second and more without any answer, in seconds, computed from the drive data of "Cellular Networks on the
 * Wheels" (IMC 2023; 21 phone-hours, 609 gaps): median 1.6, p75 2.6, p90 5.3, p95 11, p99 36, the two longest 308 and
 * 593. Straight lines between the knots keep every percentile; the knot at 0.995 shapes the tail.
 */
const driveGaps: Quantiles = [
  [0, 1],
  [0.5, 1.6],
  [0.75, 2.6],
  [0.9, 5.3],
  [0.95, 11],
  [0.99, 36],
  [0.995, 80],
  [0.9975, 308],
  [0.9992, 593],
  [1, 593],
];
const driveGapsAnHour = 29;

/** -ln(1 - p): waiting times without memory, for a mean of 1. */
const exponential: Quantiles = [
  [0, 0],
  [0.1, 0.10536],
  [0.2, 0.22314],
  [0.3, 0.35667],
  [0.4, 0.51083],
  [0.5, Math.LN2],
  [0.6, 0.91629],
  [0.7, 1.20397],
  [0.8, 1.60944],
  [0.9, Math.LN10],
  [0.95, 2.9957],
  [0.99, 4.60517],
  [0.999, 6.90776],
  [1, 9.21034],
];

const hour = 3600;
const shapes: Readonly<Record<Exclude<ConnectivityProfile, 'steady'>, Shape>> = {
  drive: { up: withMean(exponential, hour / driveGapsAnHour - meanOf(driveGaps)), down: driveGaps },
  tunnel: { up: withMean(exponential, 20 * 60), down: between(30, 120) },
  garage: {
    up: withMean(exponential, 6 * hour),
    // Log-normal, median 2.2 h.
    down: [
      [0, 0.1 * hour],
      [0.05, 0.4 * hour],
      [0.25, 1.1 * hour],
      [0.5, 2.2 * hour],
      [0.75, 4.4 * hour],
      [0.95, 12 * hour],
      [1, 24 * hour],
    ],
  },
  sleep: { up: between(40, 90), down: between(hour, 8 * hour) },
  flapping: { up: between(3, 15), down: between(1, 5) },
};

/** The outages of one vehicle, drawn one at a time as they are asked for; `steady` has none. `timeScale` multiplies all times. */
export function* outages(profile: ConnectivityProfile, random: Random, timeScale = 1): Generator<Outage> {
  if (profile === 'steady') return;
  const { up, down } = shapes[profile];
  let atMs = 0;
  for (;;) {
    atMs += Math.round(at(up, random.fraction()) * 1000 * timeScale);
    const durationMs = Math.max(1, Math.round(at(down, random.fraction()) * 1000 * timeScale));
    yield { startMs: atMs, durationMs };
    atMs += durationMs;
  }
}

/** Outages that were recorded, in the order of time; afterwards there are none. `timeScale` multiplies all times. */
export function* recordedOutages(recorded: readonly Outage[], timeScale = 1): Generator<Outage> {
  for (const { startMs, durationMs } of recorded) {
    yield {
      startMs: Math.round(startMs * timeScale),
      durationMs: Math.max(1, Math.round(durationMs * timeScale)),
    };
  }
}

function at(quantiles: Quantiles, fraction: number): number {
  let [lowP, low] = quantiles[0] ?? [0, 0];
  for (const [highP, high] of quantiles) {
    if (fraction <= highP) {
      return highP === lowP ? high : low + ((fraction - lowP) / (highP - lowP)) * (high - low);
    }
    [lowP, low] = [highP, high];
  }
  return low;
}

function between(from: number, to: number): Quantiles {
  return [
    [0, from],
    [1, to],
  ];
}

function meanOf(quantiles: Quantiles): number {
  let sum = 0;
  let [lowP, low] = quantiles[0] ?? [0, 0];
  for (const [highP, high] of quantiles) {
    sum += (highP - lowP) * ((low + high) / 2);
    [lowP, low] = [highP, high];
  }
  return sum;
}

function withMean(quantiles: Quantiles, mean: number): Quantiles {
  const factor = mean / meanOf(quantiles);
  return quantiles.map(([probability, value]) => [probability, value * factor]);
}
