import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import { seededRandom } from '../../../shared/virtual/random.ts';
import { parkedAt } from '../../../simulator/vehicle/motion.ts';
import { type Coverage, goodCoverage, signalStrength } from '../../../simulator/vehicle/signal-strength.ts';
import { step } from '../../../simulator/vehicle/step.ts';
import type { UnitFault, Vehicle } from '../../../simulator/vehicle/vehicle.ts';
import { command, deliver, noon, vehicleOf } from '../../helpers/vehicle-model.ts';

const charging = 'Vehicle.Powertrain.TractionBattery.Charging.IsCharging';
const charge = 'Vehicle.Powertrain.TractionBattery.StateOfCharge.Current';
const seat = 'Vehicle.Cabin.Seat.Row1.DriverSide.Heating';

type Signals = Readonly<Record<string, unknown>>;

/** The next message, `elapsedMs` later. */
function tick(
  vehicle: Vehicle,
  elapsedMs: number,
  draws: readonly number[],
  coverage: Coverage = goodCoverage,
): { readonly vehicle: Vehicle; readonly signals: Signals } {
  const taken = step(vehicle, { type: 'tick', now: noon, elapsedMs, draws, coverage });
  const message = taken.messages.find(({ channel }) => channel === 'telemetry');
  return {
    vehicle: taken.vehicle,
    signals: message?.channel === 'telemetry' ? message.payload.signals : {},
  };
}

/** The messages of a vehicle with these draws, one every 10 seconds. */
function series(vehicle: Vehicle, count: number, seed: number): Signals[] {
  const random = seededRandom(seed);
  const all: Signals[] = [];
  for (let number = 0; number < count; number += 1) {
    const draws = Array.from({ length: 4 }, () => random.fraction());
    const next = tick(vehicle, 10_000, draws);
    vehicle = next.vehicle;
    all.push(next.signals);
  }
  return all;
}

const draws = fc.array(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), {
  minLength: 4,
  maxLength: 4,
});
const paces = fc.array(fc.record({ elapsedMs: fc.integer({ min: 1, max: 20_000 }), draws }), {
  minLength: 1,
  maxLength: 200,
});

describe('telemetry of a drive', () => {
  test('is this series for seed 7', () => {
    const shown = series(vehicleOf(), 12, 7).map((signals) =>
      ['Vehicle.Speed', 'Vehicle.CurrentLocation.Heading', 'Vehicle.TraveledDistance', charge].map(
        (path) => signals[path],
      ),
    );
    expect(shown).toEqual([
      [72, 175.9, 100, 69.98],
      [95.2, 169.5, 357, 69.92],
      [82.5, 162.5, 605, 69.86],
      [70.6, 155.3, 816, 69.81],
      [70.1, 148.4, 1_008, 69.76],
      [81.6, 142.2, 1_217, 69.72],
      [94.6, 137.1, 1_463, 69.66],
      [97.4, 133.5, 1_733, 69.59],
      [87.5, 131.4, 1_992, 69.53],
      [73.8, 131, 2_215, 69.48],
      [68.7, 132.4, 2_410, 69.44],
      [76.8, 135.4, 2_610, 69.39],
    ]);
  });

  test.prop([paces])(
    'never counts the odometer down, and turns by little from one message to the next',
    (played) => {
      let { vehicle, signals } = tick(vehicleOf(), 1, [0.3, 0.6, 0.2, 0.8]);
      for (const pace of played) {
        const next = tick(vehicle, pace.elapsedMs, pace.draws);
        const [before, after] = [signals, next.signals].map((one) => Number(one['Vehicle.TraveledDistance']));
        expect(after).toBeGreaterThanOrEqual(before ?? 0);
        const turned = Math.abs(next.vehicle.motion.headingDegrees - vehicle.motion.headingDegrees);
        const isSameDrive =
          vehicle.motion.phase.kind === 'driving' &&
          next.vehicle.motion.phase.kind === 'driving' &&
          next.vehicle.motion.phase.elapsedMs > vehicle.motion.phase.elapsedMs;
        // At most three parts of the road, each of which bends by 9 degrees at most.
        if (isSameDrive) expect(Math.min(turned, 360 - turned)).toBeLessThan(27);
        ({ vehicle, signals } = next);
      }
    },
  );

  test.prop([paces])(
    'raises the charge only where a message says that it charges, and lowers it while driving',
    (played) => {
      let { vehicle, signals } = tick(vehicleOf({ chargePercent: 45 }), 1, [0.3, 0.6, 0.2, 0.8]);
      for (const pace of played) {
        const next = tick(vehicle, pace.elapsedMs, pace.draws);
        const [before, after] = [vehicle, next.vehicle].map(({ motion }) => motion);
        if (!before || !after) throw new Error('there is no motion');
        if (after.chargePercent > before.chargePercent)
          expect([signals[charging], next.signals[charging]]).toContain(true);
        if (before.phase.kind === 'driving' && after.phase.kind === 'driving' && pace.elapsedMs > 1_000)
          expect(after.chargePercent).toBeLessThan(before.chargePercent);
        expect(next.signals[charging] === true && next.signals['Vehicle.IsMoving'] === true).toBe(false);
        ({ vehicle, signals } = next);
      }
    },
  );

  test('varies the speed of a cruise', () => {
    const speeds = series(vehicleOf(), 18, 7).map((signals) => Number(signals['Vehicle.Speed']));
    expect(new Set(speeds.slice(2)).size).toBeGreaterThan(10);
  });

  test('keeps the heading of a drive that an earlier version saved', () => {
    const phase = { kind: 'driving', elapsedMs: 0, durationMs: 600_000, cruiseMs: 20 } as const;
    const motion = { ...parkedAt(40, -3, 70), phase, headingDegrees: 90 };
    const { vehicle } = tick({ ...vehicleOf(), motion }, 60_000, [0.5]);
    expect(vehicle.motion.headingDegrees).toBe(90);
    expect(vehicle.motion.odometerM).toBe(1_100);
  });
});

describe('the battery', () => {
  const driving = tick(vehicleOf(), 1, [0.3, 0.6, 0.2, 0.8]).vehicle;

  test('is charged up to 80 percent while its signal is true', () => {
    const parked = vehicleOf({ chargePercent: 79.9 });
    const motion = { ...parked.motion, phase: { kind: 'parked', remainingMs: 3_600_000 } as const };
    const first = tick({ ...parked, motion }, 10_000, [0.5]);
    const later = tick(first.vehicle, 60_000, [0.5]);
    expect([first.signals[charge], first.signals[charging]]).toEqual([79.94, true]);
    expect([later.signals[charge], later.signals[charging]]).toEqual([80, false]);
  });

  test('feeds heated seats while the vehicle drives, and their signal shows them', () => {
    const { vehicle: heated } = deliver(driving, command('c1', [['heated_seats', 'active', 1]]));
    const [off, on] = [driving, heated].map((vehicle) => tick(vehicle, 100_000, [0.5]));
    expect([off?.signals[seat], on?.signals[seat]]).toEqual([0, 100]);
    const more = Number(off?.vehicle.motion.chargePercent) - Number(on?.vehicle.motion.chargePercent);
    // 0.15 kW for 100 s of 77 kWh.
    expect(more).toBeCloseTo((0.15 * 100 * 100) / 3_600 / 77, 9);
  });
});

describe('trouble codes', () => {
  const codesOf = (vehicle: Vehicle) => {
    const { signals } = tick(vehicle, 1_000, [0.5]);
    return [signals['Vehicle.Diagnostics.DTCList'], signals['Vehicle.Diagnostics.DTCCount']];
  };
  test.each([
    ['ecu_busy', 'U0140'],
    ['low_12v', 'U3003'],
    ['storage_full', 'U3000'],
    ['partial_apply', 'U0422'],
    ['reject', 'U0322'],
  ] as const)('show the fault %s as %s until it ends', (kind, code) => {
    const unitFault: UnitFault = { id: 'f', kind, feature: null, reason: null, remaining: null };
    const before = vehicleOf();
    const during = step(before, { type: 'unit_fault_begins', unitFault }).vehicle;
    const after = step(during, { type: 'unit_fault_ends', id: 'f' }).vehicle;
    expect([before, during, after].map(codesOf)).toEqual([
      [[], 0],
      [[code], 1],
      [[], 0],
    ]);
  });
});

describe('signal strength', () => {
  const at = (coverage: Partial<Coverage>) => signalStrength(-90, { ...goodCoverage, ...coverage });

  test('falls before a loss, and recovers after it', () => {
    expect([60, 30, 20, 10, 1, 0].map((seconds) => at({ untilLossMs: seconds * 1_000 }))).toEqual([
      -90, -90, -101, -113, -123, -124,
    ]);
    expect([0, 5, 10, 20, 60].map((seconds) => at({ sinceReturnMs: seconds * 1_000 }))).toEqual([
      -124, -115, -107, -90, -90,
    ]);
  });

  test('is low while a fault makes the connection slow', () => {
    expect([at({ isWeak: true }), signalStrength(-120, { ...goodCoverage, isWeak: true })]).toEqual([
      -105, -124,
    ]);
  });

  test.prop([fc.integer({ min: -124, max: -70 }), fc.nat(60_000), fc.nat(60_000)])(
    'is never above that of the cell, and lower the nearer the loss is',
    (cell, one, other) => {
      const [near, far] = [Math.min(one, other), Math.max(one, other)].map((untilLossMs) =>
        signalStrength(cell, { ...goodCoverage, untilLossMs }),
      );
      expect(near).toBeLessThanOrEqual(far ?? 0);
      expect(far).toBeLessThanOrEqual(cell);
    },
  );
});
