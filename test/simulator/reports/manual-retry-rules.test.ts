import { expect, test } from 'vitest';
import { activeMeansActive } from '../../../simulator/reports/checks/active-means-active.ts';
import { runChecks } from '../../../simulator/reports/checks/all.ts';
import { exactlyOnce } from '../../../simulator/reports/checks/exactly-once.ts';
import { failedMeansOff } from '../../../simulator/reports/checks/failed-means-off.ts';
import type { Evidence } from '../../../simulator/reports/evidence.ts';
import { changeState, corrupted, type Draft, only } from './sample.ts';
import { startedAt, vinB } from './sample-names.ts';
import { entitlement, entry, ticket } from './sample-rows.ts';
import { saidResult, sentCommand } from './sample-wire.ts';

/** A technician has tried `act_b` once more, and the vehicle has applied it. */
function retried(change: (evidence: Draft<Evidence>) => void = () => {}): Evidence {
  return corrupted((evidence) => {
    const { database, apiIot, broker, vehicles } = evidence;
    const row = structuredClone(only(database.activations, ({ id }) => id === 'act_c'));
    Object.assign(row, { id: 'act_m', purchase_id: 'pur_b', parent_id: 'act_b', vin: vinB });
    Object.assign(row, { feature: 'heated_seats', service_id: 'heated-seats', settlement: null });
    changeState(row, (state) => {
      Object.assign(state, { id: 'act_m', vin: vinB, feature: 'heated_seats', origin: 'support' });
      Object.assign(state, { settlement: null, attempts: [] });
    });
    database.activations.push(row);
    database.entitlements.push({ ...entitlement('b', vinB, 'heated_seats', 40_000), source: 'goodwill' });
    const command = structuredClone(only(apiIot, ({ id }) => id === 'cmd_c1'));
    Object.assign(command, { id: 'cmd_m1', key: 'act_m:1', reference: 'act_m', vin: vinB });
    command.features = [{ feature: 'heated_seats', target: 'active', version: 7 }];
    command.acceptedAt = startedAt + 39_000;
    apiIot.push(command);
    broker.push(sentCommand(39_010, 'cmd_m1', vinB, 'heated_seats', 7));
    broker.push(saidResult(39_200, 'cmd_m1', vinB, 'heated_seats', 'applied', 7));
    const feature = vehicles[1]?.features[0];
    if (feature) Object.assign(feature, { state: 'active', version: 7 });
    change(evidence);
  });
}

test('no rule is broken by a manual retry that delivered free of charge', () => {
  expect(runChecks(retried()).filter(({ ok }) => !ok)).toEqual([]);
});

test('rule 2 is broken by a manual retry that moves money or has a ticket of its own', () => {
  const evidence = retried(({ ledger, database }) => {
    ledger.push(entry(8, 39_500, 'charged', 'act_m'));
    database.tickets.push({ ...ticket('m', vinB, 'HIGH', 40_000), activation_id: 'act_m' });
  });
  expect(exactlyOnce(evidence).violations).toEqual([
    'act_m: free of charge, but the ledger shows charged',
    'act_m: manual retry, but has a ticket tkt_m of its own',
  ]);
});

test('rule 4 is broken by a manual retry that is called active and gives nothing', () => {
  const evidence = retried(({ database, broker }) => {
    database.entitlements.pop();
    broker.pop();
  });
  expect(activeMeansActive(evidence).violations).toEqual([
    `act_m: active, but ${vinB} never reported applied`,
    `act_m: active, but no entitlement exists for heated_seats on ${vinB}`,
  ]);
});

test('rule 5 is broken by a manual retry that failed and left the feature on', () => {
  const evidence = retried(({ database, plan }) => {
    only(database.activations, ({ id }) => id === 'act_m').phase = 'failed';
    database.entitlements.pop();
    const vehicle = plan.vehicles[1];
    if (vehicle) vehicle.faults = [];
  });
  expect(failedMeansOff(evidence).violations).toEqual([
    `act_b: failed, but heated_seats is active on ${vinB}`,
    `act_m: failed, but heated_seats is active on ${vinB}`,
  ]);
});
