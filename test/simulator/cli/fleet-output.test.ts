import { expect, test } from 'vitest';
import { seededRandom } from '../../../shared/virtual/random.ts';
import { fleetLines, fleetMembers } from '../../../simulator/cli/fleet-output.ts';
import { makeFleet } from '../../../simulator/fleet/make-fleet.ts';
import { testVehicleSpecs, testVehicles } from '../../../simulator/fleet/test-vehicles.ts';
import { shippedModels } from '../../../simulator/models/models-folder.ts';

const models = shippedModels();
const newPassword = () => 'p';
const fleetOf = (first: number, count: number) => [
  ...makeFleet({ first, count, random: seededRandom(1), models, newPassword }),
  ...testVehicleSpecs(newPassword, models),
];

test('a JSON line names at most 100 vehicles of 10,000, and counts all of them', () => {
  const fleet = fleetOf(1, 10_000);
  const members = fleetMembers(fleet);
  expect(members).toEqual({
    vehicles: fleet.slice(0, 100).map(({ vin }) => vin),
    testVehicles: testVehicles.map(({ vin }) => vin),
    vehicleCount: 10_000,
    models: { 'aurora-2026': 3311, 'borealis-2026': 3338, 'cirrus-2025': 3351 },
    regions: { DE: 2039, ES: 1987, FR: 1971, IT: 2039, SE: 1964 },
    firstVin: fleet[0]?.vin,
    lastVin: fleet[9_999]?.vin,
  });
  expect(JSON.stringify(members).length).toBeLessThan(3_000);
});

test('a person sees the vehicles of a small fleet, and the summary of a large one', () => {
  const small = fleetOf(7, 2);
  const [seventh, eighth] = small;
  expect(fleetLines(small, 'list.jsonl', true)).toEqual([
    'vehicles:',
    `  ${seventh?.vin}  ${seventh?.model.id}  customer-0007`,
    `  ${eighth?.vin}  ${eighth?.model.id}  customer-0008`,
    '  and the test vehicles, whose VIN selects their behaviour: docs/testing-identifiers.md',
  ]);
  const large = fleetOf(1, 10_000).slice(0, 10_000);
  expect(fleetLines(large, 'data/simulators/seed1-1-10000.jsonl', false)).toEqual([
    'vehicles: 10000 (aurora-2026 3311, borealis-2026 3338, cirrus-2025 3351; DE 2039, ES 1987, FR 1971, IT 2039, SE 1964), first and last:',
    `  ${large[0]?.vin}  ${large[0]?.model.id}`,
    `  ${large[9_999]?.vin}  ${large[9_999]?.model.id}`,
    '  all: data/simulators/seed1-1-10000.jsonl',
  ]);
  expect(fleetLines([], 'list.jsonl', true)).toEqual(['vehicles:']);
});
