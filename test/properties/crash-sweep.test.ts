import { describe, expect, test } from 'vitest';
import { judge } from '../../simulator/check/judge.ts';
import type { ProcessName } from '../../simulator/check/system-fault.ts';
import { calmTestCase, type TestCase } from '../../simulator/check/test-case.ts';
import { runTestCase } from '../../simulator/check/test-case-run.ts';
import { sized } from '../helpers/proofs.ts';

const brisk = { maxRetries: 1, baseDelayMs: 2_000, maxDelayMs: 30_000, commandTimeoutMs: 30_000 };

interface Story {
  readonly title: string;
  readonly schedule: TestCase;
  /** Every so many steps one is tried by `npm run test:proofs`: 1 is all of them. */
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

/** `npm test` tries one of so many steps. */
const thinning = sized(9, 1);

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
  // One test for each length, so that no test is long on a slow machine.
  const cases = stories.flatMap((story) => downtimes.map((downMs, index) => ({ ...story, downMs, index })));

  test.each(cases)('$title: away for $downMs ms', async ({ schedule, downMs, index, ...story }) => {
    const stride = story.stride * thinning;
    const tried = (await stepsOf(schedule)).filter((_, step) => step % stride === index % stride);
    expect(tried.length).toBeGreaterThan(2);
    const broken: string[] = [];
    let died = 0;
    for (const { process, step, label } of tried) {
      const crash = { type: 'crash' as const, process, step, downMs };
      const { run, broken: rule } = await judge({ ...schedule, world: [crash] });
      died += run?.deaths.length ?? 0;
      if (rule) broken.push(`${process} ${step} (${label}): ${rule.rule}: ${rule.sentence}`);
    }
    expect(broken).toEqual([]);
    expect(died).toBe(tried.length);
  });
});
