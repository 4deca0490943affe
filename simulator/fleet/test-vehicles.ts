import { makeVin } from '../../shared/protocol/vin.ts';
import type { StandingFault } from '../faults/fault.ts';
import type { VehicleModel } from '../vehicle/models.ts';
import type { VehicleSpec } from './make-fleet.ts';

/** A vehicle whose VIN says how it behaves (docs/testing-identifiers.md). */
export interface TestVehicle {
  readonly vin: string;
  /** One word, or a few with hyphens: its owner is `customer-test-{name}`. */
  readonly name: string;
  readonly faults: readonly StandingFault[];
}

type Behaviour = Pick<TestVehicle, 'name' | 'faults'>;

/** How late a slow vehicle answers. */
const slowMs = 10_000;
/** Further ahead than the expiry of any command. */
const clockAheadMs = 600_000;

const once = { schedule: { first: 1 } };
const ofVehicle = { name: 'by its VIN', toxicity: 1, layer: 'vehicle' } as const;
const ofMessage = { name: 'by its VIN', toxicity: 1, layer: 'message' } as const;
const ofLink = { name: 'by its VIN', toxicity: 1, layer: 'link' } as const;

/** A place in this list is the last digits of a VIN: only ever add to its end. */
const behaviours: readonly Behaviour[] = [
  { name: 'works', faults: [] },
  {
    name: 'rejects',
    faults: [{ ...ofVehicle, type: 'reject', attributes: { reason: 'test_vehicle', feature: null } }],
  },
  { name: 'hangs', faults: [{ ...ofVehicle, type: 'hang_at', attributes: { at: 'applying' } }] },
  { name: 'applies-without-answering', faults: [{ ...ofVehicle, type: 'apply_but_no_ack', attributes: {} }] },
  {
    name: 'slow',
    faults: [
      {
        ...ofLink,
        type: 'latency',
        stream: 'upstream',
        attributes: { latencyMs: slowMs, jitterMs: 0, correlation: 0 },
      },
    ],
  },
  { name: 'always-offline', faults: [{ ...ofLink, type: 'offline', attributes: {} }] },
  {
    name: 'busy-twice',
    faults: [{ ...ofVehicle, type: 'ecu_busy', attributes: { feature: null }, schedule: { first: 2 } }],
  },
  {
    name: 'first-answer-lost',
    faults: [
      { ...ofMessage, type: 'lose_ack', stream: 'upstream', attributes: { withStatus: true }, ...once },
    ],
  },
  {
    name: 'answers-twice',
    faults: [{ ...ofMessage, type: 'duplicate', stream: 'upstream', attributes: { delayMs: 0 } }],
  },
  {
    name: 'clock-ahead',
    faults: [{ ...ofVehicle, type: 'clock_skew', attributes: { skewMs: clockAheadMs } }],
  },
  {
    name: 'crashes-once',
    faults: [{ ...ofVehicle, type: 'crash_at', attributes: { at: 'applying' }, ...once }],
  },
  { name: 'wedged', faults: [{ ...ofVehicle, type: 'wedged', attributes: {} }] },
];

/** No manufacturer uses these: our own WMI and plant code, and a VDS that no model has. */
const vinPrefix = 'WFWTST0E';
const vinPlant = 'TA';

export const testVehicles: readonly TestVehicle[] = behaviours.map((behaviour, index) => ({
  vin: makeVin(vinPrefix, vinPlant, index + 1),
  ...behaviour,
}));

/** The test vehicles as part of a fleet: all of the model that has every feature, parked in Berlin. */
export function testVehicleSpecs(newPassword: () => string, models: readonly VehicleModel[]): VehicleSpec[] {
  return testVehicles.map(({ vin, faults }) => ({
    vin,
    faults,
    model: richestModel(models),
    region: 'DE',
    latitude: 52.52,
    longitude: 13.405,
    chargePercent: 80,
    password: newPassword(),
    connectivity: 'steady',
  }));
}

function richestModel(models: readonly VehicleModel[]): VehicleModel {
  return models.reduce((best, model) => (model.features.length > best.features.length ? model : best));
}
