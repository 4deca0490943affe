import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { DemoFleet } from '../../../simulator/live/demo-fleet.ts';
import { openOwnFleet } from '../../../simulator/live/own-fleet.ts';
import { withTemporaryFolder } from '../../helpers/temporary-folder.ts';

const fleetOf = (first: number, count: number): DemoFleet => ({
  ...{ first, count, seed: 1, connectivity: 'steady', hasTestVehicles: false },
});
const passwordsOf = (data: string) =>
  JSON.parse(readFileSync(join(data, 'fleet.json'), 'utf8')) as Record<string, string>;

it('lists its vehicles in a file, one a line', () =>
  withTemporaryFolder(async (data) => {
    const fleet = await openOwnFleet(data, fleetOf(4, 2));
    expect(fleet.list).toBe(join(data, 'simulators', 'seed1-4-5.jsonl'));
    const lines = readFileSync(fleet.list, 'utf8').trimEnd().split('\n');
    expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual(
      fleet.vehicles.map(({ number, vin, model, region }) => ({ number, vin, model: model.id, region })),
    );
    await fleet.stop();
  }));

it('refuses vehicles that another fleet of the same data folder simulates, and takes them once that one has stopped', () =>
  withTemporaryFolder(async (data) => {
    const first = await openOwnFleet(data, fleetOf(1, 10));
    const vins = first.vehicles.map(({ vin }) => vin);
    await expect(openOwnFleet(data, fleetOf(10, 5))).rejects.toThrow(
      `${vins[9]} is simulated by process ${process.pid} with the same data folder: choose other vehicles with --first or --shard, or stop that process`,
    );
    await expect(openOwnFleet(data, fleetOf(1, 10))).rejects.toThrow(
      `${vins.slice(0, 5).join(', ')} and 5 more are simulated by process ${process.pid} with the same data folder`,
    );
    const other = await openOwnFleet(data, fleetOf(11, 5));
    await first.stop();
    const again = await openOwnFleet(data, fleetOf(1, 8));
    expect(again.vehicles.map(({ vin }) => vin)).toEqual(vins.slice(0, 8));
    // The files of a fleet that has ended are gone.
    expect(
      readdirSync(join(data, 'simulators'))
        .filter((name) => name.endsWith('.jsonl'))
        .toSorted(),
    ).toEqual(['seed1-1-8.jsonl', 'seed1-11-15.jsonl']);
    await other.stop();
    await again.stop();
  }));

it('keeps the passwords of all fleets that start at the same time', () =>
  withTemporaryFolder(async (data) => {
    const fleets = await Promise.all(
      Array.from({ length: 8 }, (_, index) => openOwnFleet(data, fleetOf(1 + index * 50, 50))),
    );
    const made = fleets.flatMap(({ vehicles }) => vehicles.map(({ vin, password }) => [vin, password]));
    expect(passwordsOf(data)).toEqual(Object.fromEntries(made));
    expect(made).toHaveLength(400);
    for (const fleet of fleets) await fleet.stop();
  }));
