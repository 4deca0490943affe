import { expect, test } from 'vitest';
import { activeMeansActive } from '../../../simulator/reports/checks/active-means-active.ts';
import { exactlyOnce } from '../../../simulator/reports/checks/exactly-once.ts';
import { failedMeansOff } from '../../../simulator/reports/checks/failed-means-off.ts';
import { neverCharged } from '../../../simulator/reports/checks/never-charged.ts';
import { changeState, corrupted, only, sampleEvidence } from './sample.ts';
import { vinA, vinB } from './sample-names.ts';
import { entry } from './sample-rows.ts';
import { saidStatus } from './sample-wire.ts';

test('rule 1 holds in the sample, for each of the four activations in the ledger', () => {
  expect(neverCharged(sampleEvidence())).toEqual({
    id: 1,
    title: 'No charge for an activation that was not delivered',
    ok: true,
    examined: 4,
    violations: [],
    violationCount: 0,
  });
});

test('rule 1 is broken by money that was kept without any word of the vehicle', () => {
  const evidence = corrupted(({ broker }) => {
    const said = broker.filter(({ topic, at }) => topic.includes(vinA) && topic.includes('evt') && at > 0);
    for (const message of said) {
      message.payload = message.payload.replaceAll('"applied"', '"failed"').replace('"active"', '"dormant"');
    }
  });
  expect(neverCharged(evidence).violations).toEqual([
    `act_a: 14.90 EUR kept, but ${vinA} never reported applied`,
    `act_c: 14.90 EUR kept, but ${vinA} never reported applied`,
  ]);
});

test('rule 1 takes no result of another vehicle for this one', () => {
  const evidence = corrupted(({ broker }) => {
    for (const message of broker) {
      if (message.topic.includes('evt/')) message.topic = message.topic.replace(vinA, vinB);
    }
  });
  expect(neverCharged(evidence).violationCount).toBe(2);
});

test('rule 1 takes no result for a command of another activation', () => {
  const evidence = corrupted(({ apiIot, broker }) => {
    only(apiIot, (command) => command.id === 'cmd_a2').key = 'act_z:2';
    broker.splice(
      broker.findIndex(({ topic, payload }) => topic.includes('status') && payload.includes('"version":1')),
      1,
    );
  });
  expect(neverCharged(evidence).violations).toEqual([
    `act_a: 14.90 EUR kept, but ${vinA} never reported applied`,
  ]);
});

test('rule 1 takes a reported state at the version of the command for a result', () => {
  const lost = (version: number) =>
    corrupted(({ broker }) => {
      const from = broker.findIndex(
        ({ payload }) => payload.includes('cmd_a2') && payload.includes('applied"'),
      );
      broker.splice(
        from + 1,
        2,
        saidStatus(551, vinA, [{ feature: 'heated_seats', state: 'active', version }]),
      );
    });
  expect(neverCharged(lost(1)).violations).toEqual([]);
  expect(neverCharged(lost(0)).violations).toEqual([
    `act_a: 14.90 EUR kept, but ${vinA} never reported applied`,
  ]);
});

test('rule 1 is broken by a capture before the delivery', () => {
  const evidence = corrupted(({ ledger }) => {
    only(ledger, ({ kind }) => kind === 'captured').at -= 600;
  });
  expect(neverCharged(evidence).violations).toEqual([
    `act_a: captured at +40.000 s, before ${vinA} reported applied at +55.000 s`,
  ]);
});

test('rule 1 is broken by a failed activation whose money comes back later', () => {
  const evidence = corrupted(({ ledger }) => {
    only(ledger, ({ kind }) => kind === 'refunded').at += 1_000;
    only(ledger, ({ kind }) => kind === 'voided').at += 1_000;
  });
  expect(neverCharged(evidence).violations).toEqual([
    'act_b: failed at +2601.000 s, but 14.90 EUR still held or captured at +2601.000 s',
    'act_e: failed at +57.000 s, but 14.90 EUR still held or captured at +57.000 s',
  ]);
});

test('rule 1 is broken by a ledger entry of an unknown activation', () => {
  const evidence = corrupted(({ ledger }) => {
    ledger.push(entry(8, 3_000, 'charged', 'act_z'));
  });
  expect(neverCharged(evidence).violations).toEqual(['4 examined instead of 5: activations in the ledger']);
});

test('rule 2 holds in the sample, for each of the four purchases that were accepted', () => {
  expect(exactlyOnce(sampleEvidence())).toMatchObject({ id: 2, ok: true, examined: 4, violations: [] });
});

test('rule 2 is broken by a second capture and by another amount', () => {
  const twice = corrupted(({ ledger }) => {
    ledger.push(entry(8, 1_100, 'captured', 'act_a'));
  });
  expect(exactlyOnce(twice).violations).toEqual([
    'act_a: 29.80 EUR charged, the price is 14.90 EUR',
    'act_a: captured 2 times',
  ]);
  const other = corrupted(({ ledger }) => {
    only(ledger, ({ activationId }) => activationId === 'act_c').amountMinor = 1_500;
  });
  expect(exactlyOnce(other).violations).toEqual([
    'act_c: 15.00 EUR charged, the price is 14.90 EUR',
    'act_c: charged 15.00 EUR, the price is 14.90 EUR',
  ]);
});

test('rule 2 is broken by a second ticket, and by a ticket for what is active', () => {
  const evidence = corrupted(({ database: { tickets } }) => {
    const [first] = tickets;
    if (first) tickets.push({ ...first, id: 'tkt_x' }, { ...first, id: 'tkt_y', activation_id: 'act_a' });
  });
  expect(exactlyOnce(evidence).violations).toEqual([
    'act_a: 1 tickets instead of 0, phase active',
    'act_b: 2 tickets instead of 1, phase failed',
  ]);
});

test('rule 2 is broken by a second notification of a kind', () => {
  const evidence = corrupted(({ mails, database: { notices } }) => {
    const row = only(notices, ({ id }) => id === 'ntc_a_activation_successful_email');
    const mail = only(mails, ({ messageId }) => messageId.startsWith(row.id));
    notices.push({ ...row, id: 'ntc_x' });
    mails.push({ ...mail, messageId: 'ntc_x@caas.example' });
  });
  expect(exactlyOnce(evidence).violations).toEqual(['act_a: activation_successful by email sent 2 times']);
});

test('rule 2 allows the same message again only for each crash', () => {
  const twice = (crashes: number) =>
    corrupted((evidence) => {
      evidence.crashes = crashes;
      const mail = only(evidence.mails, ({ messageId }) => messageId.includes('ntc_b_activation_failed'));
      evidence.mails.push({ ...mail, at: mail.at + 1_000 });
    });
  expect(exactlyOnce(twice(1)).violations).toEqual([]);
  expect(exactlyOnce(twice(0)).violations).toEqual([
    'act_b: ntc_b_activation_failed_email arrived 2 times, 0 crashes allow 1',
  ]);
});

test('rule 4 holds in the sample, for the two activations that their vehicle confirmed', () => {
  expect(activeMeansActive(sampleEvidence())).toMatchObject({ id: 4, ok: true, examined: 2, violations: [] });
});

test('rule 4 is broken by what is called active and was never confirmed', () => {
  const evidence = corrupted(({ database: { activations } }) => {
    only(activations, ({ id }) => id === 'act_b').phase = 'active';
  });
  expect(activeMeansActive(evidence).violations).toEqual([
    '3 examined instead of 2: activations confirmed by a vehicle and not reversed',
    'act_b: active, but 0.00 EUR of 14.90 EUR captured',
    'act_b: active, but its purchase is failed',
    `act_b: active, but ${vinB} never reported applied`,
    `act_b: active, but no entitlement exists for heated_seats on ${vinB}`,
  ]);
});

test('rule 4 is broken by a forgotten capture, and not by one that was permanently declined', () => {
  const forgotten = (status: 'active' | 'payment_failed') =>
    corrupted(({ ledger, database: { purchases } }) => {
      ledger.splice(
        ledger.findIndex(({ kind }) => kind === 'captured'),
        1,
      );
      only(purchases, ({ id }) => id === 'pur_a').status = status;
    });
  expect(activeMeansActive(forgotten('active')).violations).toEqual([
    'act_a: active, but 0.00 EUR of 14.90 EUR captured',
  ]);
  expect(activeMeansActive(forgotten('payment_failed')).violations).toEqual([]);
});

test('rule 4 is broken by a feature that is dormant although it is owned', () => {
  const evidence = corrupted(({ vehicles }) => {
    const feature = vehicles[0]?.features[0];
    if (feature) feature.state = 'dormant';
  });
  expect(activeMeansActive(evidence).violations).toEqual([
    `act_a: active, but heated_seats is dormant on ${vinA}`,
  ]);
});

test('rule 4 is broken by a delivery that the platform does not call active', () => {
  const evidence = corrupted(({ database: { activations } }) => {
    only(activations, ({ id }) => id === 'act_a').phase = 'waiting_response';
  });
  expect(activeMeansActive(evidence).violations).toEqual([
    '1 examined instead of 2: activations confirmed by a vehicle and not reversed',
  ]);
});

test('rule 5 holds in the sample, for the two activations whose payment was reversed', () => {
  expect(failedMeansOff(sampleEvidence())).toMatchObject({ id: 5, ok: true, examined: 2, violations: [] });
});

test('rule 5 is broken by a missing ticket and by one without its diagnostics', () => {
  const evidence = corrupted(({ database: { tickets } }) => {
    const ticket = only(tickets, ({ id }) => id === 'tkt_e');
    const fields = JSON.parse(ticket.fields) as Record<string, unknown>;
    delete fields.vehicleStatusSnapshot;
    fields.networkSignalStrength = null;
    ticket.fields = JSON.stringify(fields);
    tickets.splice(0, 1);
  });
  expect(failedMeansOff(evidence).violations).toEqual([
    'act_b: failed without a ticket',
    'act_e: ticket tkt_e lacks vehicleStatusSnapshot, networkSignalStrength',
  ]);
});

test('rule 5 is broken by a customer notified before the reversal', () => {
  const evidence = corrupted(({ mails }) => {
    only(mails, ({ messageId }) => messageId.includes('ntc_b_activation_failed')).at -= 100;
  });
  expect(failedMeansOff(evidence).violations).toEqual([
    'act_b: "not charged" sent by email at +2595.000 s, before the reversal at +2600.000 s',
  ]);
});

test('rule 5 is broken by a payment that was never reversed', () => {
  const evidence = corrupted(({ ledger }) => {
    ledger.splice(
      ledger.findIndex(({ kind }) => kind === 'refunded'),
      1,
    );
  });
  expect(failedMeansOff(evidence).violations).toEqual([
    '2 examined instead of 1: activations with a reversal in the ledger',
    'act_e: failed, but 14.90 EUR never reversed',
  ]);
});

test('rule 5 lets a feature stay on only where the vehicle is out of reach and the obligation stands', () => {
  const on = (change: { reachable: boolean; obliged: boolean }) =>
    corrupted(({ vehicles, plan, database: { activations } }) => {
      const feature = vehicles[1]?.features[0];
      if (feature) feature.state = 'active';
      const vehicle = plan.vehicles[1];
      if (vehicle && change.reachable) vehicle.faults = [];
      if (!change.obliged)
        activations.splice(
          activations.findIndex(({ kind }) => kind === 'revocation'),
          1,
        );
    });
  const broken = [`act_b: failed, but heated_seats is active on ${vinB}`];
  expect(failedMeansOff(on({ reachable: false, obliged: true })).violations).toEqual([]);
  expect(failedMeansOff(on({ reachable: true, obliged: true })).violations).toEqual(broken);
  expect(failedMeansOff(on({ reachable: false, obliged: false })).violations).toEqual(broken);
});

test('rule 5 leaves a feature on that another purchase owns', () => {
  const evidence = corrupted(({ vehicles, plan, database: { entitlements } }) => {
    const feature = vehicles[1]?.features[0];
    const vehicle = plan.vehicles[1];
    if (feature) feature.state = 'active';
    if (vehicle) vehicle.faults = [];
    const [first] = entitlements;
    if (first) entitlements.push({ ...first, id: 'ent_x', vin: vinB });
  });
  expect(failedMeansOff(evidence).violations).toEqual([]);
});

test('rule 5 is broken by a purchase that is not called failed', () => {
  const evidence = corrupted(({ database: { purchases, activations } }) => {
    only(purchases, ({ id }) => id === 'pur_b').status = 'pending';
    changeState(
      only(activations, ({ id }) => id === 'act_b'),
      (state) => {
        state.dueAt = 1;
      },
    );
  });
  expect(failedMeansOff(evidence).violations).toEqual(['act_b: failed, but its purchase is pending']);
});
