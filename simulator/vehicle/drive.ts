/** What a vehicle does until its next turn of the ignition. */
export type Phase =
  | { readonly kind: 'parked'; readonly remainingMs: number }
  | (Route & {
      readonly kind: 'driving';
      readonly elapsedMs: number;
      readonly durationMs: number;
      /** The highest speed of the cruise in metres a second. */
      readonly cruiseMs: number;
    });

/** The way of a drive. A drive that an earlier version saved has none: it keeps its heading. */
interface Route {
  /** Degrees clockwise from north around which the road winds. */
  readonly courseDegrees?: number;
  /** A fraction that decides the bends and the traffic. */
  readonly route?: number;
}

/*
 * A drive is a trapezoid with waves on it: steady acceleration from standstill, a cruise that traffic slows down again and
 * again, steady braking to standstill. Distance is the exact integral of speed, however far apart two looks are.
 */

/** Metres a second, every second: a calm driver. */
const acceleration = 2;
/** The slowest moment of a wave, as a part of the cruise, and about how long a wave lasts. */
const slowest = 0.7;
const waveSeconds = 60;
/** The road is straight for so long. */
const bendEveryMs = 10_000;

interface Shape {
  readonly rampSeconds: number;
  readonly steadySeconds: number;
  /** Speed of the cruise without waves. */
  readonly top: number;
  readonly waves: number;
}

type Drive = Extract<Phase, { kind: 'driving' }>;

function shapeOf({ durationMs, cruiseMs, route }: Drive): Shape {
  const total = durationMs / 1000;
  const rampSeconds = Math.min(cruiseMs / acceleration, total / 2);
  const steadySeconds = total - 2 * rampSeconds;
  const waves = route === undefined ? 0 : Math.floor(steadySeconds / waveSeconds);
  return { rampSeconds, steadySeconds, top: acceleration * rampSeconds, waves };
}

/** Metres a second at a moment of the drive. */
export function speedAt(drive: Drive, elapsedMs: number): number {
  const { rampSeconds, steadySeconds, top, waves } = shapeOf(drive);
  const at = elapsedMs / 1000;
  const toEnd = drive.durationMs / 1000 - at;
  if (at < rampSeconds || toEnd < rampSeconds) return Math.max(0, acceleration * Math.min(at, toEnd));
  if (waves === 0) return top;
  const turn = (2 * Math.PI * waves * (at - rampSeconds)) / steadySeconds;
  return top * (1 - ((1 - slowest) / 2) * (1 - Math.cos(turn)));
}

/** Metres from the start of the drive until a moment of it: the area under the speed. */
export function distanceAt(drive: Drive, elapsedMs: number): number {
  const { rampSeconds, steadySeconds, top, waves } = shapeOf(drive);
  const at = elapsedMs / 1000;
  const rising = Math.min(at, rampSeconds);
  const steady = clamp(at - rampSeconds, 0, steadySeconds);
  const falling = clamp(at - rampSeconds - steadySeconds, 0, rampSeconds);
  const ramps = (acceleration * rising * rising) / 2 + top * falling - (acceleration * falling * falling) / 2;
  if (waves === 0) return ramps + top * steady;
  const frequency = (2 * Math.PI * waves) / steadySeconds;
  const slowed = ((1 - slowest) / 2) * (steady - Math.sin(frequency * steady) / frequency);
  return ramps + top * (steady - slowed);
}

/** Returns the moment of a drive at which the road bends next. */
export function nextBendMs(elapsedMs: number): number {
  return (Math.floor(elapsedMs / bendEveryMs) + 1) * bendEveryMs;
}

/** Degrees clockwise from north, [0, 360), on the straight part that a moment of the drive lies on. Two parts differ by 9 degrees at the most. */
export function headingAt({ courseDegrees, route }: Route, elapsedMs: number, otherwise: number): number {
  if (courseDegrees === undefined || route === undefined) return otherwise;
  const part = Math.floor(elapsedMs / bendEveryMs);
  const wide = 30 * Math.sin(part / 4 + 2 * Math.PI * route);
  const narrow = 12 * Math.sin(part / 9 + 20 * Math.PI * route);
  return (((courseDegrees + wide + narrow) % 360) + 360) % 360;
}

function clamp(value: number, low: number, high: number): number {
  return Math.min(high, Math.max(low, value));
}
