import fc from 'fast-check';
import type { Catalogue } from '../../gateway/catalogue/catalogue.ts';
import { testCasesOf } from '../check/arbitraries/test-cases.ts';
import { policiesOf, readOwnCatalogue } from '../check/own-catalogue.ts';
import { forOwnEngine } from '../check/own-engine-case.ts';
import { policyMistakes, type TestCasePolicy } from '../check/own-policy.ts';
import { vehicleCount } from '../check/purchases-of-test-case.ts';
import type { TestCase } from '../check/test-case.ts';
import { shippedModels } from '../models/models-folder.ts';
import { optionalFeatures } from '../vehicle/models.ts';

/** Models of the default four vehicles. Each belongs to a customer of its own. */
export type Fleet = NonNullable<TestCase['fleet']>;

export function fleets(): fc.Arbitrary<Fleet> {
  const model = fc.constantFrom(...shippedModels().map(({ id }) => id));
  return fc.array(model, { minLength: vehicleCount, maxLength: vehicleCount });
}

/** Retry policies that can work: waits grow, the quota never delays an attempt, and the deadline leaves time for an answer. */
export function retryPolicies(): fc.Arbitrary<TestCasePolicy> {
  return fc
    .record({
      maxRetries: fc.integer({ min: 0, max: 6 }),
      baseDelayMs: fc.constantFrom(1_000, 5_000, 10_000, 30_000, 60_000),
      maxDelayMs: fc.constantFrom(30_000, 60_000, 300_000, 900_000),
      commandTimeoutMs: fc.constantFrom(30_000, 60_000, 300_000),
      deadlineMs: fc.constantFrom(3_600_000, 21_600_000, 86_400_000),
    })
    .filter((policy) => policyMistakes(policy).length === 0);
}

/** One to six services, each for another feature, some paid at once. */
export function catalogues(): fc.Arbitrary<Catalogue> {
  const features = fc.shuffledSubarray(optionalFeatures(shippedModels()), { minLength: 1 });
  return features
    .chain((chosen) =>
      fc.tuple(
        ...chosen.map((feature) =>
          fc.record({
            feature: fc.constant(feature),
            capture: fc.constantFrom('on_delivery', 'on_delivery', 'immediately'),
            amountMinor: fc.integer({ min: 1, max: 99_999 }),
          }),
        ),
      ),
    )
    .map((drawn) => {
      const services = drawn.map(({ feature, capture, amountMinor }) => ({
        id: feature.replaceAll('_', '-'),
        name: feature,
        feature,
        capture,
        offers: [{ duration: { unit: 'months', count: 1 }, price: { amountMinor, currency: 'EUR' } }],
      }));
      const reading = readOwnCatalogue('catalogue', JSON.stringify({ services }));
      if (!reading.ok) throw new Error(reading.mistakes.join('\n'));
      return reading.catalogue;
    });
}

export interface ScheduleOptions {
  /** Each test case has one of these policies; without them the catalogue's, and without a catalogue any. */
  readonly policies?: readonly TestCasePolicy[];
  /** The catalogue that `runTestCase` is given as well. */
  readonly catalogue?: Catalogue;
  /** Default: four vehicles. */
  readonly fleet?: Fleet;
}

/** Test cases of purchases and faults: plain JSON that shrinks, and that `runTestCase` runs. */
export function schedules({ policies, catalogue, fleet }: ScheduleOptions = {}): fc.Arbitrary<TestCase> {
  const own = policies ?? (catalogue && policiesOf(catalogue)) ?? null;
  const drawn = catalogue
    ? testCasesOf({ policies: own, serviceCount: catalogue.services().length })
    : testCasesOf(own && { policies: own, serviceCount: shippedServiceCount });
  return fleet ? drawn.map((schedule) => ({ ...schedule, fleet })) : drawn;
}

export interface EngineTestCaseOptions extends ScheduleOptions {
  /** Also test cases in which the process of the engine is killed or stopped, for a subject with `storage` (false). */
  readonly restarts?: boolean;
  /** Also test cases in which the push service fails, for a mapping with `push` (false). */
  readonly pushes?: boolean;
}

/** Those test cases, without what an engine of the user's own does not have: `runEngine` runs them. */
export function engineTestCases({
  restarts = false,
  pushes = false,
  ...options
}: EngineTestCaseOptions = {}): fc.Arbitrary<TestCase> {
  return schedules(options).map((testCase) => forOwnEngine(testCase, { restarts, pushes }));
}

/** Of the catalogue that comes with the product. */
const shippedServiceCount = 6;
