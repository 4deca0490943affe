import type { Random } from '../../shared/ports/random.ts';
import type { ComponentFault } from '../faults/component-fault.ts';
import {
  type ChannelFault,
  type FaultRecord,
  type ServiceFault,
  type ServiceFaultRecord,
  serviceFaultOf,
} from '../faults/fault.ts';
import type { HttpFault } from '../faults/http-fault.ts';
import type { ConnectivityProfile } from '../fleet/connectivity.ts';
import { shippedModels } from '../models/models-folder.ts';
import type { VehicleModel } from '../vehicle/models.ts';
import { type PlannedCustomer, planCustomers } from './plan-customers.ts';
import { planPurchases } from './plan-purchases.ts';
import { type PlannedVehicle, planVehicles } from './plan-vehicles.ts';
import type { PlannedAction } from './planned-action.ts';
import type { PlannedPurchase } from './planned-purchase.ts';
import { hasOwnTimes, inRunTimes } from './run-times.ts';
import { type Constants, constantsAtTimeScale, type Scenario } from './scenario.ts';

/**
 * Everything that a run does on purpose, drawn from a scenario and a seed before anything starts. Plain data: the same
 * scenario and seed give the same JSON, byte for byte, on any machine.
 */
export interface Plan {
  readonly scenario: string;
  readonly seed: number;
  readonly timeScale: number;
  /** Compressed already. */
  readonly constants: Constants;
  readonly telemetryEveryMs: number;
  readonly slackMs: number;
  readonly vehicles: readonly PlannedVehicle[];
  /** How well all of them are connected; left out: steady. */
  readonly connectivity?: ConnectivityProfile;
  readonly customers: readonly PlannedCustomer[];
  /** In the order of their arrival. */
  readonly purchases: readonly PlannedPurchase[];
  /** What people do after their purchases; left out where the scenario says nothing. */
  readonly actions?: readonly PlannedAction[];
  readonly apiIotFaults: readonly HttpFault[];
  /** In front of the payment service; left out where the scenario has none. */
  readonly paymentsFaults?: readonly HttpFault[];
  /** In front of the platform; left out where the scenario has none. */
  readonly platformFaults?: readonly HttpFault[];
  /** Of mail server and push service; left out where the scenario has none. */
  readonly channelFaults?: readonly ChannelFault[];
  /** Of the gateway's own parts; left out where the scenario has none. */
  readonly partFaults?: readonly ComponentFault[];
  /** Faults without an end last so long after the last purchase; left out: two seconds of the run. */
  readonly faultsEndAfterMs?: number;
  /** Seed of the draws that the faults of the services take. */
  readonly faultSeed: number;
  /** What the scenario expects of the report; left out where it expects no more than the rules. */
  readonly expectations?: readonly string[];
}

/** In the scenario's own time, where its file says that its times are. */
const faultsEndAfterMs = 5 * 60_000;

/** `newRandom` is `seededRandom`; it is handed in because only a composition root chooses where chance comes from. `models` are those that the fleet is built of. */
export function planScenario(
  written: Scenario,
  seed: number,
  newRandom: (seed: number) => Random,
  models: readonly VehicleModel[] = shippedModels(),
): Plan {
  const scenario = inRunTimes(written);
  const random = newRandom(seed);
  const customers = planCustomers(scenario, random.stream('customers'));
  const vehicles = planVehicles(scenario, customers, random, models);
  const records = scenario.faults.list ?? [];
  const paymentsFaults = [
    ...(scenario.faults.payments ?? []),
    ...serviceFaultsOf<HttpFault>(records, ['payments']),
  ];
  const platformFaults = serviceFaultsOf<HttpFault>(records, ['platform']);
  const channelFaults = serviceFaultsOf<ChannelFault>(records, ['mail', 'push']);
  return {
    scenario: scenario.name,
    seed,
    timeScale: scenario.timeScale,
    constants: constantsAtTimeScale(scenario),
    telemetryEveryMs: scenario.telemetryEveryMs,
    slackMs: scenario.slackMs,
    vehicles,
    ...(scenario.vehicles.connectivity ? { connectivity: scenario.vehicles.connectivity } : {}),
    customers,
    purchases: planPurchases(scenario, vehicles, random.stream('purchases'), models),
    ...(scenario.actions?.length ? { actions: scenario.actions } : {}),
    apiIotFaults: [...scenario.faults.apiIot, ...serviceFaultsOf<HttpFault>(records, ['api_iot'])],
    ...(paymentsFaults.length > 0 ? { paymentsFaults } : {}),
    ...(platformFaults.length > 0 ? { platformFaults } : {}),
    ...(channelFaults.length > 0 ? { channelFaults } : {}),
    ...(scenario.faults.parts?.length ? { partFaults: scenario.faults.parts } : {}),
    ...(hasOwnTimes(scenario)
      ? { faultsEndAfterMs: Math.max(1, Math.round(faultsEndAfterMs / scenario.timeScale)) }
      : {}),
    faultSeed: Math.floor(random.stream('faults').fraction() * 2 ** 32),
    ...(scenario.expectations?.length ? { expectations: scenario.expectations } : {}),
  };
}

/** Returns the faults of these services, which are all of the kind that they meet. */
export function serviceFaultsOf<Fault extends ServiceFault>(
  records: readonly FaultRecord[],
  services: readonly ServiceFaultRecord['target']['service'][],
): Fault[] {
  return records.flatMap((record) =>
    record.layer === 'services' && services.includes(record.target.service)
      ? [serviceFaultOf(record) as Fault]
      : [],
  );
}
