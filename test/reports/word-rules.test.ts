import { expect, test } from 'vitest';
import { runChecks } from '../../simulator/reports/checks/all.ts';
import { nothingLost } from '../../simulator/reports/checks/nothing-lost.ts';
import { sameSeed } from '../../simulator/reports/checks/same-seed.ts';
import { silence } from '../../simulator/reports/checks/silence.ts';
import { verdict } from '../../simulator/reports/verdict.ts';
import { changeState, corrupted, only, sampleEvidence } from './sample.ts';
import { vinA, vinB, vinC } from './sample-names.ts';
import { entry } from './sample-rows.ts';

test('rule 8 holds in the sample, for each of the 19 messages that the sinks received', () => {
  expect(silence(sampleEvidence())).toMatchObject({ id: 8, ok: true, examined: 19, violations: [] });
});

test('rule 8 is broken by a message that speaks of a retry', () => {
  const evidence = corrupted(({ mails, pushes }) => {
    only(mails, ({ messageId }) => messageId.includes('ntc_b_activation_started')).text = 'We are retrying.';
    only(pushes, ({ noticeId }) => noticeId === 'ntc_c_activation_started_push').body =
      'Attempt 2 is under way.';
  });
  expect(silence(evidence).violations).toEqual([
    'email ntc_b_activation_started_email "Activating your service: Heated seats" speaks of a retry',
    'push ntc_c_activation_started_push "Activating..." speaks of a retry',
  ]);
});

test('rule 8 is broken by a kind that the table does not know, and by a message that no notice ordered', () => {
  const evidence = corrupted(({ mails }) => {
    mails.push({ at: 1, messageId: 'x@y', to: 'a@example.com', subject: 'Special offer', text: '' });
  });
  expect(silence(evidence).violations).toEqual([
    '20 examined instead of 19: messages that what happened asks for',
    'email x "Special offer" is of no kind that the table knows',
    'email x "Special offer" belongs to no notice',
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
    '18 examined instead of 19: messages that what happened asks for',
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
    `${name} was to be activation_failed`,
    `${name} went to customer-0001@example.com instead of customer-0002@example.com`,
    'act_b: no activation_failed by email arrived',
  ]);
});

test('rule 8 is broken by a display that speaks of a retry, and by a text on a revocation', () => {
  const evidence = corrupted(({ vehicles, broker }) => {
    vehicles[0]?.displayed.push('Trying again');
    const command = only(broker, ({ payload }) => payload.includes('"id":"cmd_c1"'));
    command.payload = command.payload.replace('"target":"active"', '"target":"dormant"');
  });
  expect(silence(evidence).violations).toEqual([
    `the display of ${vinA} showed "Trying again", which speaks of a retry`,
    `${vinA}: cmd_c1 switches off and carries a text for the display`,
  ]);
});

test('rule 10 holds in the sample, for each of the four purchases that were accepted', () => {
  expect(nothingLost(sampleEvidence())).toMatchObject({ id: 10, ok: true, examined: 4, violations: [] });
});

test('rule 10 is broken by a purchase that is gone, one that is another, and one that nobody was told of', () => {
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
    `p-003: pur_c is adaptive-cruise for ${vinC}, not what was asked for`,
    'p-005: answered with pur_e, which the database does not have',
    'pur_x: made, and nobody was told',
  ]);
});

test('rule 10 is broken by a buyer without an answer', () => {
  const evidence = corrupted(({ answers }) => {
    const answer = only(answers, ({ plannedId }) => plannedId === 'p-003');
    Object.assign(answer, { status: null, purchaseId: null });
  });
  expect(nothingLost(evidence).violations).toEqual([
    'p-003: the buyer never got an answer',
    'pur_c: made, and nobody was told',
  ]);
});

test('rule 10 is broken by a ledger that tells another story than the database', () => {
  const evidence = corrupted(({ ledger }) => {
    ledger.splice(
      ledger.findIndex(({ kind }) => kind === 'captured'),
      1,
    );
    ledger.push(entry(9, 3_000, 'charged', 'act_z'), entry(10, 3_000, 'charged', 'act_y'));
  });
  expect(nothingLost(evidence).violations).toEqual([
    'the ledger names act_z, which the database does not have',
    'the ledger names act_y, which the database does not have',
    'act_a: captured in the database, and the ledger shows authorised',
    'the ledger holds 44.70 EUR, the database says 29.80 EUR',
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
    'cmd_b3: accepted for act_z, which the database does not have',
    'act_c: remembers cmd_q, which the API IoT does not have',
  ]);
});

test('rule 10 is broken by an answer that the broker took and the API IoT forgot, not by one that nobody took', () => {
  const sample = sampleEvidence();
  const apiIot = sample.apiIot.map((command) =>
    command.id === 'cmd_a2' ? { ...command, results: null } : command,
  );
  expect(nothingLost({ ...sample, apiIot }).violations).toEqual([
    `cmd_a2: ${vinA} answered, the broker took it, and the API IoT knows of no answer`,
  ]);
  const broker = sample.broker.map((message) => ({ ...message, takenAt: null }));
  expect(nothingLost({ ...sample, apiIot, broker }).violations).toEqual([]);
});

test('rule 10 is broken by a notice that still waits', () => {
  const evidence = corrupted(({ database: { notices } }) => {
    only(notices, ({ id }) => id === 'ntc_a_activation_successful_push').status = 'waiting';
  });
  expect(nothingLost(evidence).violations).toEqual(['act_a: activation_successful by push still waits']);
});

test('rule 10 is broken by a line of the record without its event, and by an event without its line', () => {
  const evidence = corrupted(({ events }) => {
    const event = events?.find(({ id }) => id === 'rec_4');
    if (event) event.id = 'rec_x';
  });
  expect(nothingLost(evidence).violations).toEqual([
    'line 4 of the record (activation.active) was never published',
    'event rec_x (fleetwake.activation.active) was published and never recorded',
  ]);
});

test('rule 10 leaves the event stream alone where nobody listened', () => {
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
  expect(sameSeed(evidence).violations).toEqual(['seed 7 gave another plan the second time']);
});

test('rule 11 is broken by a vehicle that was never there and a purchase that was never made', () => {
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
    `${vinC}: in the plan, and it never said that it is there`,
  ]);
});

test('rule 11 expects no word of a vehicle that is gone for good', () => {
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
    `${vinB}: in the plan, and it never said that it is there`,
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
