import { expect, test } from 'vitest';
import { progressLine, progressWriter } from '../../../simulator/cli/progress.ts';
import type { Progress } from '../../../simulator/run/run-context.ts';

const running: Progress = {
  step: 'running',
  elapsedMs: 12_000,
  vehiclesConnected: 3,
  purchases: 2,
  purchasesPlanned: 5,
  remaining: { until: 'purchases and faults end', ms: 90_000 },
  phases: { active: 1, sending_command: 1 },
};

test('a line says how long the step still takes', () => {
  expect(progressLine(running)).toBe(
    ' 12 s · running · 3 vehicles connected · 2/5 purchases · 1 active · 0 failed · 1 open · purchases and faults end in 1.5 min',
  );
  const settling: Progress = {
    ...running,
    step: 'settling',
    remaining: { until: 'everything has ended', ms: 42_000 },
  };
  expect(progressLine(settling)).toMatch(/ · everything has ended in 42 s at most$/);
  const connecting: Progress = {
    ...{ ...running, step: 'connecting', purchases: 0, phases: {} },
    remaining: { until: 'all vehicles are connected', ms: 42_000 },
  };
  expect(progressLine(connecting)).toBe(
    ' 12 s · connecting · 3 vehicles connected · 0/5 purchases · all vehicles are connected in about 42 s',
  );
  expect(progressLine({ ...running, step: 'checking', remaining: null })).toMatch(/ · 1 open$/);
});

test('a line is written at each step, and at least every five seconds of real time at any pace of the run', () => {
  const lines: string[] = [];
  let nowMs = 0;
  const stream = { isTTY: false, write: (text: string) => lines.push(text) };
  const writer = progressWriter(stream as unknown as NodeJS.WriteStream, { now: () => nowMs });
  // An hour of virtual time passes in each second.
  for (let second = 0; second < 11; second += 1) {
    nowMs = second * 1_000;
    writer.show({ ...running, elapsedMs: second * 3_600_000 });
  }
  expect(lines).toHaveLength(3);
  writer.show({ ...running, step: 'settling' });
  expect(lines).toHaveLength(4);
});
