import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import fc from 'fast-check';
import { expect, test, vi } from 'vitest';
import {
  assertHolds,
  brokenRule,
  type EngineParts,
  type EngineSubject,
  engineTestCases,
  minimise,
  type OwnEngine,
  readMapping,
  runEngine,
  type Schedule,
} from '../../simulator/testing/main.ts';
import { sized } from '../helpers/proofs.ts';

const file = (name: string) => resolve('docs/examples', name);
const example = (await import(pathToFileURL(file('restarting-engine.mjs')).href)) as {
  readonly restartingEngine: (parts: unknown) => ReturnType<OwnEngine>;
};
const mapping = readMapping('mapping', readFileSync(file('own-engine.mapping.yaml'), 'utf8'));
if (!mapping.ok) throw new Error(mapping.mistakes.join('\n'));

const subject = (RESTART: 'forgets' | 'pays-again' | 'resumes'): EngineSubject => ({
  engine: (parts: EngineParts) =>
    example.restartingEngine({ ...parts, settings: { ...parts.settings, RESTART } }),
  storage: () => new Map(),
  mapping: mapping.mapping,
  target: 'http://127.0.0.1:3000/orders',
});

const onePurchase = { vehicle: 0, service: 0, atMs: 0, card: 'good', againAfterMs: null };

/**
 * Searches with the seed of the page, and returns the smallest test case that breaks a rule, and its run. `npm test` begins at
 * `firstRun`, shortly before it is found.
 */
async function found(broken: EngineSubject, firstRun: string) {
  const isBroken = async (testCase: Schedule) => brokenRule(await runEngine(testCase, broken)) !== null;
  const property = fc.asyncProperty(engineTestCases({ restarts: true }), async (testCase) => {
    expect(await isBroken(testCase)).toBe(false);
  });
  const start = sized({ path: firstRun }, {});
  const { counterexample } = await fc.check(property, { seed: 1, numRuns: 1_000, ...start });
  const [drawn] = counterexample ?? [];
  if (drawn === undefined) throw new Error('no test case was found');
  const smallest = await minimise(drawn, isBroken);
  return { smallest, run: await runEngine(smallest, broken) };
}

test('an engine that does not resume its orders is found, and the smallest test case has one crash', async () => {
  const forgets = subject('forgets');
  const { smallest, run } = await found(forgets, '0');
  expect(smallest.activations).toEqual([
    { ...onePurchase, faults: [{ type: 'result', nth: 1, kind: 'fatal' }] },
  ]);
  expect(smallest.world).toEqual([
    { type: 'crash_at', call: 'reversal', nth: 1, phase: 'before', downMs: 50 },
  ]);
  expect(run.injected['engine crash']).toBe(1);
  expect(() => assertHolds(run)).toThrow(
    /^rule 1: No charge for an activation that was not delivered\n {2}order-p-001: 14\.90 EUR kept, but \w{17} never reported applied\n/,
  );
  expect((await runEngine(smallest, { ...forgets, drainDepth: 4 })).traceHash).toBe(run.traceHash);
  expect(brokenRule(await runEngine(smallest, subject('resumes')))).toBeNull();
});

test('an engine that pays under new keys after a crash is found, and the smallest test case has one crash', async () => {
  const paysAgain = subject('pays-again');
  const { smallest, run } = await found(paysAgain, '130');
  expect(smallest.activations).toEqual([{ ...onePurchase, faults: [] }]);
  expect(smallest.world).toEqual([{ type: 'crash', process: 'platform', step: 2, downMs: 50 }]);
  expect(() => assertHolds(run)).toThrow(
    /^rule 2: Charges, tickets and notifications: exactly once per activation\n {2}order-p-001: charged 2 times, by the payments pi_\w+, pi_\w+\n/,
  );
  expect(brokenRule(await runEngine(smallest, subject('resumes')))).toBeNull();
});

test('the page on the test kit shows the example test as it is', () => {
  const code = readFileSync(file('restarting-engine.test.mjs'), 'utf8').split('\n').slice(1).join('\n');
  expect(readFileSync('docs/testing-kit.md', 'utf8')).toContain(`\`\`\`js\n${code}\`\`\`\n`);
});

// The example's own test: the corrected engine holds every judged rule in RUNS random test cases.
vi.stubEnv('RUNS', sized('40', '200'));
await import(pathToFileURL(file('restarting-engine.test.mjs')).href);
vi.unstubAllEnvs();
