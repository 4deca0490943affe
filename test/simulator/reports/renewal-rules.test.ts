import { expect, test } from 'vitest';
import { activeMeansActive } from '../../../simulator/reports/checks/active-means-active.ts';
import { neverCharged } from '../../../simulator/reports/checks/never-charged.ts';
import { silence } from '../../../simulator/reports/checks/silence.ts';
import type { Evidence } from '../../../simulator/reports/evidence.ts';
import { changeState, corrupted, type Draft, only } from './sample.ts';
import { startedAt, vinA } from './sample-names.ts';

/** The second purchase of the sample's first vehicle, made a renewal of the first: nothing was ever sent for it. */
function renewed(change: (evidence: Draft<Evidence>) => void = () => {}): Evidence {
  return corrupted((evidence) => {
    const { database, apiIot, broker, vehicles } = evidence;
    const row = only(database.activations, ({ id }) => id === 'act_c');
    Object.assign(row, { feature: 'heated_seats', service_id: 'heated-seats' });
    changeState(row, (state) => {
      Object.assign(state, { feature: 'heated_seats', attempts: [] });
      state.delivery = {
        at: startedAt + 1_500,
        attempt: null,
        evidence: 'entitlement',
        vehicleClock: null,
      };
    });
    const owned = only(database.entitlements, ({ id }) => id === 'ent_c');
    Object.assign(owned, { feature: 'heated_seats', service_id: 'heated-seats' });
    only(evidence.ledger, ({ activationId }) => activationId === 'act_c').at = startedAt + 1_600;
    const isSent = ({ payload }: { payload: string }) => payload.includes('cmd_c1');
    evidence.broker = broker.filter((message) => !isSent(message));
    evidence.apiIot = apiIot.filter(({ id }) => id !== 'cmd_c1');
    const feature = vehicles[0]?.features[1];
    if (feature) Object.assign(feature, { state: 'dormant', version: 0 });
    change(evidence);
  });
}

test('a renewal is delivered by what it renews', () => {
  expect(neverCharged(renewed()).violations).toEqual([]);
  expect(activeMeansActive(renewed()).violations).toEqual([]);
});

test('a renewal without an owned feature, or without a vehicle’s confirmation, was not delivered', () => {
  const over = renewed(({ database }) => {
    only(database.entitlements, ({ id }) => id === 'ent_a').ended_at = startedAt + 1_000;
  });
  expect(neverCharged(over).violations).toEqual([
    `act_c: 14.90 EUR kept, but ${vinA} never reported applied`,
  ]);
  const unproven = renewed((evidence) => {
    evidence.broker = evidence.broker.filter(({ topic }) => !topic.includes('evt/'));
  });
  expect(neverCharged(unproven).violations).toContain(
    `act_c: 14.90 EUR kept, but ${vinA} never reported applied`,
  );
});

test('rule 8 expects the notification of a renewal, not that of an activation', () => {
  const told = silence(renewed()).violations.filter((sentence) => sentence.startsWith('act_c'));
  expect(told).toEqual([
    'act_c: no service_renewed by email arrived',
    'act_c: no service_renewed by push arrived',
  ]);
});
