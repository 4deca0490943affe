// npx vitest run restarting-engine.test.mjs: an engine whose process is killed and started again, under random test cases.
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { assertHolds, engineTestCases, readMapping, runEngine } from 'fleetwake/testing';
import { expect, test } from 'vitest';
import { restartingEngine } from './restarting-engine.mjs';

const file = 'own-engine.mapping.yaml';
const mapping = readMapping(file, readFileSync(new URL(file, import.meta.url), 'utf8'));
if (!mapping.ok) throw new Error(mapping.mistakes.join('\n'));

const { RESTART, RUNS = 200 } = process.env;
const subject = {
  engine: (parts) => restartingEngine({ ...parts, settings: { ...parts.settings, RESTART } }),
  storage: () => new Map(),
  mapping: mapping.mapping,
  target: 'http://127.0.0.1:3000/orders',
};

test('the engine resumes what its process left behind', { timeout: 600_000 }, async () => {
  let crashes = 0;
  const property = fc.asyncProperty(engineTestCases({ restarts: true }), async (testCase) => {
    const run = await runEngine(testCase, subject);
    assertHolds(run);
    expect(run.isSettled).toBe(true);
    crashes += run.injected['engine crash'] ?? 0;
  });
  await fc.assert(property, { seed: 1, numRuns: Number(RUNS) });
  expect(crashes).toBeGreaterThan(0);
});
