import type { VehicleModel } from './models.ts';

/**
 * Where the vehicle is and how it moves. A drive is a trapezoid: steady acceleration from standstill, a cruise, steady
 * braking to standstill, so that distance is the exact integral of speed however far apart two looks are.
 */
export interface Motion {
  readonly phase: Phase;
  /** Metres since the factory, with fractions. */
  readonly odometerM: number;
  readonly latitude: number;
  readonly longitude: number;
  /** Degrees clockwise from north, [0, 360). */
  readonly headingDegrees: number;
  readonly altitudeM: number;
  readonly chargePercent: number;
  readonly cabinCelsius: number;
  readonly rsrpDbm: number;
  /** How often the ignition has been switched off. */
  readonly ignitionCycles: number;
}

type Phase =
  | { readonly kind: 'parked'; readonly remainingMs: number }
  | {
      readonly kind: 'driving';
      readonly elapsedMs: number;
      readonly durationMs: number;
      /** Speed of the cruise in metres a second. */
      readonly cruiseMs: number;
    };

/** Metres a second, every second: a calm driver. */
const acceleration = 2;
/** Below this a parked vehicle is plugged in and does not set out: no drive can empty its battery. */
const chargeToLeave = 40;
const chargeFull = 80;
const chargerKw = 11;
const metresPerDegree = 111_320;
const cabinDriving = 21;
const cabinParked = 12;
/** Celsius a second. */
const cabinRate = 0.01;

export function parkedAt(latitude: number, longitude: number, chargePercent: number): Motion {
  return {
    phase: { kind: 'parked', remainingMs: 0 },
    odometerM: 0,
    latitude,
    longitude,
    headingDegrees: 0,
    altitudeM: 200,
    chargePercent,
    cabinCelsius: cabinParked,
    rsrpDbm: -95,
    ignitionCycles: 0,
  };
}

/** Metres a second now. */
export function speedOf(motion: Motion): number {
  const { phase } = motion;
  if (phase.kind === 'parked') return 0;
  const fromStart = phase.elapsedMs / 1000;
  const toEnd = (phase.durationMs - phase.elapsedMs) / 1000;
  return Math.max(0, Math.min(phase.cruiseMs, acceleration * fromStart, acceleration * toEnd));
}

/** Moves on by `elapsedMs`, through as many drives and stops as fit (a drive lasts minutes). Draws are used in turn, and again from the first when they run out. */
export function move(
  motion: Motion,
  model: VehicleModel,
  elapsedMs: number,
  draws: readonly number[],
): Motion {
  let next = motion;
  let remainingMs = elapsedMs;
  let drawIndex = 0;
  const draw = () => draws[drawIndex++ % draws.length] ?? 0;
  while (remainingMs > 0) {
    const { phase } = next;
    const leftMs = phase.kind === 'parked' ? phase.remainingMs : phase.durationMs - phase.elapsedMs;
    const partMs = Math.min(remainingMs, leftMs);
    next = phase.kind === 'parked' ? rest(next, phase, model, partMs) : drive(next, phase, model, partMs);
    remainingMs -= partMs;
    if (partMs === leftMs) next = turn(next, model, draw);
  }
  return { ...next, rsrpDbm: clamp(next.rsrpDbm + (draw() - 0.5) * 6, -125, -70) };
}

function rest(
  motion: Motion,
  phase: Extract<Phase, { kind: 'parked' }>,
  model: VehicleModel,
  partMs: number,
): Motion {
  const hours = partMs / 3_600_000;
  const charged = motion.chargePercent + ((chargerKw * hours) / model.batteryKwh) * 100;
  const plugged = motion.chargePercent < chargeFull;
  return {
    ...motion,
    phase: { kind: 'parked', remainingMs: phase.remainingMs - partMs },
    chargePercent: plugged ? Math.min(chargeFull, charged) : motion.chargePercent,
    cabinCelsius: approach(motion.cabinCelsius, cabinParked, (cabinRate * partMs) / 1000),
  };
}

function drive(
  motion: Motion,
  phase: Extract<Phase, { kind: 'driving' }>,
  model: VehicleModel,
  partMs: number,
): Motion {
  const elapsedMs = phase.elapsedMs + partMs;
  const distanceM = distanceAt(phase, elapsedMs) - distanceAt(phase, phase.elapsedMs);
  const angle = (motion.headingDegrees * Math.PI) / 180;
  const north = (distanceM * Math.cos(angle)) / metresPerDegree;
  const east =
    (distanceM * Math.sin(angle)) / (metresPerDegree * Math.cos((motion.latitude * Math.PI) / 180));
  return {
    ...motion,
    phase: { ...phase, elapsedMs },
    odometerM: motion.odometerM + distanceM,
    latitude: motion.latitude + north,
    longitude: motion.longitude + east,
    chargePercent: Math.max(
      0,
      motion.chargePercent - ((distanceM / 1000) * model.kwhPerKm * 100) / model.batteryKwh,
    ),
    cabinCelsius: approach(motion.cabinCelsius, cabinDriving, (cabinRate * partMs) / 1000),
  };
}

/** Metres from the start of the drive until `elapsedMs` into it: the area under the trapezoid. */
function distanceAt(phase: Extract<Phase, { kind: 'driving' }>, elapsedMs: number): number {
  const total = phase.durationMs / 1000;
  const at = elapsedMs / 1000;
  const ramp = Math.min(phase.cruiseMs / acceleration, total / 2);
  const top = acceleration * ramp;
  const rising = Math.min(at, ramp);
  const steady = clamp(at - ramp, 0, total - 2 * ramp);
  const falling = clamp(at - (total - ramp), 0, ramp);
  return (
    (acceleration * rising * rising) / 2 +
    top * steady +
    top * falling -
    (acceleration * falling * falling) / 2
  );
}

/** A phase is over: a parked vehicle sets out if it has the charge for it, a driving one parks. */
function turn(motion: Motion, { trips }: VehicleModel, draw: () => number): Motion {
  if (motion.phase.kind === 'driving') {
    const phase = { kind: 'parked', remainingMs: whole(...trips.stopMs, draw()) } as const;
    return { ...motion, phase, ignitionCycles: motion.ignitionCycles + 1 };
  }
  if (motion.chargePercent < chargeToLeave) {
    return { ...motion, phase: { kind: 'parked', remainingMs: whole(1_200_000, 3_600_000, draw()) } };
  }
  return {
    ...motion,
    // Away from the poles a degree of longitude has a length; a vehicle that strays far turns back to the equator's side.
    headingDegrees: headingFor(motion.latitude, draw()),
    altitudeM: clamp(motion.altitudeM + (draw() - 0.5) * 40, 0, 1_500),
    phase: {
      kind: 'driving',
      elapsedMs: 0,
      durationMs: whole(...trips.driveMs, draw()),
      cruiseMs: whole(30, 130, draw()) / 3.6,
    },
  };
}

function headingFor(latitude: number, fraction: number): number {
  if (latitude > 65) return 90 + fraction * 180;
  if (latitude < -65) return (270 + fraction * 180) % 360;
  return fraction * 360;
}

function whole(from: number, to: number, fraction: number): number {
  return from + Math.floor(fraction * (to - from + 1));
}

function approach(value: number, goal: number, most: number): number {
  return value < goal ? Math.min(goal, value + most) : Math.max(goal, value - most);
}

function clamp(value: number, low: number, high: number): number {
  return Math.min(high, Math.max(low, value));
}
