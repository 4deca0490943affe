import { expect, test } from 'vitest';
import { runChecks } from '../../../simulator/reports/checks/all.ts';
import { nothingLost } from '../../../simulator/reports/checks/nothing-lost.ts';
import { sameSeed } from '../../../simulator/reports/checks/same-seed.ts';
import { silence } from '../../../simulator/reports/checks/silence.ts';
import { verdict } from '../../../simulator/reports/verdict.ts';
import { changeState, corrupted, only, sampleEvidence } from './sample.ts';
import { startedAt, vinA, vinB, vinC } from './sample-names.ts';
import { entry } from './sample-rows.ts';

test('rule 8 holds in the sample, for each of the 19 messages that the sinks received', () => {
  expect(silence(sampleEvidence())).toMatchObject({ id: 8, ok: true, examined: 19, violations: [] });
});

test('rule 8 is broken by a message that mentions a retry', () => {
  const evidence = corrupted(({ mails, pushes }) => {
    only(mails, ({ messageId }) => messageId.includes('ntc_b_activation_started')).text = 'We are retrying.';
    only(pushes, ({ noticeId }) => noticeId === 'ntc_c_activation_started_push').body =
      'Attempt 2 is under way.';
  });
  expect(silence(evidence).violations).toEqual([
    'email ntc_b_activation_started_email "Activating your service: Heated seats" mentions a retry',
    'push ntc_c_activation_started_push "Activating..." mentions a retry',
  ]);
});

test('rule 8 is broken by a kind that is not specified, and by a message without a notification', () => {
  const evidence = corrupted(({ mails }) => {
    mails.push({ at: 1, messageId: 'x@y', to: 'a@example.com', subject: 'Special offer', text: '' });
  });
  expect(silence(evidence).violations).toEqual([
    '20 examined instead of 19: notifications that the specification requires',
    'email x "Special offer" is of no specified kind',
    'email x "Special offer" belongs to no notification',
  ]);
});

test('rule 8 is broken by a message that never arrived', () => {
  const evidence = corrupted(({ pushes }) => {
    pushes.splice(
      pushes.findIndex(({ noticeId }) => noticeId === 'ntc_e_activation_failed_push'),
      1,
    );
  });
  expect(silence(evidence).violations).toEqual([
    '18 examined instead of 19: notifications that the specification requires',
    'act_e: no activation_failed by push arrived',
  ]);
});

test('rule 8 asks for no message on a channel that is dead', () => {
  const evidence = corrupted(({ pushes, database: { notices } }) => {
    pushes.splice(
      pushes.findIndex(({ noticeId }) => noticeId === 'ntc_e_activation_failed_push'),
      1,
    );
    only(notices, ({ id }) => id === 'ntc_e_activation_failed_push').status = 'dead';
  });
  expect(silence(evidence)).toMatchObject({ examined: 18, violations: [] });
});

test('rule 8 is broken by words of another kind and by another recipient', () => {
  const evidence = corrupted(({ mails }) => {
    const mail = only(mails, ({ messageId }) => messageId.includes('ntc_b_activation_failed'));
    mail.subject = 'Your Heated seats is now active';
    mail.to = 'customer-0001@example.com';
  });
  const name = 'email ntc_b_activation_failed_email "Your Heated seats is now active"';
  expect(silence(evidence).violations).toEqual([
    `${name} should be activation_failed`,
    `${name} went to customer-0001@example.com instead of customer-0002@example.com`,
    'act_b: no activation_failed by email arrived',
  ]);
});

test('rule 8 is broken by a display text that mentions a retry, and by a text on a revocation', () => {
  const evidence = corrupted(({ vehicles, broker }) => {
    vehicles[0]?.displayed.push('Trying again');
    const command = only(broker, ({ payload }) => payload.includes('"id":"cmd_c1"'));
    command.payload = command.payload.replace('"target":"active"', '"target":"dormant"');
  });
  expect(silence(evidence).violations).toEqual([
    `the display of ${vinA} showed "Trying again", which mentions a retry`,
    `${vinA}: cmd_c1 deactivates a feature, but carries a display text`,
  ]);
});

test('rule 8 is broken by a start notification that is sent late, made late or missing', () => {
  const evidence = corrupted(({ mails, database: { notices, record } }) => {
    only(mails, ({ messageId }) => messageId.includes('ntc_a_activation_started')).at = startedAt + 1_711;
    only(notices, ({ id }) => id === 'ntc_c_activation_started_push').created_at = startedAt + 601;
    for (const list of [notices, mails] as { id?: string; messageId?: string }[][]) {
      const index = list.findIndex(({ id, messageId }) =>
        (id ?? messageId ?? '').startsWith('ntc_b_activation_started'),
      );
      list.splice(index, 1);
    }
    for (const line of record) if (line.activation_id === 'act_b') line.type = 'activation.failure';
  });
  expect(silence(evidence).violations.filter((text) => text.includes('activation_started'))).toEqual([
    'act_a: activation_started by email came 160.1 s after the payment, 160 s are allowed',
    'act_b: no activation_started was made within a minute of the payment',
    'act_c: activation_started by push was made 0.1 s after the activation was queued',
  ]);
});

test('rule 8 allows a start notification as many times the slack as the machine was slow', () => {
  const violations = (slowness: number, tookMs: number) =>
    silence(
      corrupted((evidence) => {
        evidence.slowness = slowness;
        const mail = only(evidence.mails, ({ messageId }) => messageId.includes('ntc_a_activation_started'));
        mail.at = startedAt + 110 + tookMs;
      }),
    ).violations;
  expect([violations(1, 1_600), violations(3, 3_600)]).toEqual([[], []]);
  expect([...violations(1, 1_601), ...violations(3, 3_601)]).toEqual([
    'act_a: activation_started by email came 160.1 s after the payment, 160 s are allowed',
    'act_a: activation_started by email came 360.1 s after the payment, 360 s are allowed',
  ]);
});

test('rule 10 holds in the sample, for each of the four purchases that were accepted', () => {
  expect(nothingLost(sampleEvidence())).toMatchObject({ id: 10, ok: true, examined: 4, violations: [] });
});

test('rule 10 is broken by a purchase that is gone, one that is another, and one that no response named', () => {
  const evidence = corrupted(({ database: { purchases } }) => {
    purchases.splice(
      purchases.findIndex(({ id }) => id === 'pur_e'),
      1,
    );
    only(purchases, ({ id }) => id === 'pur_c').vin = vinC;
    const [first] = purchases;
    if (first) purchases.push({ ...first, id: 'pur_x' });
  });
  expect(nothingLost(evidence).violations).toEqual([
    '3 examined instead of 4: purchases that were accepted',
    `p-003: pur_c is adaptive-cruise for ${vinC}, not what was requested`,
    'p-005: the response names pur_e, which is not in the database',
    'pur_x: created, but no response named it',
  ]);
});

test('rule 10 is broken by a buyer without an answer', () => {
  const evidence = corrupted(({ answers }) => {
    const answer = only(answers, ({ plannedId }) => plannedId === 'p-003');
    Object.assign(answer, { status: null, purchaseId: null });
  });
  expect(nothingLost(evidence).violations).toEqual([
    'p-003: the buyer received no response',
    'pur_c: created, but no response named it',
  ]);
});

test('rule 10 is broken by a ledger that differs from the database', () => {
  const evidence = corrupted(({ ledger }) => {
    ledger.splice(
      ledger.findIndex(({ kind }) => kind === 'captured'),
      1,
    );
    ledger.push(entry(9, 3_000, 'charged', 'act_z'), entry(10, 3_000, 'charged', 'act_y'));
  });
  expect(nothingLost(evidence).violations).toEqual([
    'the ledger names act_z, which is not in the database',
    'the ledger names act_y, which is not in the database',
    'act_a: captured in the database, but the ledger shows authorised',
    'the ledger total is 44.70 EUR, the database total is 29.80 EUR',
  ]);
});

test('rule 10 is broken by commands that only one side knows', () => {
  const evidence = corrupted(({ apiIot, database: { activations } }) => {
    only(apiIot, ({ id }) => id === 'cmd_b3').reference = 'act_z';
    changeState(
      only(activations, ({ id }) => id === 'act_c'),
      ({ attempts: [first] }) => {
        if (first) first.commandId = 'cmd_q';
      },
    );
  });
  expect(nothingLost(evidence).violations).toEqual([
    'cmd_b3: accepted for act_z, which is not in the database',
    'act_c: names cmd_q, which the API IoT does not have',
  ]);
});

test('rule 10 is broken by a result that the broker acknowledged and the API IoT lost, not by an unacknowledged one', () => {
  const sample = sampleEvidence();
  const apiIot = sample.apiIot.map((command) =>
    command.id === 'cmd_a2' ? { ...command, results: null } : command,
  );
  expect(nothingLost({ ...sample, apiIot }).violations).toEqual([
    `cmd_a2: the broker acknowledged the result of ${vinA}, but the API IoT has no result`,
  ]);
  const broker = sample.broker.map((message) => ({ ...message, takenAt: null }));
  expect(nothingLost({ ...sample, apiIot, broker }).violations).toEqual([]);
});

test('rule 10 is broken by a notification that is still waiting', () => {
  const evidence = corrupted(({ database: { notices } }) => {
    only(notices, ({ id }) => id === 'ntc_a_activation_successful_push').status = 'waiting';
  });
  expect(nothingLost(evidence).violations).toEqual(['act_a: activation_successful by push is still waiting']);
});

test('rule 10 is broken by a purchase history line without its event, and by an event without its line', () => {
  const evidence = corrupted(({ events }) => {
    const event = events?.find(({ id }) => id === 'rec_4');
    if (event) event.id = 'rec_x';
  });
  expect(nothingLost(evidence).violations).toEqual([
    'line 4 of the purchase history (activation.active) was never published',
    'event rec_x (fleetwake.activation.active) was published, but is not in the purchase history',
  ]);
});

test('rule 10 does not judge the event stream where no consumer was connected', () => {
  const evidence = corrupted((draft) => {
    draft.events = null;
  });
  expect(nothingLost(evidence).violations).toEqual([]);
});

test('rule 11 holds in the sample, for the three vehicles and five purchases of the plan', () => {
  expect(sameSeed(sampleEvidence())).toMatchObject({ id: 11, ok: true, examined: 8, violations: [] });
});

test('rule 11 is broken by another plan from the same seed', () => {
  const evidence = corrupted((draft) => {
    draft.planAgain = draft.planAgain.replace('"atMs":300', '"atMs":301');
  });
  expect(sameSeed(evidence).violations).toEqual(['seed 7 produced a different plan the second time']);
});

test('rule 11 is broken by a missing vehicle and a missing purchase', () => {
  const evidence = corrupted(({ broker, answers, vehicles }) => {
    broker.splice(
      broker.findIndex(({ topic }) => topic.includes(vinC)),
      1,
    );
    vehicles.splice(1, 1);
    answers.pop();
  });
  expect(sameSeed(evidence).violations).toEqual([
    '6 examined instead of 8: vehicles and purchases in the plan',
    `${vinC}: in the plan, but it never published its status`,
  ]);
});

test('rule 11 expects no status from a vehicle that is offline permanently', () => {
  const silent = (forMs: number | null) =>
    corrupted((draft) => {
      draft.broker.splice(
        draft.broker.findIndex(({ topic }) => topic.includes(`${vinB}/evt`)),
        1,
      );
      const vehicle = draft.plan.vehicles[1];
      if (vehicle) vehicle.faults = [{ type: 'offline', attributes: { afterMs: 100, forMs } }];
      draft.planAgain = JSON.stringify(draft.plan);
    });
  expect(sameSeed(silent(9_000)).violations).toEqual([
    `${vinB}: in the plan, but it never published its status`,
  ]);
  expect(sameSeed(silent(null)).violations).toEqual([]);
});

test('one check a rule is run, in the order of the rules', () => {
  expect(runChecks(sampleEvidence()).map(({ id, ok }) => [id, ok])).toEqual(
    [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11].map((id) => [id, true]),
  );
});

test('a verdict shows the first 20 violations and counts all', () => {
  const found = Array.from({ length: 25 }, (_, index) => `violation ${index + 1}`);
  expect(verdict({ id: 1, title: 'A rule' }, 3, { count: 3, name: 'cases' }, found)).toEqual({
    id: 1,
    title: 'A rule',
    ok: false,
    examined: 3,
    violations: found.slice(0, 20),
    violationCount: 25,
  });
});
