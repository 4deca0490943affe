import { distanceAt, headingAt, nextBendMs, type Phase, speedAt } from './drive.ts';
import type { VehicleModel } from './models.ts';

/** Where the vehicle is and how it moves. */
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
  /** How long the recorded signals have been played; only of a model that has some. Milliseconds. */
  readonly playedMs?: number;
}

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
export function speedOf({ phase }: Motion): number {
  return phase.kind === 'parked' ? 0 : speedAt(phase, phase.elapsedMs);
}

/** Whether the charger is connected: it is while the vehicle is parked and its battery is below the charge at which it stops. */
export function isCharging({ phase, chargePercent }: Motion): boolean {
  return phase.kind === 'parked' && chargePercent < chargeFull;
}

/** Moves on by `elapsedMs`, through as many drives and stops as fit (a drive lasts minutes). Draws are used in turn, and again from the first when they run out. `loadKw`: what active features take while it drives. */
export function move(
  motion: Motion,
  model: VehicleModel,
  elapsedMs: number,
  draws: readonly number[],
  loadKw = 0,
): Motion {
  let next = motion;
  let remainingMs = elapsedMs;
  let drawIndex = 0;
  const draw = () => draws[drawIndex++ % draws.length] ?? 0;
  while (remainingMs > 0) {
    const { phase } = next;
    const leftMs = phase.kind === 'parked' ? phase.remainingMs : phase.durationMs - phase.elapsedMs;
    const partMs = Math.min(remainingMs, leftMs);
    next =
      phase.kind === 'parked' ? rest(next, phase, model, partMs) : drive(next, phase, model, partMs, loadKw);
    remainingMs -= partMs;
    if (partMs === leftMs) next = turn(next, model, draw);
  }
  const plays = model.signals.some(({ generator }) => generator.from === 'recorded');
  return {
    ...next,
    rsrpDbm: clamp(next.rsrpDbm + (draw() - 0.5) * 6, -125, -70),
    ...(plays ? { playedMs: (motion.playedMs ?? 0) + elapsedMs } : {}),
  };
}

function rest(
  motion: Motion,
  phase: Extract<Phase, { kind: 'parked' }>,
  model: VehicleModel,
  partMs: number,
): Motion {
  const hours = partMs / 3_600_000;
  const charged = motion.chargePercent + ((chargerKw * hours) / model.batteryKwh) * 100;
  return {
    ...motion,
    phase: { kind: 'parked', remainingMs: phase.remainingMs - partMs },
    chargePercent: isCharging(motion) ? Math.min(chargeFull, charged) : motion.chargePercent,
    cabinCelsius: approach(motion.cabinCelsius, cabinParked, (cabinRate * partMs) / 1000),
  };
}

/** From one bend of the road to the next, so that the way is the same however far apart two looks are. */
function drive(
  motion: Motion,
  phase: Extract<Phase, { kind: 'driving' }>,
  model: VehicleModel,
  partMs: number,
  loadKw: number,
): Motion {
  const endMs = phase.elapsedMs + partMs;
  let { latitude, longitude, headingDegrees } = motion;
  for (let atMs = phase.elapsedMs; atMs < endMs; ) {
    const untilMs = Math.min(endMs, nextBendMs(atMs));
    headingDegrees = headingAt(phase, atMs, motion.headingDegrees);
    const distanceM = distanceAt(phase, untilMs) - distanceAt(phase, atMs);
    const angle = (headingDegrees * Math.PI) / 180;
    const metresPerLongitude = metresPerDegree * Math.cos((latitude * Math.PI) / 180);
    latitude += (distanceM * Math.cos(angle)) / metresPerDegree;
    longitude += (distanceM * Math.sin(angle)) / metresPerLongitude;
    atMs = untilMs;
  }
  const distanceM = distanceAt(phase, endMs) - distanceAt(phase, phase.elapsedMs);
  const spentKwh = (distanceM / 1000) * model.kwhPerKm + (loadKw * partMs) / 3_600_000;
  return {
    ...motion,
    ...{ latitude, longitude, headingDegrees },
    phase: { ...phase, elapsedMs: endMs },
    odometerM: motion.odometerM + distanceM,
    chargePercent: Math.max(0, motion.chargePercent - (spentKwh * 100) / model.batteryKwh),
    cabinCelsius: approach(motion.cabinCelsius, cabinDriving, (cabinRate * partMs) / 1000),
  };
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
  const route = draw();
  // Away from the poles a degree of longitude has a length; a vehicle that strays far turns back to the equator's side.
  const courseDegrees = headingFor(motion.latitude, route);
  return {
    ...motion,
    headingDegrees: headingAt({ courseDegrees, route }, 0, courseDegrees),
    altitudeM: clamp(motion.altitudeM + (draw() - 0.5) * 40, 0, 1_500),
    phase: {
      kind: 'driving',
      elapsedMs: 0,
      durationMs: whole(...trips.driveMs, draw()),
      cruiseMs: whole(30, 130, draw()) / 3.6,
      ...{ courseDegrees, route },
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
