import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import { telemetrySchema } from '../../../shared/protocol/device-messages.ts';
import { speedOf } from '../../../simulator/vehicle/motion.ts';
import { step } from '../../../simulator/vehicle/step.ts';
import type { Vehicle } from '../../../simulator/vehicle/vehicle.ts';
import { noon, vehicleOf } from '../../helpers/vehicle-model.ts';

const draws = fc.array(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), {
  minLength: 1,
  maxLength: 8,
});
const paces = fc.array(fc.record({ elapsedMs: fc.integer({ min: 1, max: 400_000 }), draws }), {
  minLength: 1,
  maxLength: 30,
});

function tick(vehicle: Vehicle, elapsedMs: number, drawn: readonly number[]): Vehicle {
  return step(vehicle, { type: 'tick', now: noon, elapsedMs, draws: drawn }).vehicle;
}

const metresPerDegree = 111_320;

describe('coherent motion', () => {
  test.prop([draws])('the odometer is the integral of the speed', (drawn) => {
    let vehicle = tick(vehicleOf(), 1, drawn);
    let metres = vehicle.motion.odometerM;
    // Trapezoids of a second between two looks: exact but where a ramp ends inside the second.
    for (let second = 0; second < 600; second += 1) {
      const before = speedOf(vehicle.motion);
      vehicle = tick(vehicle, 1000, drawn);
      metres += (before + speedOf(vehicle.motion)) / 2;
    }
    // At most three corners of half a second at 2 m/s² a drive, and at most four drives in ten minutes.
    expect(Math.abs(vehicle.motion.odometerM - metres)).toBeLessThan(4);
    expect(vehicle.motion.odometerM).toBeGreaterThan(100);
  });

  test.prop([paces])('a long look and many short ones cover the same way', (played) => {
    // One draw for all, so that the order in which draws are used cannot matter.
    let whole = vehicleOf();
    let parts = vehicleOf();
    for (const { elapsedMs } of played) {
      whole = tick(whole, elapsedMs, [0.4]);
      for (let left = elapsedMs; left > 0; left -= 7919) parts = tick(parts, Math.min(left, 7919), [0.4]);
    }
    expect(parts.motion.odometerM).toBeCloseTo(whole.motion.odometerM, 3);
    expect(parts.motion.latitude).toBeCloseTo(whole.motion.latitude, 6);
    expect(parts.motion.chargePercent).toBeCloseTo(whole.motion.chargePercent, 6);
  });

  test.prop([paces])('the charge never rises while driving, and falls with the distance', (played) => {
    let vehicle = vehicleOf();
    for (const { elapsedMs, draws: drawn } of played) {
      for (let left = elapsedMs; left > 0; left -= 5000) {
        const before = vehicle.motion;
        vehicle = tick(vehicle, Math.min(left, 5000), drawn);
        const after = vehicle.motion;
        const drove = before.phase.kind === 'driving' && after.phase.kind === 'driving';
        if (!drove) continue;
        const { model } = vehicle;
        const spent =
          (((after.odometerM - before.odometerM) / 1000) * model.kwhPerKm * 100) / model.batteryKwh;
        expect(before.chargePercent - after.chargePercent).toBeCloseTo(spent, 9);
      }
      expect(vehicle.motion.chargePercent).toBeGreaterThan(10);
    }
  });

  test.prop([paces])('the position moves as far as the odometer says and never jumps', (played) => {
    let vehicle = vehicleOf();
    for (const { elapsedMs, draws: drawn } of played) {
      for (let left = elapsedMs; left > 0; left -= 2000) {
        const before = vehicle.motion;
        vehicle = tick(vehicle, Math.min(left, 2000), drawn);
        const after = vehicle.motion;
        const north = (after.latitude - before.latitude) * metresPerDegree;
        const east =
          (after.longitude - before.longitude) *
          metresPerDegree *
          Math.cos((before.latitude * Math.PI) / 180);
        const metres = after.odometerM - before.odometerM;
        expect(Math.abs(Math.hypot(north, east) - metres)).toBeLessThan(0.5);
        // 130 km/h for two seconds.
        expect(metres).toBeLessThan(73);
      }
    }
  });
});

test.prop([paces])('telemetry has the documented shape and its signals agree with each other', (played) => {
  let vehicle = vehicleOf();
  for (const { elapsedMs, draws: drawn } of played) {
    const taken = step(vehicle, { type: 'tick', now: noon, elapsedMs, draws: drawn });
    vehicle = taken.vehicle;
    const [message] = taken.messages;
    const { signals } = telemetrySchema.parse(message?.payload);
    expect(signals['Vehicle.IsMoving']).toBe(speedOf(vehicle.motion) > 0);
    expect(signals['Vehicle.TraveledDistance']).toBe(Math.floor(vehicle.motion.odometerM));
    expect(signals['Vehicle.LowVoltageSystemState']).toBe(
      vehicle.motion.phase.kind === 'driving' ? 'ON' : 'LOCK',
    );
    expect(signals['Vehicle.Powertrain.Range']).toBe(
      Math.floor(((vehicle.motion.chargePercent / 100) * 77 * 1000) / 0.18),
    );
  }
});

test('a low 12 V battery shows in voltage and diagnostic unitFault codes', () => {
  const vehicle = vehicleOf({
    unitFaults: [{ kind: 'low_12v', feature: null, reason: null, remaining: null }],
  });
  const [message] = step(vehicle, { type: 'tick', now: noon, elapsedMs: 1000, draws: [0.5] }).messages;
  expect(message?.channel === 'telemetry' ? message.payload.signals : {}).toMatchObject({
    'Vehicle.LowVoltageBattery.CurrentVoltage': 10.9,
    'Vehicle.Diagnostics.DTCCount': 1,
    'Vehicle.Diagnostics.DTCList': ['U3003'],
  });
});
