import { isGoneForGood } from '../../scenarios/plan-vehicles.ts';
import type { Evidence } from '../evidence.ts';
import { type Reading, readingOf } from '../reading.ts';
import { type Verdict, verdict } from '../verdict.ts';

const rule = {
  id: 11,
  title: 'Same seed, same plan, and the run follows the plan (a live run reproduces only the plan)',
};

/**
 * Rule 11 as far as a live run can hold it: the seed gives the same plan again, byte for byte, and the run did what the
 * plan says: every vehicle was there and every purchase was made.
 */
export function sameSeed(evidence: Evidence, reading: Reading = readingOf(evidence)): Verdict {
  const { plan } = evidence;
  const violations: string[] = [];
  if (JSON.stringify(plan) !== evidence.planAgain) {
    violations.push(`seed ${plan.seed} produced a different plan the second time`);
  }
  const announced = new Set(reading.log.statuses.map((status) => status.vin));
  const here = new Set(evidence.vehicles.map((vehicle) => vehicle.vin));
  let examined = 0;
  for (const vehicle of plan.vehicles) {
    const { vin } = vehicle;
    if (!here.has(vin)) continue;
    examined += 1;
    // One that leaves for good may do so before it has said anything.
    if (!isGoneForGood(vehicle) && !announced.has(vin)) {
      violations.push(`${vin}: in the plan, but it never published its status`);
    }
  }
  const made = new Set(evidence.answers.map((answer) => answer.plannedId));
  examined += plan.purchases.filter((purchase) => made.has(purchase.id)).length;
  return verdict(
    rule,
    examined,
    { count: plan.vehicles.length + plan.purchases.length, name: 'vehicles and purchases in the plan' },
    violations,
  );
}
