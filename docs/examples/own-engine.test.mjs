// npx vitest run own-engine.test.mjs: the engine beside this file, under random test cases in virtual time.
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { assertHolds, engineTestCases, readMapping, runEngine } from 'fleetwake/testing';
import { expect, test } from 'vitest';
import { ownEngine } from './own-engine.mjs';

const file = 'own-engine.mapping.yaml';
const mapping = readMapping(file, readFileSync(new URL(file, import.meta.url), 'utf8'));
if (!mapping.ok) throw new Error(mapping.mistakes.join('\n'));

const { PAYMENT_RETRY, RUNS = 200 } = process.env;
const subject = {
  engine: (parts) => ownEngine({ ...parts, settings: { ...parts.settings, PAYMENT_RETRY } }),
  mapping: mapping.mapping,
  target: 'http://127.0.0.1:3000/orders',
};

test('the engine holds every judged rule under random faults', { timeout: 600_000 }, async () => {
  let lostAnswers = 0;
  const property = fc.asyncProperty(engineTestCases(), async (testCase) => {
    const run = await runEngine(testCase, subject);
    assertHolds(run);
    expect(run.isSettled).toBe(true);
    lostAnswers += run.injected['refund response_lost'] ?? 0;
  });
  await fc.assert(property, { seed: 1, numRuns: Number(RUNS) });
  // Silence means little where nothing rare happened.
  expect(lostAnswers).toBeGreaterThan(0);
});
