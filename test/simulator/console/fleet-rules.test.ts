import { describe, expect, it } from 'vitest';
import type { ListedVehicle } from '../../../shared/protocol/api-iot.ts';
import { colourings, legends } from '../../../simulator/console/page/pages/fleet-colours.ts';
import {
  type FleetFilter,
  type FleetState,
  filteredFleet,
  filterFrom,
  isInArea,
  queryOf,
} from '../../../simulator/console/page/pages/fleet-filter.ts';
import { fleetOf } from '../../../simulator/console/page/pages/fleet-vehicle.ts';

const [first, second, third] = ['WFWAUR1E6TA100001', 'WFWCIR1E6TA100002', 'WFWCIR1E6TA100003'] as const;

function listed(vin: string, fields: Partial<ListedVehicle> = {}): ListedVehicle {
  const model = vin === first ? 'aurora-2026' : 'cirrus-2025';
  const place = { latitude: 52.5, longitude: 13.4 };
  return { ...{ vin, model, online: true, lastSeenAt: 1, differs: false }, ...place, ...fields };
}

const control = (vin: string, fields = {}) => ({
  ...{ vin, model: 'aurora-2026', region: 'DE', connected: true, faults: 0 },
  ...fields,
});

const fleet = fleetOf({
  listed: [
    listed(second, { online: false, latitude: null, differs: true }),
    listed(third, { online: false, lastSeenAt: null }),
  ],
  controlled: [
    control(first),
    control(second, { region: 'ES', model: 'cirrus-2025', connected: false, faults: 2 }),
  ],
  open: [first],
});

const filter: FleetFilter = {
  ...{ text: '', state: '', region: '', model: '', area: null },
  ...{ colouring: 'reachability', isClustered: true },
};

describe('the fleet of three sources', () => {
  it('has each vehicle once, with what each source knows of it', () => {
    expect(fleet.map(({ text: _, ...vehicle }) => vehicle)).toEqual([
      {
        ...{ vin: first, model: 'aurora-2026', region: 'DE', connected: true, isKnown: true, faults: 0 },
        ...{ differs: false, isOpen: true, place: null },
      },
      {
        ...{ vin: second, model: 'cirrus-2025', region: 'ES', connected: false, isKnown: true, faults: 2 },
        ...{ differs: true, isOpen: false, place: null },
      },
      {
        ...{ vin: third, model: 'cirrus-2025', region: '', connected: false, isKnown: false, faults: 0 },
        ...{ differs: false, isOpen: false, place: { latitude: 52.5, longitude: 13.4 } },
      },
    ]);
    expect(fleetOf({ listed: null, controlled: null, open: null })).toEqual([]);
  });

  it('has the colour that the legend names', () => {
    const shown = colourings.map((colouring) => {
      const { kinds, kindOf } = legends[colouring];
      return fleet.map((vehicle) => kinds[kindOf(vehicle)]?.label);
    });
    expect(shown).toEqual([
      ['online', 'offline', 'never connected'],
      ['as desired', 'differs', 'as desired'],
      ['open', 'none open', 'none open'],
      ['no fault', 'fault', 'no fault'],
    ]);
    for (const colouring of colourings) {
      const shapes = legends[colouring].kinds.map(({ shape }) => shape);
      expect(new Set(shapes).size, colouring).toBe(shapes.length);
    }
  });
});

describe('the filter of the fleet', () => {
  const places = (changed: Partial<FleetFilter>) =>
    filteredFleet(fleet, { ...filter, ...changed }).map((one) => fleet.indexOf(one));

  it('finds every word in VIN, model or region', () => {
    expect(['', 'AURORA de', 'aurora es', '100002'].map((text) => places({ text }))).toEqual([
      [0, 1, 2],
      [0],
      [],
      [1],
    ]);
  });

  it('filters by state, region and model', () => {
    const states: FleetState[] = ['online', 'offline', 'differs', 'open', 'faulty'];
    expect(states.map((state) => places({ state }))).toEqual([[0], [1, 2], [1], [0], [1]]);
    expect([places({ region: 'ES' }), places({ model: 'cirrus-2025' })]).toEqual([[1], [1, 2]]);
  });

  it('by an area leaves vehicles without a known place out', () => {
    const area = [
      { longitude: 13, latitude: 52 },
      { longitude: 14, latitude: 53 },
      { longitude: 13, latitude: 53 },
    ];
    expect(fleet.map((vehicle) => isInArea(area, vehicle))).toEqual([false, false, true]);
    expect(fleet.map((vehicle) => isInArea(null, vehicle))).toEqual([true, true, true]);
  });

  it('stands in the address, and comes from it again', () => {
    const whole: FleetFilter = {
      ...{ text: 'a&b', state: 'open', region: 'DE', model: '<i>', colouring: 'fault', isClustered: false },
      area: [
        { longitude: 13.1234, latitude: 52 },
        { longitude: -14, latitude: 52 },
        { longitude: 14, latitude: 53 },
      ],
    };
    const read = (query: string) => filterFrom(new URLSearchParams(query));
    expect(read(queryOf(whole))).toEqual({
      ...whole,
      area: [{ longitude: 13.123, latitude: 52 }, ...(whole.area ?? []).slice(1)],
    });
    expect([queryOf(filter), read('')]).toEqual(['', filter]);
    expect(read('?show=x&colour=y&map=z&area=1,2;3')).toEqual(filter);
  });
});
