import { type TestCase, testCaseSchema } from './test-case.ts';

/**
 * Makes a failing test case one-minimal: without any of its activations or faults, or with any number set to its simplest
 * value, it no longer fails. Calls `stillFails` for each candidate, at most `triesMax` times.
 */
export async function minimise(
  failing: TestCase,
  stillFails: (testCase: TestCase) => Promise<boolean>,
  triesMax = 400,
): Promise<TestCase> {
  let best = failing;
  let tries = 0;
  for (let progressed = true; progressed; ) {
    progressed = false;
    for (const candidate of simplerThan(best)) {
      if (tries >= triesMax) return best;
      tries += 1;
      if (!(await stillFails(candidate))) continue;
      best = candidate;
      progressed = true;
      break;
    }
  }
  return best;
}

/** Candidates that are simpler in one place, the boldest first. Each is a test case by the schema. */
function* simplerThan(testCase: TestCase): Generator<TestCase> {
  const { activations, world } = testCase;
  for (const index of activations.keys()) {
    if (activations.length > 1) yield { ...testCase, activations: without(activations, index) };
  }
  for (const index of world.keys()) yield { ...testCase, world: without(world, index) };
  const { transfers = [], ...kept } = testCase;
  for (const index of transfers.keys())
    yield transfers.length === 1 ? kept : { ...testCase, transfers: without(transfers, index) };
  for (const [index, activation] of activations.entries()) {
    for (const fault of activation.faults.keys()) {
      yield withActivation(testCase, index, { faults: without(activation.faults, fault) });
    }
    const { dispute, ...undisputed } = activation;
    if (dispute !== undefined) yield replaced(testCase, index, undisputed);
    const { life = [], support = [], operator = [] } = activation;
    for (const act of operator.keys())
      yield withActivation(testCase, index, { operator: without(operator, act) });
    for (const event of life.keys()) yield withActivation(testCase, index, { life: without(life, event) });
    for (const act of support.keys())
      yield withActivation(testCase, index, { support: without(support, act) });
  }
  for (const change of plainer(testCase)) {
    const isChanged = JSON.stringify(change) !== JSON.stringify(testCase);
    if (isChanged && testCaseSchema.safeParse(change).success) yield change;
  }
}

function* plainer(testCase: TestCase): Generator<TestCase> {
  yield { ...testCase, batchMs: 0 };
  yield { ...testCase, skewMs: { apiIot: 0, vehicles: [0, 0, 0, 0] } };
  yield { ...testCase, skewMs: { ...testCase.skewMs, apiIot: 0 } };
  const { reconcileMs: _, ...unlooked } = testCase;
  yield unlooked;
  for (const [index, activation] of testCase.activations.entries()) {
    yield withActivation(testCase, index, { againAfterMs: null });
    yield withActivation(testCase, index, { card: 'good' });
    yield withActivation(testCase, index, { atMs: 0 });
    yield withActivation(testCase, index, { vehicle: 0 });
    yield withActivation(testCase, index, { service: 0 });
    const { hours: __, ...lasting } = activation;
    yield replaced(testCase, index, lasting);
    const { life = [], support = [], operator = [], ...unlived } = activation;
    if (life.length + support.length + operator.length === 0) yield replaced(testCase, index, unlived);
    for (const [at, { afterMs }] of life.entries()) {
      const events = life.map((one, position) =>
        position === at ? { ...one, afterMs: roundDown(afterMs) } : one,
      );
      yield withActivation(testCase, index, { life: events });
    }
    for (const [at, { afterMs }] of support.entries()) {
      const acts = support.map((one, position) =>
        position === at ? { ...one, afterMs: roundDown(afterMs) } : one,
      );
      yield withActivation(testCase, index, { support: acts });
    }
    for (const [at, fault] of activation.faults.entries()) {
      const faults = (change: object) =>
        withActivation(testCase, index, {
          faults: activation.faults.map((one, position) => (position === at ? { ...fault, ...change } : one)),
        });
      if ('nth' in fault && fault.nth > 1) yield faults({ nth: 1 });
      if ('count' in fault && fault.count > 1) yield faults({ count: 1 });
      if ('delayMs' in fault && fault.delayMs > 1_000) yield faults({ delayMs: roundDown(fault.delayMs) });
    }
  }
  for (const [index, fault] of testCase.world.entries()) {
    const changed = (change: object): TestCase => ({
      ...testCase,
      world: testCase.world.map((one, position) => (position === index ? { ...fault, ...change } : one)),
    });
    if ('forMs' in fault && fault.forMs > 1_000) yield changed({ forMs: roundDown(fault.forMs) });
    if ('fromMs' in fault && fault.fromMs > 0) yield changed({ fromMs: roundDown(fault.fromMs) });
    if ('atMs' in fault && fault.atMs > 0) yield changed({ atMs: roundDown(fault.atMs) });
  }
}

/** To one significant digit: 423,917 becomes 400,000. */
function roundDown(ms: number): number {
  const unit = 10 ** Math.floor(Math.log10(Math.max(1, ms)));
  return Math.floor(ms / unit) * unit;
}

type ScheduledActivation = TestCase['activations'][number];

function withActivation(testCase: TestCase, index: number, change: Partial<ScheduledActivation>): TestCase {
  const activation = testCase.activations[index];
  return activation === undefined ? testCase : replaced(testCase, index, { ...activation, ...change });
}

function replaced(testCase: TestCase, index: number, activation: ScheduledActivation): TestCase {
  return { ...testCase, activations: testCase.activations.with(index, activation) };
}

function without<T>(items: readonly T[], index: number): T[] {
  return items.filter((_, position) => position !== index);
}
