import { stringify } from 'yaml';
import type { Catalogue } from '../../gateway/catalogue/catalogue.ts';
import { standingForm } from '../fleet/vehicle-faults.ts';
import type { Plan } from '../scenarios/plan.ts';
import { readScenarioFile } from '../scenarios/scenario-file.ts';
import { planOf } from './plan-of-test-case.ts';
import { serviceRecordsOf } from './planned-service-faults.ts';
import { constantsOf } from './settings.ts';
import type { TestCase } from './test-case.ts';

export type ScenarioText =
  | { readonly ok: true; readonly text: string }
  /** What of the test case a scenario cannot have, a sentence each. */
  | { readonly ok: false; readonly reasons: readonly string[] };

/** Returns the test case as the text of a scenario file, at the pace of real time. */
export function scenarioOf(testCase: TestCase, about: string, catalogue: Catalogue): ScenarioText {
  const plan = planOf(testCase, catalogue);
  const reasons = unsupported(testCase);
  if (reasons.length > 0) return { ok: false, reasons };
  const list = [...vehicleRecords(plan), ...serviceRecordsOf(testCase, catalogue)];
  const scenario = {
    name: 'saved-test-case',
    description: about.slice(0, 500),
    timeScale: 1,
    constants: {
      ...constantsOf(testCase),
      ...(testCase.reconcileMs === undefined ? {} : { reconcileEveryMs: testCase.reconcileMs }),
    },
    telemetryEveryMs: plan.telemetryEveryMs,
    slackMs: plan.slackMs,
    vehicles: {
      count: plan.vehicles.length,
      list: plan.vehicles.map(({ vin, model }) => ({ vin, model })),
    },
    purchases: purchasesIn(plan),
    faults: { ...(plan.partFaults ? { parts: plan.partFaults } : {}), list },
  };
  const text = stringify(scenario, { aliasDuplicateObjects: false });
  const reading = readScenarioFile(text, 'the scenario', catalogue.services());
  return reading.ok ? { ok: true, text } : { ok: false, reasons: reading.mistakes };
}

function purchasesIn({ purchases }: Plan) {
  const services = new Map(
    purchases.map(({ serviceId: id, feature, duration }) => [id, { id, feature, duration, weight: 1 }]),
  );
  const perVehicle = purchases.map(({ vin }) => purchases.filter((one) => one.vin === vin).length);
  return {
    count: purchases.length,
    overMs: Math.max(...purchases.map(({ atMs }) => atMs)),
    perVehicleMax: Math.max(...perVehicle),
    services: [...services.values()],
    list: purchases.map(({ vin, atMs, serviceId: service, duration, method: card }) => ({
      ...{ vin, atMs, service, duration, card },
    })),
  };
}

/** Returns what users do in the test case and not in a scenario, and which clock a scenario cannot set. */
function unsupported({ activations, skewMs, transfers = [], world }: TestCase): string[] {
  return [
    activations.every(({ dispute }) => dispute === undefined)
      ? []
      : 'the bank of a scenario disputes no charge (dispute)',
    activations.every(({ operator = [] }) => operator.length === 0)
      ? []
      : 'operators of a scenario settle no money (operator)',
    transfers.length === 0 ? [] : 'vehicles of a scenario keep their owners (transfers)',
    skewMs.apiIot === 0 ? [] : 'a scenario cannot set the clock of the API IoT wrong (skewMs.apiIot)',
    activations.every(({ hours }) => hours === undefined)
      ? []
      : 'a scenario sells what the catalogue sells, and no hours that pass in minutes (hours)',
    activations.every(({ life = [] }) => life.every(({ type }) => type !== 'cancel'))
      ? []
      : 'customers of a scenario do not cancel (life)',
    activations.every(({ support = [] }) => support.length === 0)
      ? []
      : 'technicians of a scenario do not work on tickets (support)',
    world.every(({ type }) => type !== 'clock_set')
      ? []
      : 'a scenario cannot set the clock of a machine (clock_set)',
    world.every(({ type }) => type !== 'database_fails')
      ? []
      : 'the databases of a scenario take every write (database_fails)',
    world.every(({ type }) => type !== 'registered_again')
      ? []
      : 'a vehicle of a scenario keeps its model (registered_again)',
  ].flat();
}

/** Returns the faults of the plan's vehicles, each as a record of its own. */
function vehicleRecords({ vehicles }: Plan): object[] {
  return vehicles.flatMap(({ vin, faults }) =>
    faults.map(standingForm).map(({ commands, state, ...fault }) => {
      const selector = { vins: [vin], ...(commands ? { commands } : {}), ...(state ? { state } : {}) };
      return { ...fault, target: { selector } };
    }),
  );
}
