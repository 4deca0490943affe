import { expect, test } from 'vitest';
import type { RecordRow } from '../../../gateway/store/schema.ts';
import { attempts } from '../../../simulator/reports/checks/attempts.ts';
import { itEnds } from '../../../simulator/reports/checks/it-ends.ts';
import { order } from '../../../simulator/reports/checks/order.ts';
import { quota } from '../../../simulator/reports/checks/quota.ts';
import { corrupted, only, sampleEvidence } from './sample.ts';
import { startedAt, vinA, vinB, vinC } from './sample-names.ts';
import { saidResult, saidStatus, sentCommand } from './sample-wire.ts';

test('rule 3 holds in the sample, for each of the four purchases that were accepted', () => {
  expect(itEnds(sampleEvidence())).toMatchObject({ id: 3, ok: true, examined: 4, violations: [] });
});

test('rule 3 is broken by an activation that does not end and by money that is not settled', () => {
  const evidence = corrupted(({ database: { activations } }) => {
    const stuck = only(activations, ({ id }) => id === 'act_b');
    stuck.phase = 'reversing_payment';
    stuck.ended_at = null;
    only(activations, ({ id }) => id === 'act_a').settlement = 'capturing';
  });
  expect(itEnds(evidence).violations).toEqual([
    'act_a: active, but its settlement is still capturing',
    'act_b: still reversing_payment at +6000.000 s',
  ]);
});

test('rule 3 is broken by an activation that takes longer than its policy allows', () => {
  // Six attempts of 3,500 ms, back-offs of 6,000 ms, 1,000 ms of slack: 28,000 ms for a vehicle with one activation.
  const took = (ms: number) =>
    corrupted(({ database: { activations } }) => {
      only(activations, ({ id }) => id === 'act_b').ended_at = startedAt + 200 + ms;
    });
  expect(itEnds(took(28_000)).violations).toEqual([]);
  expect(itEnds(took(28_001)).violations).toEqual(['act_b: took 2800.1 s, its policy allows 2800 s']);
});

test('rule 3 allows as many times the slack as the machine was slow', () => {
  const took = (slowness: number, ms: number) =>
    itEnds(
      corrupted((evidence) => {
        evidence.slowness = slowness;
        only(evidence.database.activations, ({ id }) => id === 'act_b').ended_at = startedAt + 200 + ms;
      }),
    ).violations;
  expect([took(2, 29_000), took(2, 29_001)]).toEqual([
    [],
    ['act_b: took 2900.1 s, its policy allows 2900 s'],
  ]);
});

test('rule 3 is broken by a revocation that is open although its vehicle can be reached', () => {
  const evidence = corrupted(({ plan }) => {
    const vehicle = plan.vehicles[1];
    if (vehicle) vehicle.faults = [{ type: 'offline', attributes: { afterMs: 100, forMs: 30_000 } }];
  });
  expect(itEnds(evidence).violations).toEqual([
    `act_r: the revocation of act_b is still queued_for_activation, but ${vinB} is reachable`,
  ]);
});

test('rule 3 is broken by a purchase that the database lost', () => {
  const evidence = corrupted(({ database: { activations } }) => {
    activations.splice(0, 1);
  });
  expect(itEnds(evidence).violations).toEqual(['3 examined instead of 4: purchases that were accepted']);
});

test('rule 6 holds in the sample, for each of the four activations whose payment was confirmed', () => {
  expect(attempts(sampleEvidence())).toMatchObject({ id: 6, ok: true, examined: 4, violations: [] });
});

test('rule 6 is broken by a seventh attempt', () => {
  const evidence = corrupted(({ apiIot }) => {
    const last = only(apiIot, ({ id }) => id === 'cmd_b6');
    apiIot.push({ ...last, id: 'cmd_b7', key: 'act_b:7', acceptedAt: last.acceptedAt + 6_000 });
  });
  expect(attempts(evidence).violations).toEqual(['act_b: attempt 7 was sent, the policy allows 6']);
});

test('rule 6 is broken by an attempt that the API IoT accepted before the back-off was over', () => {
  // Between attempts 4 and 6 lie 1,600 ms and 3,000 ms of back-off; attempt 5 never arrived.
  const evidence = corrupted(({ apiIot }) => {
    apiIot.splice(
      apiIot.findIndex(({ id }) => id === 'cmd_b5'),
      1,
    );
    const fourth = only(apiIot, ({ id }) => id === 'cmd_b4');
    only(apiIot, ({ id }) => id === 'cmd_b6').acceptedAt = fourth.acceptedAt + 4_599;
  });
  expect(attempts(evidence).violations).toEqual([
    'act_b: attempt 6 was accepted 459.9 s after attempt 4, the back-off is 460 s',
  ]);
});

test('rule 6 is broken by one attempt that was accepted twice', () => {
  const evidence = corrupted(({ apiIot }) => {
    only(apiIot, ({ id }) => id === 'cmd_b2').key = 'act_b:1';
  });
  expect(attempts(evidence).violations).toEqual(['act_b: attempt 1 was accepted twice']);
});

test('rule 6 is broken by an attempt that the record shows too early after the failure', () => {
  const evidence = corrupted(({ database: { record } }) => {
    only(
      record,
      ({ activation_id, type, data }) =>
        activation_id === 'act_a' && type.endsWith('sending_command') && data.includes('2'),
    ).at -= 1;
  });
  expect(attempts(evidence).violations).toEqual([
    'act_a: attempt 2 began 19.9 s after the previous failure, the back-off is 20 s',
  ]);
});

test('rule 6 is broken by another attempt after a recorded refusal, even if the engine treats the refusal as temporary', () => {
  const evidence = corrupted(({ database: { record } }) => {
    const failure = only(
      record,
      ({ activation_id, type }) => activation_id === 'act_a' && type === 'activation.failure',
    );
    failure.data = failure.data.replace(/"code":"[^"]*"/, '"code":"rejected"');
    expect(failure.data).toContain('"temporary":true');
  });
  expect(attempts(evidence).violations).toEqual([
    'act_a: attempt 1 failed permanently, but attempt 2 followed',
  ]);
});

test('rule 6 is broken by another attempt after a failure for good', () => {
  const evidence = corrupted(({ database: { record } }) => {
    const failure = only(
      record,
      ({ activation_id, type }) => activation_id === 'act_a' && type === 'activation.failure',
    );
    failure.data = failure.data.replace('"temporary":true', '"temporary":false');
  });
  expect(attempts(evidence).violations).toEqual([
    'act_a: attempt 1 failed permanently, but attempt 2 followed',
  ]);
});

/** The refusal of act_a's attempt 1, as the engine took its time before a write that attempt 2's start overtook. */
function addLateRefusal(record: RecordRow[]): void {
  const { at: startAt } = only(record, ({ activation_id, type, data }) => {
    return activation_id === 'act_a' && type.endsWith('sending_command') && data.includes('2');
  });
  const first = only(record, ({ activation_id, type }) => {
    return activation_id === 'act_a' && type === 'activation.failure';
  });
  const data = first.data.replace('"temporary":true', '"temporary":false');
  record.push({ ...first, id: 'rec_90', seq: 90, at: startAt - 1, data });
}

test('rule 6 holds where the record has a refusal of attempt 1 after the start of attempt 2, even if its instant is the earlier one', () => {
  const evidence = corrupted(({ database: { record } }) => addLateRefusal(record));
  expect(attempts(evidence).violations).toEqual([]);
});

test('rule 6 is broken by attempt 3 after a late refusal of attempt 1', () => {
  const evidence = corrupted(({ database: { record } }) => {
    addLateRefusal(record);
    const late = only(record, ({ id }) => id === 'rec_90');
    const type = 'activation.sending_command';
    record.push({ ...late, id: 'rec_91', seq: 91, type, data: JSON.stringify({ attempt: 3 }) });
  });
  expect(attempts(evidence).violations).toEqual([
    'act_a: attempt 1 failed permanently, but attempt 3 followed',
  ]);
});

test('rule 6 is broken by another attempt after the vehicle refused', () => {
  const evidence = corrupted(({ broker }) => {
    broker.push(saidResult(20_000, 'cmd_b5', vinB, 'heated_seats', 'rejected', 0));
  });
  expect(attempts(evidence).violations).toEqual([
    `act_b: ${vinB} rejected attempt 5, but attempt 6 followed`,
  ]);
});

test('rule 6 takes no refusal for known that the broker never had', () => {
  const evidence = corrupted(({ broker }) => {
    broker.push({ ...saidResult(20_000, 'cmd_b5', vinB, 'heated_seats', 'rejected', 0), takenAt: null });
  });
  expect(attempts(evidence).violations).toEqual([]);
});

test('rule 6 is broken by giving up early', () => {
  const evidence = corrupted(({ apiIot, database: { record } }) => {
    apiIot.splice(
      apiIot.findIndex(({ id }) => id === 'cmd_b6'),
      1,
    );
    for (const line of record.filter(
      ({ activation_id, data }) => activation_id === 'act_b' && data.includes('"attempt":6'),
    )) {
      record.splice(record.indexOf(line), 1);
    }
  });
  expect(attempts(evidence).violations).toEqual(['act_b: gave up after 5 of 6 attempts (timed_out)']);
});

test('rule 7 holds in the sample, for the two vehicles that the broker carried commands to', () => {
  expect(quota(sampleEvidence())).toMatchObject({ id: 7, ok: true, examined: 2, violations: [] });
});

test('rule 7 is broken by an eleventh command within the window, and by none at its end', () => {
  const eleven = (lastMs: number) =>
    corrupted(({ apiIot }) => {
      const first = only(apiIot, ({ id }) => id === 'cmd_c1');
      const more = Array.from({ length: 9 }, (_, index) => ({
        ...first,
        id: `cmd_x${index}`,
        key: `act_x:${index}`,
        acceptedAt: index === 8 ? startedAt + lastMs : startedAt + 1_000 + index,
      }));
      apiIot.push(...more);
    });
  expect(quota(eleven(36_349)).violations).toEqual([
    `${vinA}: 11 commands accepted between +35.000 s and +3634.900 s, within 3600 s`,
  ]);
  expect(quota(eleven(36_350)).violations).toEqual([]);
});

test('rule 7 is broken by a command that passed by the API IoT', () => {
  const evidence = corrupted(({ broker }) => {
    broker.push(sentCommand(5_000, 'cmd_z', vinC, 'heated_seats', 1));
  });
  expect(quota(evidence).violations).toEqual([
    '2 examined instead of 3: vehicles that the broker carried commands to',
    `${vinC}: the broker carried cmd_z, which the API IoT never accepted`,
  ]);
});

test('rule 9 holds in the sample, for the three vehicles of the plan', () => {
  expect(order(sampleEvidence())).toMatchObject({ id: 9, ok: true, examined: 3, violations: [] });
});

test('rule 9 is broken by a vehicle that went back to what it had before', () => {
  const evidence = corrupted(({ vehicles }) => {
    const feature = vehicles[0]?.features[0];
    if (feature) Object.assign(feature, { state: 'dormant', version: 0 });
  });
  expect(order(evidence).violations).toEqual([
    `${vinA} heated_seats: at version 0, but answered applied to version 1`,
  ]);
});

test('rule 9 is broken by a state that no command requested', () => {
  const evidence = corrupted(({ vehicles }) => {
    const [first, second] = vehicles[0]?.features ?? [];
    if (first) first.state = 'dormant';
    if (second) second.version = 4;
  });
  expect(order(evidence).violations).toEqual([
    `${vinA} heated_seats: dormant at version 1, which no command requested`,
    `${vinA} adaptive_cruise: active at version 4, which no command requested`,
  ]);
});

test('rule 9 is broken by an undisturbed vehicle that never answered, and not by one that is away', () => {
  const evidence = corrupted(({ broker }) => {
    broker.push(sentCommand(9_000, 'cmd_y', vinC, 'heated_seats', 1));
  });
  expect(order(evidence).violations).toEqual([
    `${vinC} heated_seats: at version 0, but never answered cmd_y with version 1`,
  ]);
});

test('rule 9 asks for no answer to a command that a broker forgot when it died, and only then', () => {
  const evidence = corrupted(({ broker }) => {
    broker.push({ ...sentCommand(9_000, 'cmd_y', vinC, 'heated_seats', 1), atVehicle: false });
  });
  expect(order({ ...evidence, crashes: 1 }).violations).toEqual([]);
  expect(order(evidence).violations).toEqual([
    `${vinC} heated_seats: at version 0, but never answered cmd_y with version 1`,
  ]);
});

test('rule 9 is broken by a report of a lower version after a higher one', () => {
  const evidence = corrupted(({ broker }) => {
    broker.push(saidStatus(9_000, vinA, [{ feature: 'heated_seats', state: 'dormant', version: 0 }]));
  });
  expect(order(evidence).violations).toEqual([`${vinA} heated_seats: reported version 0 after version 1`]);
});

test('rule 9 is broken by a vehicle that was not examined', () => {
  const evidence = corrupted(({ vehicles }) => {
    vehicles.pop();
  });
  expect(order(evidence).violations).toEqual(['2 examined instead of 3: vehicles in the plan']);
});
