import { describe, expect, it } from 'vitest';
import { readModelFile } from '../../../simulator/models/model-file.ts';
import { step } from '../../../simulator/vehicle/step.ts';
import { newVehicle, type Vehicle } from '../../../simulator/vehicle/vehicle.ts';
import { command, deliver, noon, resultsOf, vin } from '../../helpers/vehicle-model.ts';

const file = `
id: delta-2027
vin: "WFWDLT4E*VD######"
firmware: "1.0.0"
battery: { capacityKwh: 60, kwhPerKm: 0.17 }
trips: { driveMs: [60000, 60000], stopMs: [60000, 60000] }
features:
  - id: massage_seats
    parameters:
      intensity: { type: integer, min: 1, max: 5, default: 2 }
      zone: { type: string, oneOf: [front, rear], default: front }
  - id: massage_plus
    requires: [massage_seats]
  - id: winter_package
    preconditions: { parked: true }
  - id: flash_drive
    preconditions: { ignition: off, chargeAtLeast: 50 }
    whenNotReady: next_ignition_cycle
`;

function vehicleOf(chargePercent = 70): Vehicle {
  const reading = readModelFile(file, 'delta.yaml');
  if (!reading.ok) throw new Error(reading.mistakes.join('\n'));
  return newVehicle({ vin, model: reading.model, latitude: 40.4, longitude: -3.7, chargePercent });
}

const drive = (vehicle: Vehicle, elapsedMs: number, now = noon) =>
  step(vehicle, { type: 'tick', now, elapsedMs, draws: [0.5] });
/** A new vehicle leaves at once and drives for a minute. */
const driving = (vehicle = vehicleOf()) => drive(vehicle, 10_000).vehicle;

function set(
  vehicle: Vehicle,
  feature: string,
  version: number,
  parameters?: Record<string, string | number | boolean>,
) {
  const target = { feature, target: 'active' as const, version, ...(parameters ? { parameters } : {}) };
  return deliver(vehicle, { ...command(`c${version}`, []), features: [target] });
}

const stateOf = ({ features }: Vehicle, name: string) => features.find(({ feature }) => feature === name);

describe('parameters', () => {
  it('of an activation are stored with the defaults of the model, and reported', () => {
    const taken = set(vehicleOf(), 'massage_seats', 1, { intensity: 5 });
    const stands = {
      feature: 'massage_seats',
      state: 'active',
      version: 1,
      parameters: { intensity: 5, zone: 'front' },
    };
    expect(stateOf(taken.vehicle, 'massage_seats')).toEqual(stands);
    const status = taken.messages.find(({ channel }) => channel === 'status');
    expect(status?.channel === 'status' && status.payload.features?.[0]).toEqual(stands);
  });

  it('that differ change an active feature, and the same ones do not', () => {
    const active = set(vehicleOf(), 'massage_seats', 1, { intensity: 5 }).vehicle;
    const same = set(active, 'massage_seats', 2, { intensity: 5, zone: 'front' });
    expect(resultsOf(same)).toEqual([{ feature: 'massage_seats', outcome: 'already_active', version: 2 }]);
    const changed = set(same.vehicle, 'massage_seats', 3, { intensity: 4, zone: 'rear' });
    expect(resultsOf(changed)).toEqual([{ feature: 'massage_seats', outcome: 'applied', version: 3 }]);
    expect(stateOf(changed.vehicle, 'massage_seats')?.parameters).toEqual({ intensity: 4, zone: 'rear' });
    const unnamed = set(changed.vehicle, 'massage_seats', 4);
    expect(resultsOf(unnamed)).toEqual([{ feature: 'massage_seats', outcome: 'already_active', version: 4 }]);
    expect(stateOf(unnamed.vehicle, 'massage_seats')?.parameters).toEqual({ intensity: 4, zone: 'rear' });
  });

  it('of one version do not change once it is applied', () => {
    const active = set(vehicleOf(), 'massage_seats', 1, { intensity: 5 }).vehicle;
    const again = deliver(active, {
      ...command('other', []),
      features: [{ feature: 'massage_seats', target: 'active', version: 1, parameters: { intensity: 1 } }],
    });
    expect(resultsOf(again)).toEqual([
      { feature: 'massage_seats', outcome: 'superseded', version: 1, reason: 'version_reused' },
    ]);
  });

  it.each([
    [{ intensity: 9 }, 'parameter_range: intensity takes 1 to 5'],
    [{ intensity: 1.5 }, 'parameter_type: intensity takes a whole number'],
    [{ zone: 'roof' }, 'parameter_range: zone takes "front" or "rear"'],
    [{ colour: 'red' }, 'parameter_unknown: colour'],
  ])('that the model does not take are rejected: %j', (parameters, reason) => {
    const taken = set(vehicleOf(), 'massage_seats', 1, parameters as Record<string, string | number>);
    expect(resultsOf(taken)).toEqual([{ feature: 'massage_seats', outcome: 'rejected', version: 0, reason }]);
    expect(stateOf(taken.vehicle, 'massage_seats')).toEqual({
      feature: 'massage_seats',
      state: 'dormant',
      version: 0,
    });
  });

  it('are gone when the feature is dormant', () => {
    const active = set(vehicleOf(), 'massage_seats', 1).vehicle;
    const off = deliver(active, command('off', [['massage_seats', 'dormant', 2]]));
    expect(stateOf(off.vehicle, 'massage_seats')).toEqual({
      feature: 'massage_seats',
      state: 'dormant',
      version: 2,
    });
  });
});

describe('a feature that is not ready', () => {
  it('fails for a while without the feature that it needs', () => {
    const early = set(vehicleOf(), 'massage_plus', 1);
    expect(resultsOf(early)).toEqual([
      {
        feature: 'massage_plus',
        outcome: 'failed',
        version: 0,
        reason: 'dependency_inactive: needs massage_seats',
      },
    ]);
    const seats = set(early.vehicle, 'massage_seats', 2).vehicle;
    const again = set(seats, 'massage_plus', 3);
    expect(resultsOf(again)).toEqual([{ feature: 'massage_plus', outcome: 'applied', version: 3 }]);
  });

  it('fails while the vehicle drives, and is applied once it is parked', () => {
    const moving = driving();
    const early = set(moving, 'winter_package', 1);
    expect(resultsOf(early)).toEqual([
      {
        feature: 'winter_package',
        outcome: 'failed',
        version: 0,
        reason: 'precondition_parked: the vehicle is driving',
      },
    ]);
    const parked = drive(early.vehicle, 60_000).vehicle;
    expect(resultsOf(set(parked, 'winter_package', 2))).toEqual([
      { feature: 'winter_package', outcome: 'applied', version: 2 },
    ]);
  });

  it('waits for the end of the ignition cycle where the model asks for it', () => {
    const waiting = set(driving(), 'flash_drive', 1);
    expect(waiting.messages).toEqual([]);
    const still = drive(waiting.vehicle, 10_000);
    expect(resultsOf(still)).toBeNull();
    const parked = drive(still.vehicle, 60_000);
    expect(resultsOf(parked)).toEqual([{ feature: 'flash_drive', outcome: 'applied', version: 1 }]);
    expect([parked.vehicle.accepted, parked.vehicle.waiting]).toEqual([[], []]);
  });

  it('is applied at a cycle that ended between two messages, though the vehicle drives again', () => {
    const waiting = set(driving(), 'flash_drive', 1).vehicle;
    const later = drive(waiting, 120_000);
    expect(later.vehicle.motion.phase.kind).toBe('driving');
    expect(resultsOf(later)).toEqual([{ feature: 'flash_drive', outcome: 'applied', version: 1 }]);
  });

  it('fails at the end of the cycle when it is not ready even then', () => {
    const waiting = set(driving(vehicleOf(45)), 'flash_drive', 1).vehicle;
    expect(resultsOf(drive(waiting, 60_000))).toEqual([
      {
        feature: 'flash_drive',
        outcome: 'failed',
        version: 0,
        reason: 'precondition_charge: needs 50 % of 60 kWh',
      },
    ]);
  });

  it('answers that the command expired while it waited', () => {
    const waiting = set(driving(), 'flash_drive', 1).vehicle;
    expect(resultsOf(drive(waiting, 1_000, noon + 300_001))).toEqual([
      { feature: 'flash_drive', outcome: 'expired', version: 0 },
    ]);
  });

  it('waits again after a restart', () => {
    const waiting = set(driving(), 'flash_drive', 1).vehicle;
    const down = step(waiting, { type: 'restart', now: noon }).vehicle;
    const up = step(down, { type: 'boot', now: noon });
    expect(up.applying).toEqual(['c1']);
    const again = step(up.vehicle, { type: 'applied', now: noon, commandId: 'c1' });
    expect([again.messages, again.vehicle.waiting]).toEqual([[], ['c1']]);
  });

  it('is switched off at any time', () => {
    const parked = drive(driving(), 60_000).vehicle;
    const active = set(parked, 'winter_package', 1).vehicle;
    const moving = drive(active, 60_000).vehicle;
    expect(moving.motion.phase.kind).toBe('driving');
    const off = deliver(moving, command('off', [['winter_package', 'dormant', 2]]));
    expect(resultsOf(off)).toEqual([{ feature: 'winter_package', outcome: 'applied', version: 2 }]);
  });
});
