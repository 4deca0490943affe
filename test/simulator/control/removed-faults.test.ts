import { expect, test } from 'vitest';
import { seededRandom } from '../../../shared/virtual/random.ts';
import { faultDesk, removedMax } from '../../../simulator/control/fault-desk.ts';
import { faultOperations } from '../../../simulator/control/fault-operations.ts';
import { faultTargets } from '../../../simulator/control/fault-targets.ts';
import { manualClock } from '../../helpers/manual-clock.ts';
import { withFaultWorld, worlds } from '../fleet/fault-world.ts';

const at = 1_800_000_000_000;
const offline = { name: 'garage', layer: 'link', type: 'offline' };
const slow = {
  ...{ name: 'slow', layer: 'services', type: 'slow' },
  attributes: { latencyMs: 1, jitterMs: 0 },
  target: { service: 'payments' },
};

const noFaults = { begin() {}, set() {}, sinceBeginMs: () => 0, struckBy: () => 0 };
const services = {
  ...{ api_iot: null, platform: null, mail: null, push: null },
  payments: noFaults,
};

test('lists the faults that were removed, with their end, beside those that there are, and by vehicle', () =>
  withFaultWorld(worlds.virtual, async ({ cars, vin }) => {
    const clock = manualClock(at);
    const desk = faultDesk({
      ...{ targets: faultTargets(cars, null), services, clock, random: seededRandom(1) },
    });
    const operations = faultOperations(desk);
    operations.add(offline);
    operations.add(slow);
    await clock.advance(5_000);
    operations.remove('fault-1');
    operations.add({ ...offline, name: 'again' });

    const listed = (filter: Parameters<typeof operations.list>[0]) =>
      operations.list(filter).faults.map((fault) => {
        const { id, state, addedAt } = fault;
        return [id, state, addedAt - at, 'removedAt' in fault ? fault.removedAt - at : null];
      });
    const there = [
      ['fault-2', 'active', 0, null],
      ['fault-3', 'active', 5_000, null],
    ];
    const removed = ['fault-1', 'removed', 0, 5_000];
    expect(listed({})).toEqual(there);
    expect(listed({ hasRemoved: true })).toEqual([removed, ...there]);
    expect(listed({ hasRemoved: true, vin })).toEqual([removed, ...there]);
    expect(listed({ hasRemoved: true, vin: 'WFWTST0E5TA000002' })).toEqual([there[0]]);
  }));

test('keeps the newest of the faults that were removed', () =>
  withFaultWorld(worlds.virtual, async ({ cars }) => {
    const desk = faultDesk({
      ...{ targets: faultTargets(cars, null), services: null, clock: manualClock(at) },
      random: seededRandom(1),
    });
    const operations = faultOperations(desk);
    for (let index = 0; index <= removedMax; index += 1) operations.remove(operations.add(offline).id);
    const { faults } = operations.list({ hasRemoved: true });
    expect([faults.length, faults[0]?.id, faults.at(-1)?.id]).toEqual([200, 'fault-2', 'fault-201']);
  }));
