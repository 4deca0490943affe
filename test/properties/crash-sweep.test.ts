import { describe, expect, test } from 'vitest';
import { judge } from '../../simulator/check/judge.ts';
import { calmTestCase, type ProcessName, type TestCase } from '../../simulator/check/test-case.ts';
import { runTestCase } from '../../simulator/check/test-case-run.ts';

const brisk = { maxRetries: 1, baseDelayMs: 2_000, maxDelayMs: 30_000, commandTimeoutMs: 30_000 };

interface Story {
  readonly title: string;
  readonly schedule: TestCase;
  /** Every so many steps one is tried: 1 is all of them. */
  readonly stride: number;
}

const stories: readonly Story[] = [
  { title: 'delivered at once', schedule: calmTestCase([{}]), stride: 1 },
  {
    title: 'captured at purchase, refused for good, refunded',
    schedule: calmTestCase([{ service: 1, faults: [{ type: 'result', nth: 1, kind: 'fatal' }] }]),
    stride: 2,
  },
  {
    title: 'never heard of, the hold released, and a revocation follows',
    schedule: {
      ...calmTestCase([
        {
          faults: [
            { type: 'mute', what: 'answer', from: 1, to: 64 },
            { type: 'http', step: 'status', nth: 2, count: 1, how: 'server_error' },
          ],
        },
      ]),
      policy: brisk,
    },
    stride: 5,
  },
];

/** Shorter than any wait of ours, and longer than a wake-up's acknowledgement time. */
const downtimes = [50, 90_000];

/** Where each process can die: its steps are numbered from 1. */
async function stepsOf(schedule: TestCase): Promise<{ process: ProcessName; step: number; label: string }[]> {
  const { steps } = await runTestCase(schedule);
  return steps.map((line) => {
    const [process = '', step = '', ...label] = line.split(' ');
    return { process: process as ProcessName, step: Number(step), label: label.join(' ') };
  });
}

describe('A process that dies at any of its steps breaks no rule', () => {
  test.each(stories)('$title', async ({ schedule, stride }) => {
    const steps = await stepsOf(schedule);
    const broken: string[] = [];
    let died = 0;
    for (const [downtime, downMs] of downtimes.entries()) {
      for (const { process, step, label } of steps.filter(
        (_, index) => index % stride === downtime % stride,
      )) {
        const crash = { type: 'crash' as const, process, step, downMs };
        const { run, broken: rule } = await judge({ ...schedule, world: [crash] });
        died += run?.deaths.length ?? 0;
        if (rule) broken.push(`${process} ${step} (${label}), ${downMs} ms: ${rule.rule}: ${rule.sentence}`);
      }
    }
    expect(broken).toEqual([]);
    const tried = downtimes.map((_, downtime) =>
      steps.filter((__, index) => index % stride === downtime % stride),
    );
    expect(died).toBe(tried.flat().length);
  });
});
