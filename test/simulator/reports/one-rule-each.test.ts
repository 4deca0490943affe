import { expect, test } from 'vitest';
import { runChecks } from '../../../simulator/reports/checks/all.ts';
import type { Evidence } from '../../../simulator/reports/evidence.ts';
import { corrupted, type Draft, only, sampleEvidence } from './sample.ts';
import { startedAt, vinA } from './sample-names.ts';
import { saidStatus } from './sample-wire.ts';

/** For each rule evidence that breaks it and no other: without that check the run would pass. */
const corruptions: readonly { id: number; title: string; change: (evidence: Draft<Evidence>) => void }[] = [
  {
    id: 1,
    title: 'payment is captured before the vehicle reported applied',
    change({ ledger }) {
      only(ledger, ({ kind, activationId }) => kind === 'captured' && activationId === 'act_a').at =
        startedAt + 500;
    },
  },
  {
    id: 2,
    title: 'a failure has two tickets',
    change({ database: { tickets } }) {
      const ticket = only(tickets, ({ id }) => id === 'tkt_e');
      tickets.push({ ...ticket, id: 'tkt_e2' });
    },
  },
  {
    id: 3,
    title: 'an activation takes a millisecond longer than its policy allows',
    change({ database: { activations } }) {
      only(activations, ({ id }) => id === 'act_b').ended_at = startedAt + 28_201;
    },
  },
  {
    id: 4,
    title: 'an active feature has no entitlement',
    change({ database: { entitlements } }) {
      entitlements.splice(0, 1);
    },
  },
  {
    id: 5,
    title: 'a ticket lacks a reading of the diagnostics',
    change({ database: { tickets } }) {
      const ticket = only(tickets, ({ id }) => id === 'tkt_e');
      ticket.fields = JSON.stringify({ ...JSON.parse(ticket.fields), vehicleStatusSnapshot: null });
    },
  },
  {
    id: 6,
    title: 'an attempt begins a millisecond before its back-off is over',
    change({ database: { record } }) {
      const start = only(
        record,
        ({ type, data, activation_id: id }) =>
          id === 'act_b' && type === 'activation.sending_command' && data.includes('"attempt":2'),
      );
      start.at -= 1;
    },
  },
  {
    id: 7,
    title: 'eleven commands are accepted within the window',
    change({ apiIot }) {
      const first = only(apiIot, ({ id }) => id === 'cmd_c1');
      const more = Array.from({ length: 9 }, (_, index) => ({ ...first, id: `cmd_x${index}`, key: null }));
      apiIot.push(...more);
    },
  },
  {
    id: 8,
    title: 'a mail mentions a retry',
    change({ mails }) {
      only(mails, ({ messageId }) => messageId.includes('ntc_b_activation_failed')).text += ' We will retry.';
    },
  },
  {
    id: 8,
    title: 'the start of an activation is told after a minute and the slack of the run',
    change({ pushes }) {
      only(pushes, ({ noticeId }) => noticeId === 'ntc_c_activation_started_push').at = startedAt + 1_911;
    },
  },
  {
    id: 8,
    title: 'an activation that is queued tells of its start only when its first attempt begins',
    change({ database: { record }, events }) {
      const line = only(
        record,
        ({ type, activation_id: id }) => id === 'act_c' && type.endsWith('sending_command'),
      );
      record.push({ ...line, seq: 99, id: 'rec_99', at: startedAt + 330, type: 'activation.postponed' });
      events?.push({ id: 'rec_99', type: 'fleetwake.activation.postponed' });
    },
  },
  {
    id: 9,
    title: 'a vehicle reports a lower version than before',
    change({ broker }) {
      broker.push(saidStatus(5_000, vinA, [{ feature: 'heated_seats', state: 'dormant', version: 0 }]));
    },
  },
  {
    id: 10,
    title: 'a line of the record was never published',
    change({ events }) {
      events?.splice(0, 1);
    },
  },
  {
    id: 11,
    title: 'the seed gives another plan the second time',
    change(evidence) {
      evidence.planAgain = '{}';
    },
  },
];

test('the sample breaks no rule', () => {
  expect(brokenIn(sampleEvidence())).toEqual([]);
});

test.each(corruptions)('rule $id alone is broken where $title', ({ id, change }) => {
  expect(brokenIn(corrupted(change))).toEqual([id]);
});

function brokenIn(evidence: Evidence): number[] {
  return runChecks(evidence)
    .filter(({ ok }) => !ok)
    .map(({ id }) => id);
}
