import type { Random } from '../../shared/ports/random.ts';
import type { HttpFault } from '../faults/http-fault.ts';
import { type PlannedCustomer, planCustomers } from './plan-customers.ts';
import { type PlannedPurchase, planPurchases } from './plan-purchases.ts';
import { type PlannedVehicle, planVehicles } from './plan-vehicles.ts';
import { type Constants, compressedConstants, type Scenario } from './scenario.ts';

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
  readonly customers: readonly PlannedCustomer[];
  /** In the order of their arrival. */
  readonly purchases: readonly PlannedPurchase[];
  readonly apiIotFaults: readonly HttpFault[];
  /** Seed of the draws that the faults of the API IoT take. */
  readonly faultSeed: number;
}

/** `newRandom` is `seededRandom`; it is handed in because only a composition root chooses where chance comes from. */
export function planScenario(scenario: Scenario, seed: number, newRandom: (seed: number) => Random): Plan {
  const random = newRandom(seed);
  const customers = planCustomers(scenario, random.stream('customers'));
  const vehicles = planVehicles(scenario, customers, random);
  return {
    scenario: scenario.name,
    seed,
    timeScale: scenario.timeScale,
    constants: compressedConstants(scenario),
    telemetryEveryMs: scenario.telemetryEveryMs,
    slackMs: scenario.slackMs,
    vehicles,
    customers,
    purchases: planPurchases(scenario, vehicles, random.stream('purchases')),
    apiIotFaults: scenario.faults.apiIot,
    faultSeed: Math.floor(random.stream('faults').fraction() * 2 ** 32),
  };
}
