import fc from 'fast-check';
import { integerBetween } from '../../../shared/ports/random.ts';
import { seededRandom } from '../../../shared/virtual/random.ts';
import type { OperatorScript } from '../operators.ts';
import type { SystemFault } from '../system-fault.ts';
import { operatorDecisions, type ScheduledActivation, type TestCase } from '../test-case.ts';
import { crowd, fewActivations } from './activations.ts';
import { systemFault } from './faults.ts';
import { withSystemFault } from './rare-system-faults.ts';
import {
  comeback,
  deadly,
  kept,
  overtaken,
  reclaimed,
  remodelled,
  reopened,
  seedArbitrary,
  serviceLife,
} from './templates.ts';

const policyArbitrary: fc.Arbitrary<TestCase['policy']> = fc.oneof(
  {
    weight: 1,
    arbitrary: fc.constant({
      maxRetries: 5,
      baseDelayMs: 30_000,
      maxDelayMs: 900_000,
      commandTimeoutMs: 300_000,
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      maxRetries: fc.constantFrom(0, 1, 1, 2, 2, 3),
      baseDelayMs: fc.constantFrom(2_000, 10_000, 30_000),
      maxDelayMs: fc.constantFrom(30_000, 120_000),
      commandTimeoutMs: fc.constantFrom(30_000, 60_000, 300_000),
    }),
  },
);

const skewArbitrary: fc.Arbitrary<TestCase['skewMs']> = fc.oneof(
  { weight: 3, arbitrary: fc.constant<TestCase['skewMs']>({ apiIot: 0, vehicles: [0, 0, 0, 0] }) },
  {
    weight: 2,
    arbitrary: fc.record({
      apiIot: fc.integer({ min: -900, max: 900 }),
      vehicles: fc.array(fc.constantFrom(0, 1_500, -20_000, 290_000, 500_000, -500_000, -500_000), {
        minLength: 4,
        maxLength: 4,
      }),
    }),
  },
);

/** Anything with anything, in short lists: fast-check shrinks them to what fails. */
const anyTestCase: fc.Arbitrary<TestCase> = fc.record({
  version: fc.constant(1 as const),
  seed: seedArbitrary,
  batchMs: fc.constantFrom(0, 0, 0, 5),
  policy: policyArbitrary,
  skewMs: skewArbitrary,
  activations: fc.oneof({ weight: 20, arbitrary: fewActivations }, { weight: 1, arbitrary: crowd }),
  world: fc.oneof(
    { weight: 1, arbitrary: fc.constant<SystemFault[]>([]) },
    { weight: 2, arbitrary: fc.array(systemFault, { minLength: 1, maxLength: 3 }) },
  ),
});

const immediatelyCharged = [1, 5] as const;

/** What operators decide of money that waits for them, now and then nothing. */
function drawnOperator(within: (min: number, max: number) => number): OperatorScript {
  return Array.from({ length: within(0, 3) }, () => ({
    decision: operatorDecisions[within(0, operatorDecisions.length - 1)] ?? 'other_means',
    afterMs: within(1, 400_000),
  }));
}

/**
 * Adds what happens to a purchase afterwards, to three cases of eight: the bank of the customer disputes the charge, the vehicle gets
 * another owner, or the payment service permanently refuses the refund or the capture. By the seed, so that the draws of the other
 * cases stay as they are.
 */
function withAfterlife(testCase: TestCase): TestCase {
  const { seed, activations, world } = testCase;
  const random = seededRandom(seed);
  const within = (min: number, max: number) => integerBetween(random, min, max);
  const kind = seed % 8;
  if (kind === 3) {
    const outcome = (['open', 'won', 'lost', 'lost'] as const)[within(0, 3)] ?? 'open';
    const dispute = { outcome, afterMs: within(200, 600_000), decidedAfterMs: within(1, 300_000) };
    return withFirst(testCase, { dispute, operator: drawnOperator(within) });
  }
  if (kind === 6) {
    const isRefund = within(0, 1) === 0;
    const change: Partial<ScheduledActivation> = isRefund
      ? { card: 'refund_refused', service: immediatelyCharged[within(0, 1)] ?? 1 }
      : { card: 'capture_declined' };
    return withFirst(testCase, { ...change, operator: drawnOperator(within) });
  }
  const [first] = activations;
  if (kind !== 5 || first === undefined || world.some(({ type }) => type === 'registered_again'))
    return testCase;
  const count = within(1, 2);
  const transfers = Array.from({ length: count }, (_, at) => ({
    vehicle: first.vehicle,
    // To the next customer, then to the one after, or back.
    to: (first.vehicle + (at === 0 ? 1 : within(0, 2) * 2)) % 4,
    atMs: first.atMs + within(100, 300_000) * (at + 1),
  }));
  return { ...testCase, transfers };
}

function withFirst(testCase: TestCase, change: Partial<ScheduledActivation>): TestCase {
  const [first, ...others] = testCase.activations;
  return first === undefined ? testCase : { ...testCase, activations: [{ ...first, ...change }, ...others] };
}

/** What `fleetwake check` runs. */
const testCaseArbitrary: fc.Arbitrary<TestCase> = fc
  .oneof(
    { weight: 48, arbitrary: anyTestCase },
    { weight: 2, arbitrary: comeback },
    { weight: 2, arbitrary: reclaimed },
    { weight: 2, arbitrary: overtaken },
    { weight: 2, arbitrary: remodelled },
    { weight: 14, arbitrary: deadly },
    { weight: 6, arbitrary: serviceLife },
    { weight: 1, arbitrary: kept },
    { weight: 2, arbitrary: reopened },
  )
  .map(withAfterlife)
  .map(withSystemFault);

/** What a team checks: retry policies of its own, a catalogue of its own, or neither. */
export interface Subject {
  /** Each test case has one of them; null: they are drawn. */
  readonly policies: readonly TestCase['policy'][] | null;
  /** How many services are sold. */
  readonly serviceCount: number;
}

/** The test cases in which a subject is checked; without one, those of `fleetwake check`. */
export function testCasesOf(subject: Subject | null): fc.Arbitrary<TestCase> {
  if (subject === null) return testCaseArbitrary;
  const { policies, serviceCount } = subject;
  return fc
    .record({
      schedule: testCaseArbitrary,
      policy: policies === null ? fc.constant(null) : fc.constantFrom(...policies),
      firstService: fc.nat({ max: serviceCount - 1 }),
    })
    .map(({ schedule, policy, firstService }) => ({
      ...schedule,
      policy: policy ?? schedule.policy,
      activations: schedule.activations.map((activation) => ({
        ...activation,
        service: (activation.service + firstService) % serviceCount,
      })),
    }));
}
