import { expect, test } from 'vitest';
import type { BrokerMessage } from '../../../simulator/reports/evidence.ts';
import { judgeRun } from '../../../simulator/reports/judge-run.ts';
import { sampleEvidence } from './sample.ts';

test('a run is judged and reported from one reading of what the broker carried', () => {
  const sample = sampleEvidence();
  const read = new Map<number, number>();
  const broker = sample.broker.map(
    (message, index): BrokerMessage => ({
      ...message,
      get payload() {
        read.set(index, (read.get(index) ?? 0) + 1);
        return message.payload;
      },
    }),
  );
  const { checks } = judgeRun({ ...sample, broker }, { world: 'virtual' });
  expect(checks.map(({ id, ok }) => [id, ok])).toEqual(checks.map((_, index) => [index + 1, true]));
  expect(checks.length).toBe(11);
  expect([...read.values()]).toEqual(broker.map(() => 1));
});
