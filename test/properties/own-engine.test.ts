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
const example = (await import(pathToFileURL(file('own-engine.mjs')).href)) as {
  readonly ownEngine: (parts: unknown) => ReturnType<OwnEngine>;
};
const mapping = readMapping('mapping', readFileSync(file('own-engine.mapping.yaml'), 'utf8'));
if (!mapping.ok) throw new Error(mapping.mistakes.join('\n'));

/** The engine of docs/examples, the same file that test/e2e/run-target.live.test.ts starts. */
const subject = (PAYMENT_RETRY: 'new-key' | 'same-key'): EngineSubject => ({
  engine: (parts: EngineParts) =>
    example.ownEngine({ ...parts, settings: { ...parts.settings, PAYMENT_RETRY } }),
  mapping: mapping.mapping,
  target: 'http://127.0.0.1:3000/orders',
});
const paysTwice = subject('new-key');
const corrected = subject('same-key');

const isChargedTwice = async (testCase: Schedule) =>
  brokenRule(await runEngine(testCase, paysTwice))?.rule.startsWith('rule 2') === true;

test('random test cases find an engine that pays again under a new key within 1,000 runs, and the smallest has one lost answer of the payment service', async () => {
  const property = fc.asyncProperty(engineTestCases(), async (testCase) => {
    expect(await isChargedTwice(testCase)).toBe(false);
  });
  // `npm test` begins shortly before it: a path with one number is the run that the search starts from.
  const start = sized({ path: '355' }, {});
  const found = await fc.check(property, { seed: 1, numRuns: 1_000, ...start });
  expect([found.failed, found.numRuns <= 1_000]).toEqual([true, true]);
  const [counterexample] = found.counterexample ?? [];
  if (counterexample === undefined) throw new Error('fast-check gave no counterexample');
  const smallest = await minimise(counterexample, isChargedTwice);
  expect(smallest.activations).toEqual([
    {
      ...{ vehicle: 0, service: 0, atMs: 0, card: 'good', againAfterMs: null },
      faults: [{ type: 'http', step: 'authorise', nth: 1, count: 1, how: 'response_lost' }],
    },
  ]);
  expect(smallest.world).toEqual([]);
  // The path of fast-check leads to the same test case without a search.
  const again = await fc.check(property, {
    ...{ seed: found.seed, endOnFailure: true },
    path: found.counterexamplePath ?? '',
  });
  expect(again.counterexample).toEqual(found.counterexample);
  const run = await runEngine(smallest, paysTwice);
  expect(() => assertHolds(run)).toThrow(
    /^rule 2: Charges, tickets and notifications: exactly once per activation\n {2}order-p-001: charged 2 times, by the payments pi_\w+, pi_\w+\n/,
  );
  expect((await runEngine(smallest, { ...paysTwice, drainDepth: 4 })).traceHash).toBe(run.traceHash);
  expect(brokenRule(await runEngine(smallest, corrected))).toBeNull();
});

test('the page on the test kit shows the example test as it is', () => {
  const code = readFileSync(file('own-engine.test.mjs'), 'utf8').split('\n').slice(1).join('\n');
  expect(readFileSync('docs/testing-kit.md', 'utf8')).toContain(`\`\`\`js\n${code}\`\`\`\n`);
});

// The example's own test: the corrected engine holds every judged rule in RUNS random test cases.
vi.stubEnv('RUNS', sized('40', '200'));
await import(pathToFileURL(file('own-engine.test.mjs')).href);
vi.unstubAllEnvs();
