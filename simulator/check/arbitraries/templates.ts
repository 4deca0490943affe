import fc from 'fast-check';
import type { SystemFault } from '../system-fault.ts';
import type { ActivationFault, ScheduledActivation, TestCase } from '../test-case.ts';
import { livedActivation, type Support, serviceArbitrary } from './activations.ts';
import { deathAt, deathOf, ms, systemFault } from './faults.ts';

export const seedArbitrary = fc.nat({ max: 2 ** 31 });

/** One purchase under a policy that is soon over; `more` is what else is said of it. */
function briskTestCase(
  seed: number,
  service: number,
  faults: ActivationFault[],
  more: Partial<ScheduledActivation> = {},
): TestCase {
  return {
    version: 1,
    seed,
    batchMs: 0,
    policy: { maxRetries: 2, baseDelayMs: 2_000, maxDelayMs: 30_000, commandTimeoutMs: 30_000 },
    skewMs: { apiIot: 0, vehicles: [0, 0, 0, 0] },
    activations: [{ vehicle: 0, service, atMs: 0, card: 'good', againAfterMs: null, faults, ...more }],
    world: [],
  };
}

/**
 * A vehicle that is away while a purchase fails for it, and comes back when the customer has bought the same again: the
 * revocation that waits for it must leave the feature to its new owner.
 */
export const comeback: fc.Arbitrary<TestCase> = fc
  .record({
    seed: seedArbitrary,
    service: serviceArbitrary,
    againAfterMs: ms(70_000, 220_000),
    cutFromMs: ms(0, 3_000),
    cutForMs: ms(60_000, 400_000),
    maxRetries: fc.integer({ min: 0, max: 2 }),
  })
  .map(({ seed, service, againAfterMs, cutFromMs, cutForMs, maxRetries }) => ({
    ...briskTestCase(seed, service, [], { atMs: 4_000, againAfterMs }),
    policy: { maxRetries, baseDelayMs: 2_000, maxDelayMs: 30_000, commandTimeoutMs: 30_000 },
    world: [{ type: 'cut', vehicle: 0, fromMs: cutFromMs, forMs: cutForMs }],
  }));

/**
 * A revocation that did not reach the vehicle, and a customer who buys the same service again: between two attempts of the
 * new activation the vehicle is free, and a late answer reports the feature active.
 */
export const reclaimed: fc.Arbitrary<TestCase> = fc
  .record({
    seed: seedArbitrary,
    service: serviceArbitrary,
    againAfterMs: ms(93_000, 150_000),
    lateMs: ms(31_000, 55_000),
  })
  .map(({ seed, service, againAfterMs, lateMs }) => {
    const faults: ActivationFault[] = [
      { type: 'mute', what: 'answer', from: 1, to: 2 },
      { type: 'mute', what: 'command', target: 'dormant', from: 1, to: 1 },
      { type: 'message', channel: 'ack', nth: 3, how: 'delay', delayMs: lateMs },
    ];
    return {
      ...briskTestCase(seed, service, faults, { againAfterMs }),
      policy: { maxRetries: 1, baseDelayMs: 30_000, maxDelayMs: 120_000, commandTimeoutMs: 30_000 },
    };
  });

/** A command that arrives when a newer one has been applied, at a vehicle whose clock does not tell it that it is old. */
export const overtaken: fc.Arbitrary<TestCase> = fc
  .record({ seed: seedArbitrary, service: serviceArbitrary, delayMs: ms(36_000, 90_000) })
  .map(({ seed, service, delayMs }) => ({
    ...briskTestCase(seed, service, [{ type: 'message', channel: 'command', nth: 1, how: 'delay', delayMs }]),
    skewMs: { apiIot: 0, vehicles: [-500_000, 0, 0, 0] },
  }));

/** One purchase that goes well, or is refused for good, and a death over it: deaths meet the moments about money rarely. */
export const deadly: fc.Arbitrary<TestCase> = fc
  .record({
    seed: seedArbitrary,
    service: serviceArbitrary,
    isRefused: fc.boolean(),
    death: fc.oneof(
      {
        weight: 4,
        arbitrary: deathAt(fc.constantFrom('authorise', 'configure', 'capture', 'reversal'), fc.constant(1)),
      },
      { weight: 3, arbitrary: deathOf(fc.constant('api_iot' as const), ms(1, 30)) },
    ),
  })
  .map(({ seed, service, isRefused, death }) => ({
    ...briskTestCase(seed, service, isRefused ? [{ type: 'result', nth: 1, kind: 'fatal' }] : []),
    world: [death],
  }));

/** A vehicle that is registered with another model between two purchases: each command carries the configuration of its own moment. */
export const remodelled: fc.Arbitrary<TestCase> = fc
  .record({
    seed: seedArbitrary,
    services: fc.uniqueArray(serviceArbitrary, { minLength: 2, maxLength: 2 }),
    model: fc.constantFrom('borealis-2026' as const, 'cirrus-2025' as const),
    registeredMs: ms(5_000, 60_000),
    againMs: ms(70_000, 200_000),
  })
  .map(({ seed, services, model, registeredMs, againMs }) => {
    const [first = 0, second = 0] = services;
    const brisk = briskTestCase(seed, first, []);
    const later = brisk.activations.map((one) => ({ ...one, service: second, atMs: againMs }));
    return {
      ...brisk,
      activations: [...brisk.activations, ...later],
      world: [{ type: 'registered_again', vehicle: 0, model, atMs: registeredMs }],
    };
  });

/** A service from its purchase to its end: renewed, lost in a workshop, cancelled, over; and compared with its vehicle meanwhile. */
export const serviceLife: fc.Arbitrary<TestCase> = fc
  .record({
    seed: seedArbitrary,
    maxRetries: fc.constantFrom(0, 0, 1, 2),
    baseDelayMs: fc.constantFrom(2_000, 10_000),
    commandTimeoutMs: fc.constantFrom(30_000, 60_000),
    reconcileMs: fc.constantFrom(200_000, 400_000),
    activations: fc.array(livedActivation, { minLength: 1, maxLength: 2 }),
    world: fc.oneof(
      { weight: 2, arbitrary: fc.constant<SystemFault[]>([]) },
      { weight: 1, arbitrary: systemFault.map((one) => [one]) },
    ),
  })
  .map(({ seed, maxRetries, baseDelayMs, commandTimeoutMs, ...drawn }) => ({
    ...briskTestCase(seed, 0, []),
    // What waits for the quota looks again after a while that grows to this.
    policy: { maxRetries, baseDelayMs, maxDelayMs: 300_000, commandTimeoutMs },
    ...drawn,
    // By the seed, so that the draws of the other cases stay as they are.
    ...(seed % 4 === 0 ? { activations: [contradicting(drawn.reconcileMs)], world: [] } : {}),
  }));

/** A vehicle that loses its feature again each time that reconciliation has brought it back. */
function contradicting(reconcileMs: number): ScheduledActivation {
  const [plain] = briskTestCase(0, 0, [], { hours: 240 }).activations;
  const life = [0, 1, 2, 3, 4].map((loss) => ({
    type: 'feature_lost' as const,
    afterMs: 20_000 + loss * (reconcileMs + 60_000),
  }));
  return { ...(plain as ScheduledActivation), life };
}

/**
 * A vehicle whose answer arrives after the purchase has failed, and whose quota is used up: the revocation waits, and
 * support lets the customer keep the feature.
 */
export const kept: fc.Arbitrary<TestCase> = fc
  .record({
    seed: seedArbitrary,
    service: serviceArbitrary,
    lateMs: ms(100_000, 900_000),
    keepMs: ms(100_000, 1_200_000),
    hours: fc.constantFrom(1, 60),
  })
  .map(({ seed, service, lateMs, keepMs, hours }) => {
    const faults: ActivationFault[] = [
      { type: 'mute', what: 'command', from: 1, to: 7 },
      { type: 'late', delayMs: lateMs },
    ];
    const support: Support = [
      { act: 'start', afterMs: 1_000 },
      { act: 'keep', afterMs: keepMs },
      { act: 'close', afterMs: 1_000 },
    ];
    return {
      ...briskTestCase(seed, service, faults, { hours, support }),
      // Eight of the ten commands that an hour allows; the last two are kept for those who wait.
      policy: { maxRetries: 7, baseDelayMs: 2_000, maxDelayMs: 300_000, commandTimeoutMs: 30_000 },
    };
  });

/** Support grants the purchased service free of charge, and reopens the ticket for another try after it has ended. */
export const reopened: fc.Arbitrary<TestCase> = fc
  .record({
    seed: seedArbitrary,
    service: serviceArbitrary,
    hours: fc.integer({ min: 1, max: 2 }),
    reopenMs: ms(1_000, 240_000),
    isClosed: fc.boolean(),
  })
  .map(({ seed, service, hours, reopenMs, isClosed }) => {
    const support: Support = [
      { act: 'start', afterMs: 1_000 },
      { act: 'retry', afterMs: 1_000 },
      ...(isClosed ? [{ act: 'close' as const, afterMs: 10_000 }] : []),
      { act: 'reopen', afterMs: reopenMs },
      { act: 'start', afterMs: 1_000 },
      { act: 'retry', afterMs: 1_000 },
    ];
    const faults: ActivationFault[] = [{ type: 'mute', what: 'command', from: 1, to: 1 }];
    const brisk = briskTestCase(seed, service, faults, { hours, support });
    return { ...brisk, policy: { ...brisk.policy, maxRetries: 0 } };
  });
