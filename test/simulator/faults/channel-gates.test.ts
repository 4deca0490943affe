import { expect, test } from 'vitest';
import { seededRandom } from '../../../shared/virtual/random.ts';
import { channelCounts, channelGates } from '../../../simulator/faults/channel-gates.ts';
import { type ChannelFault, faultRecordSchema } from '../../../simulator/faults/fault.ts';
import { manualClock } from '../../helpers/manual-clock.ts';

function gatesOf(...faults: readonly ChannelFault[]) {
  return channelGates({ clock: manualClock(), random: seededRandom(1) }, faults);
}

const common = { name: 'it', toxicity: 1 } as const;

test('a message is refused, not answered, taken without an answer, or taken later', () => {
  const { mail, push, takenUnanswered } = gatesOf(
    { ...common, type: 'smtp_down', attributes: { hangs: false, takes: false }, match: { recipient: 'a@' } },
    { ...common, type: 'smtp_down', attributes: { hangs: true, takes: false }, match: { recipient: 'b@' } },
    { ...common, type: 'smtp_down', attributes: { hangs: true, takes: true }, match: { recipient: 'c@' } },
    { ...common, type: 'push_slow', attributes: { latencyMs: 900 } },
  );
  expect(['a@x', 'b@x', 'c@x', 'd@x'].map((to) => mail.meets(to))).toEqual([
    { type: 'refused' },
    { type: 'unanswered', isTaken: false },
    { type: 'unanswered', isTaken: true },
    null,
  ]);
  expect(push.meets('https://push.example/a')).toEqual({ type: 'slow', latencyMs: 900 });
  expect(takenUnanswered()).toBe(1);
  expect(channelCounts({ mail, push, takenUnanswered })).toEqual({
    smtp_down: 3,
    push_down: 0,
    smtp_slow: 0,
    push_slow: 1,
  });
});

test('a fault of one recipient counts the messages to that one alone', () => {
  const { mail } = gatesOf({
    ...common,
    type: 'smtp_down',
    attributes: { hangs: false, takes: false },
    match: { recipient: 'customer-1@' },
    schedule: { from: 2, first: 1 },
  });
  mail.begin();
  const meets = (to: string) => mail.meets(`${to}@example.com`)?.type ?? null;
  expect([meets('customer-2'), meets('customer-1'), meets('customer-1'), meets('customer-1')]).toEqual([
    null,
    null,
    'refused',
    null,
  ]);
});

test('a service that takes a message and answers cannot be asked for', () => {
  const record = { name: 'x', layer: 'services', type: 'smtp_down', attributes: { takes: true } };
  expect(faultRecordSchema.safeParse(record).error?.issues).toMatchObject([
    {
      path: ['attributes', 'takes'],
      message: 'a service that takes a message answers it, unless it hangs: write hangs: true too',
    },
  ]);
});
