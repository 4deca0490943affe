import { expect, it } from 'vitest';
import { wallClock } from '../../../shared/live/clock.ts';
import { silentLog } from '../../../shared/ports/log.ts';
import type { VehicleMemory } from '../../../simulator/fleet/vehicle-store.ts';
import { restoredVehicle } from '../../../simulator/fleet/vehicle-store.ts';
import { openVehicleFile } from '../../../simulator/live/vehicle-file.ts';
import { withTemporaryFolder } from '../../helpers/temporary-folder.ts';
import { command, deliver, modelOf, noon, vehicleOf, vin } from '../../helpers/vehicle-model.ts';

const deps = { clock: wallClock, log: silentLog };
const { vehicle } = deliver(vehicleOf(), command('cmd_1', [['heated_seats', 'active', 4]]));
const { features, accepted, waiting, answers } = vehicle;
const memory: VehicleMemory = {
  ...{ features, accepted, waiting, answers },
  results: [{ commandId: 'cmd_1', vin, results: [...(answers[0]?.results ?? [])], clock: noon }],
};
const motion = { ...vehicle.motion, odometerM: 1_234.5 };

it('loads what was saved, once the file is opened again', () =>
  withTemporaryFolder(async (folder) => {
    const first = await openVehicleFile(folder, deps, { isFresh: false, vins: [vin] });
    expect(first.load(vin)).toEqual({ memory: null, motion: null });
    await first.saveMemory(vin, { ...memory, features: [] });
    await first.saveMemory(vin, memory);
    first.noteMotion(vin, vehicle.motion);
    first.noteMotion(vin, motion);
    await first.stop();
    const second = await openVehicleFile(folder, deps, { isFresh: false, vins: [vin] });
    const stored = second.load(vin);
    expect(stored).toEqual({ memory, motion });
    expect(restoredVehicle(vehicleOf(), stored)).toEqual({ ...vehicle, display: null, motion });
    await second.stop();
  }));

it('forgets everything when it is opened as fresh', () =>
  withTemporaryFolder(async (folder) => {
    const first = await openVehicleFile(folder, deps, { isFresh: false, vins: [vin] });
    await first.saveMemory(vin, memory);
    first.noteMotion(vin, motion);
    await first.stop();
    const fresh = await openVehicleFile(folder, deps, { isFresh: true, vins: [vin] });
    expect(fresh.load(vin)).toEqual({ memory: null, motion: null });
    await fresh.stop();
  }));

it('drops a feature that the model no longer has, and adds a new one as dormant', () => {
  const made = vehicleOf({ model: 'cirrus-2025' });
  const stored = {
    memory: { ...memory, features: [{ feature: 'old', state: 'active' as const, version: 9 }] },
    motion: null,
  };
  expect(restoredVehicle(made, stored).features).toEqual(
    modelOf('cirrus-2025').features.map((feature) => ({ feature, state: 'dormant', version: 0 })),
  );
});

it('leaves the vehicles of other fleets of the data folder as they are', () =>
  withTemporaryFolder(async (folder) => {
    const both = await openVehicleFile(folder, deps, { isFresh: false, vins: [vin, 'other'] });
    for (const each of [vin, 'other']) {
      await both.saveMemory(each, memory);
      both.noteMotion(each, motion);
    }
    await both.stop();
    const fresh = await openVehicleFile(folder, deps, { isFresh: true, vins: [vin] });
    await fresh.stop();
    const other = await openVehicleFile(folder, deps, { isFresh: false, vins: ['other'] });
    expect([other.load(vin), other.load('other')]).toEqual([
      { memory: null, motion: null },
      { memory, motion },
    ]);
    await other.stop();
  }));
