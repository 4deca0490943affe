import { describe, expect, it } from 'vitest';
import { restoredVehicle } from '../../../simulator/fleet/vehicle-store.ts';
import type { SignalModel, VehicleModel } from '../../../simulator/vehicle/models.ts';
import { step } from '../../../simulator/vehicle/step.ts';
import { newVehicle, type Vehicle } from '../../../simulator/vehicle/vehicle.ts';
import { command, deliver, modelOf, noon, vin } from '../../helpers/vehicle-model.ts';

function vehicleWith(...signals: readonly SignalModel[]): Vehicle {
  const model: VehicleModel = { ...modelOf('aurora-2026'), signals };
  return newVehicle({ vin, model, latitude: 40.4, longitude: -3.7, chargePercent: 70 });
}

function signalsAt(vehicle: Vehicle, now: number, elapsedMs: number) {
  const { messages } = step(vehicle, { type: 'tick', now, elapsedMs, draws: [0.5] });
  const [message] = messages;
  return message?.channel === 'telemetry' ? message.payload.signals : null;
}

it('sends a signal with everyMs in one message of that time', () => {
  const vehicle = vehicleWith(
    { path: 'Vehicle.A', type: 'uint8', generator: { from: 'constant', value: 1 } },
    { path: 'Vehicle.B', type: 'uint8', everyMs: 60_000, generator: { from: 'constant', value: 2 } },
  );
  const sent = [10_000, 20_000, 60_000, 70_000].map((ms) => signalsAt(vehicle, noon + ms, 10_000));
  expect(sent).toEqual([
    { 'Vehicle.A': 1 },
    { 'Vehicle.A': 1 },
    { 'Vehicle.A': 1, 'Vehicle.B': 2 },
    { 'Vehicle.A': 1 },
  ]);
});

it('makes a wave between its limits, whole where the type is whole', () => {
  const wave = { from: 'wave', min: 10, max: 20, periodMs: 4_000 } as const;
  const vehicle = vehicleWith(
    { path: 'Vehicle.A', type: 'float', generator: wave },
    { path: 'Vehicle.B', type: 'uint8', generator: wave },
  );
  const sent = [0, 500, 1_000, 3_000].map((ms) => signalsAt(vehicle, noon + ms, 1));
  expect(sent).toEqual([
    { 'Vehicle.A': 15, 'Vehicle.B': 15 },
    { 'Vehicle.A': 18.54, 'Vehicle.B': 19 },
    { 'Vehicle.A': 20, 'Vehicle.B': 20 },
    { 'Vehicle.A': 10, 'Vehicle.B': 10 },
  ]);
});

it('shows whether a feature is active', () => {
  const dormant = vehicleWith({
    path: 'Vehicle.Heated',
    type: 'boolean',
    generator: { from: 'feature', feature: 'heated_seats' },
  });
  expect(signalsAt(dormant, noon, 1)).toEqual({ 'Vehicle.Heated': false });
  const { vehicle: active } = deliver(dormant, command('c1', [['heated_seats', 'active', 1]]));
  expect(signalsAt(active, noon, 1)).toEqual({ 'Vehicle.Heated': true });
});

describe('a recorded signal', () => {
  const recording = { from: 'recorded', file: 'drive.csv', lengthMs: 2_500 } as const;
  const speeds = { ...recording, atMs: [500, 500, 1_500], values: [27, 48, 24] } as const;

  /** What messages tell that are sent so much later than the one before. */
  function played(signals: readonly SignalModel[], gapsMs: readonly number[]): unknown[] {
    let vehicle = vehicleWith(...signals);
    return gapsMs.map((elapsedMs) => {
      const taken = step(vehicle, { type: 'tick', now: noon, elapsedMs, draws: [0.5] });
      vehicle = taken.vehicle;
      const [message] = taken.messages;
      return message?.channel === 'telemetry' ? message.payload.signals : null;
    });
  }
  const speed = (value?: number) => (value === undefined ? {} : { 'Vehicle.Speed': value });

  it('has no value before its first row, and begins the file again after its end', () => {
    const signal = {
      path: 'Vehicle.Speed',
      type: 'float',
      generator: { ...speeds, atEnd: 'repeat' },
    } as const;
    expect(played([signal], [0, 499, 1, 999, 1, 999, 1, 499, 1, 2_000, 25_000])).toEqual(
      [undefined, undefined, 48, 48, 24, 24, 24, 24, 48, 24, 24].map(speed),
    );
  });

  it('keeps its last value after the end where the model holds it', () => {
    const signal = { path: 'Vehicle.Speed', type: 'float', generator: { ...speeds, atEnd: 'hold' } } as const;
    expect(played([signal], [1_000, 1_000, 1_000, 86_400_000])).toEqual([48, 24, 24, 24].map(speed));
  });

  it('of a file without any delay has its last value', () => {
    const generator = { ...recording, lengthMs: 0, atMs: [0, 0], values: [1, 2], atEnd: 'repeat' } as const;
    expect(played([{ path: 'Vehicle.Speed', type: 'float', generator }], [0, 10])).toEqual([2, 2].map(speed));
  });

  it('resumes where it was after the simulator starts again', () => {
    const signal = { path: 'Vehicle.Speed', type: 'float', generator: { ...speeds, atEnd: 'hold' } } as const;
    const vehicle = vehicleWith(signal);
    const { vehicle: moved } = step(vehicle, { type: 'tick', now: noon, elapsedMs: 1_400, draws: [0.5] });
    const motion = JSON.parse(JSON.stringify(moved.motion));
    const restored = restoredVehicle(vehicle, { memory: null, motion });
    expect([signalsAt(restored, noon, 50), signalsAt(restored, noon, 200)]).toEqual([48, 24].map(speed));
  });
});
