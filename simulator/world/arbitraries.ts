import fc from 'fast-check';
import type {
  ActivationFault,
  CrashCall,
  LifeEvent,
  ProcessName,
  Schedule,
  ScheduledActivation,
  TechnicianAct,
  WorldFault,
} from './schedule.ts';
import { crashCalls } from './schedule.ts';

/**
 * Schedules that reach what matters: macro faults are drawn together with the activation that they hit, because uniform
 * faults hardly ever mute six attempts in a row or lose the answer to the last one. Lists are short; fast-check shrinks
 * them to what fails.
 */
type Support = NonNullable<ScheduledActivation['support']>;

const ms = (min: number, max: number) => fc.integer({ min, max });

const policyArbitrary: fc.Arbitrary<Schedule['policy']> = fc.oneof(
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

const messageFault: fc.Arbitrary<ActivationFault> = fc.record({
  type: fc.constant('message' as const),
  channel: fc.constantFrom(
    'command' as const,
    'ack' as const,
    'revocation' as const,
    'revocation_ack' as const,
  ),
  nth: fc.integer({ min: 1, max: 3 }),
  how: fc.constantFrom('drop' as const, 'duplicate' as const, 'delay' as const),
  delayMs: fc.oneof(ms(1, 2_000), ms(2_000, 400_000)),
});

const httpFault: fc.Arbitrary<ActivationFault> = fc.record({
  type: fc.constant('http' as const),
  step: fc.constantFrom(
    'purchase' as const,
    'authorise' as const,
    'capture' as const,
    'void' as const,
    'refund' as const,
    'configure' as const,
    'configure' as const,
    'status' as const,
    'health' as const,
    'command' as const,
    'history' as const,
    'token' as const,
    'cancel' as const,
    'ticket' as const,
    'callback' as const,
    'email' as const,
    'push' as const,
  ),
  nth: fc.constantFrom(1, 1, 1, 2, 3),
  count: fc.constantFrom(1, 1, 2, 3, 8),
  how: fc.constantFrom(
    'request_lost' as const,
    'response_lost' as const,
    'response_lost' as const,
    'server_error' as const,
    'slow' as const,
  ),
});

const resultFault: fc.Arbitrary<ActivationFault> = fc.record({
  type: fc.constant('result' as const),
  nth: fc.integer({ min: 1, max: 6 }),
  kind: fc.constantFrom('retryable' as const, 'fatal' as const),
});

const single: fc.Arbitrary<ActivationFault[]> = fc
  .oneof(messageFault, httpFault, httpFault, resultFault)
  .map((fault) => [fault]);

const allMuted = (what: 'command' | 'answer'): ActivationFault => ({ type: 'mute', what, from: 1, to: 64 });

const lostAnswer = fc.constantFrom(
  'response_lost' as const,
  'server_error' as const,
  'request_lost' as const,
);

/** Whole stories: what it takes to use up every attempt, and then something rare at the end. */
const macro: fc.Arbitrary<ActivationFault[]> = fc.oneof(
  // The vehicle does it and nobody hears; only the books can tell, or nobody can.
  fc.constant<ActivationFault[]>([allMuted('answer')]),
  fc.constant<ActivationFault[]>([allMuted('command')]),
  // All attempts but the last are lost on the way, the answer to the last one on its way back.
  fc.constant<ActivationFault[]>([
    { type: 'mute', what: 'answer', from: 6, to: 64 },
    { type: 'mute', what: 'command', from: 1, to: 5 },
  ]),
  // Late success, or a late refusal, after the failure.
  fc
    .tuple(ms(300_000, 2_000_000), fc.boolean())
    .map(([delayMs, fatal]): ActivationFault[] => [
      { type: 'mute', what: 'command', from: 1, to: 5 },
      { type: 'late', delayMs },
      ...(fatal ? [{ type: 'result' as const, nth: 1, kind: 'fatal' as const }] : []),
    ]),
  // The vehicle refuses for good, and says so when the attempt is long over and others are still to come.
  fc.constantFrom(31_000, 61_500, 301_500, 330_000).map((delayMs): ActivationFault[] => [
    { type: 'result', nth: 1, kind: 'fatal' },
    { type: 'message', channel: 'ack', nth: 1, how: 'delay', delayMs },
  ]),
  // An old command arrives when a newer one has been applied.
  fc
    .constantFrom(41_000, 75_000, 335_000, 400_000)
    .map((delayMs): ActivationFault[] => [
      { type: 'message', channel: 'command', nth: 1, how: 'delay', delayMs },
    ]),
  fc.constant<ActivationFault[]>([{ type: 'result', nth: 6, kind: 'retryable' }]),
  fc.constant<ActivationFault[]>([{ type: 'result', nth: 64, kind: 'retryable' }]),
  // The money does not come back at once, just when it has to: one of the two is asked for.
  fc.tuple(lostAnswer, fc.integer({ min: 1, max: 12 })).map(([how, count]): ActivationFault[] => [
    { type: 'result', nth: 1, kind: 'fatal' },
    { type: 'http', step: 'void', nth: 1, count, how },
    { type: 'http', step: 'refund', nth: 1, count, how },
  ]),
  // All goes well but for the answers about money.
  fc
    .tuple(
      fc.constantFrom('authorise' as const, 'capture' as const),
      lostAnswer,
      fc.integer({ min: 1, max: 4 }),
    )
    .map(([step, how, count]): ActivationFault[] => [{ type: 'http', step, nth: 1, count, how }]),
  // Nobody can say how the last attempt ended.
  fc.constant<ActivationFault[]>([
    allMuted('answer'),
    { type: 'http', step: 'status', nth: 2, count: 3, how: 'server_error' },
    { type: 'http', step: 'history', nth: 1, count: 3, how: 'server_error' },
  ]),
  fc.constant<ActivationFault[]>([
    { type: 'message', channel: 'ack', nth: 1, how: 'duplicate', delayMs: 40 },
    { type: 'message', channel: 'command', nth: 1, how: 'duplicate', delayMs: 700 },
  ]),
);

/** When a customer changes their mind: before it is active, while a command is in the air, or long after. */
const cancelled: fc.Arbitrary<LifeEvent> = fc.record({
  type: fc.constant('cancel' as const),
  afterMs: fc.oneof(ms(0, 400), ms(0, 10_000), ms(10_000, 900_000)),
  which: fc.constantFrom('latest' as const, 'latest' as const, 'first' as const),
});

/** Which acts belong together: what technicians do, and some of it out of order. */
const scripts: readonly (readonly TechnicianAct[])[] = [
  ['start', 'retry'],
  ['start', 'retry', 'close'],
  ['start', 'retry', 'start', 'retry', 'close'],
  ['start', 'keep', 'close'],
  ['retry', 'start', 'keep', 'retry'],
  ['start', 'contact', 'start', 'retry', 'close', 'reopen', 'start', 'retry'],
  ['start', 'inspection', 'start', 'retry', 'resolve_visit', 'close'],
  ['assign', 'start', 'escalate', 'resolve_workaround', 'close'],
  ['start', 'resolve_active', 'resolve_visit', 'close'],
];

const supported: fc.Arbitrary<Support> = fc
  .tuple(
    fc.constantFrom(...scripts),
    fc.array(fc.oneof(ms(100, 5_000), ms(5_000, 400_000)), { minLength: 8, maxLength: 8 }),
  )
  .map(([acts, waits]) => acts.map((act, index) => ({ act, afterMs: waits[index] ?? 1 })));

/** A share of the purchases is cancelled, and some tickets are worked: beside all else that goes wrong. */
const afterwards: fc.Arbitrary<Pick<ScheduledActivation, 'life' | 'support'>> = fc.oneof(
  { weight: 16, arbitrary: fc.constant({}) },
  { weight: 2, arbitrary: cancelled.map((one) => ({ life: [one] })) },
  { weight: 2, arbitrary: supported.map((support) => ({ support })) },
);

const boughtArbitrary: fc.Arbitrary<ScheduledActivation> = fc.record({
  vehicle: fc.constantFrom(0, 0, 0, 1, 2, 3),
  service: fc.constantFrom(0, 1, 1, 2, 3, 4, 5),
  atMs: fc.oneof(fc.constant(0), ms(0, 5_000), ms(0, 600_000)),
  card: fc.constantFrom(
    'good' as const,
    'good' as const,
    'good' as const,
    'good' as const,
    'good' as const,
    'declined' as const,
    'capture_declined' as const,
  ),
  againAfterMs: fc.oneof(
    { weight: 3, arbitrary: fc.constant(null) },
    { weight: 1, arbitrary: ms(1, 5_000) },
    { weight: 1, arbitrary: ms(60_000, 4_000_000) },
  ),
  faults: fc
    .oneof(
      { weight: 2, arbitrary: fc.constant<ActivationFault[][]>([]) },
      { weight: 3, arbitrary: fc.array(fc.oneof(single, single, macro), { minLength: 1, maxLength: 3 }) },
      { weight: 3, arbitrary: macro.map((one) => [one]) },
    )
    .map((lists) => lists.flat().slice(0, 8)),
});

const activationArbitrary: fc.Arbitrary<ScheduledActivation> = fc
  .tuple(boughtArbitrary, afterwards)
  .map(([bought, after]) => ({ ...bought, ...after }));

/** Few: a run costs what its purchases cost, and most that is rare needs one of them, or two on one vehicle. */
const fewActivations: fc.Arbitrary<ScheduledActivation[]> = fc.oneof(
  { weight: 5, arbitrary: fc.array(activationArbitrary, { minLength: 1, maxLength: 1 }) },
  { weight: 3, arbitrary: fc.array(activationArbitrary, { minLength: 2, maxLength: 2 }) },
  { weight: 1, arbitrary: fc.array(activationArbitrary, { minLength: 3, maxLength: 3 }) },
);

/** Three or four services of one vehicle that all fail at once and again: what an hour's quota is for. */
const crowd: fc.Arbitrary<ScheduledActivation[]> = fc.integer({ min: 2, max: 4 }).map((count) =>
  Array.from({ length: count }, (_, service) => ({
    vehicle: 0,
    service,
    atMs: service * 500,
    card: 'good' as const,
    againAfterMs: null,
    faults: [{ type: 'result' as const, nth: 64, kind: 'retryable' as const }],
  })),
);

const downtime = fc.constantFrom(50, 3_000, 90_000, 700_000);

function deathAt(call: fc.Arbitrary<CrashCall>, nth: fc.Arbitrary<number>): fc.Arbitrary<WorldFault> {
  return fc.record({
    type: fc.constant('crash_at' as const),
    call,
    nth,
    phase: fc.constantFrom('before' as const, 'after' as const),
    downMs: downtime,
  });
}

function deathOf(process: fc.Arbitrary<ProcessName>, step: fc.Arbitrary<number>): fc.Arbitrary<WorldFault> {
  return fc.record({ type: fc.constant('crash' as const), process, step, downMs: downtime });
}

const worldFault: fc.Arbitrary<WorldFault> = fc.oneof(
  deathAt(fc.constantFrom(...crashCalls), fc.constantFrom(1, 1, 1, 2, 3)),
  deathOf(fc.constantFrom('platform', 'platform', 'api_iot'), fc.oneof(ms(1, 120), ms(1, 600))),
  fc.record({
    type: fc.constant('down' as const),
    service: fc.constantFrom('payments' as const, 'mail' as const, 'push' as const, 'api_iot' as const),
    fromMs: fc.oneof(ms(0, 10_000), ms(0, 3_000_000)),
    forMs: fc.oneof(ms(100, 5_000), ms(5_000, 900_000)),
  }),
  // Shorter: the event relay asks once a second, and a longer outage shows nothing more.
  fc.record({
    type: fc.constant('down' as const),
    service: fc.constant('nats' as const),
    fromMs: fc.oneof(ms(0, 10_000), ms(0, 1_000_000)),
    forMs: fc.oneof(ms(100, 5_000), ms(5_000, 100_000)),
  }),
  fc.record({
    type: fc.constant('cut' as const),
    vehicle: fc.constantFrom(0, 0, 1, 2, 3),
    fromMs: fc.oneof(ms(0, 3_000), ms(0, 1_000_000)),
    forMs: fc.oneof(ms(20, 60_000), ms(60_000, 3_000_000)),
  }),
  fc.record({
    type: fc.constant('restart' as const),
    vehicle: fc.constantFrom(0, 0, 1, 2, 3),
    atMs: fc.oneof(ms(0, 3_000), ms(0, 1_000_000)),
  }),
  fc.record({ type: fc.constant('nats_wiped' as const), atMs: fc.oneof(ms(0, 10_000), ms(0, 1_500_000)) }),
  fc.record({
    type: fc.constant('broker_restarted' as const),
    atMs: fc.oneof(ms(0, 5_000), ms(0, 1_000_000)),
    forgets: fc.boolean(),
  }),
);

const skewArbitrary: fc.Arbitrary<Schedule['skewMs']> = fc.oneof(
  { weight: 3, arbitrary: fc.constant<Schedule['skewMs']>({ apiIot: 0, vehicles: [0, 0, 0, 0] }) },
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

const seedArbitrary = fc.nat({ max: 2 ** 31 });
const serviceArbitrary = fc.integer({ min: 0, max: 5 });

/** One purchase under a policy that is soon over. */
function briskSchedule(seed: number, service: number, faults: ActivationFault[]): Schedule {
  return {
    version: 1,
    seed,
    batchMs: 0,
    policy: { maxRetries: 2, baseDelayMs: 2_000, maxDelayMs: 30_000, commandTimeoutMs: 30_000 },
    skewMs: { apiIot: 0, vehicles: [0, 0, 0, 0] },
    activations: [{ vehicle: 0, service, atMs: 0, card: 'good', againAfterMs: null, faults }],
    world: [],
  };
}

const anySchedule: fc.Arbitrary<Schedule> = fc.record({
  version: fc.constant(1 as const),
  seed: seedArbitrary,
  batchMs: fc.constantFrom(0, 0, 0, 5),
  policy: policyArbitrary,
  skewMs: skewArbitrary,
  activations: fc.oneof({ weight: 15, arbitrary: fewActivations }, { weight: 1, arbitrary: crowd }),
  world: fc.oneof(
    { weight: 1, arbitrary: fc.constant<WorldFault[]>([]) },
    { weight: 2, arbitrary: fc.array(worldFault, { minLength: 1, maxLength: 3 }) },
  ),
});

/**
 * A vehicle that is away while a purchase fails for it, and comes back when the customer has bought the same again: the
 * revocation that waits for it must leave the feature to its new owner.
 */
const comeback: fc.Arbitrary<Schedule> = fc
  .record({
    seed: seedArbitrary,
    service: serviceArbitrary,
    againAfterMs: ms(70_000, 220_000),
    cutFromMs: ms(0, 3_000),
    cutForMs: ms(60_000, 400_000),
    maxRetries: fc.integer({ min: 0, max: 2 }),
  })
  .map(({ seed, service, againAfterMs, cutFromMs, cutForMs, maxRetries }) => ({
    version: 1,
    seed,
    batchMs: 0,
    policy: { maxRetries, baseDelayMs: 2_000, maxDelayMs: 30_000, commandTimeoutMs: 30_000 },
    skewMs: { apiIot: 0, vehicles: [0, 0, 0, 0] },
    activations: [{ vehicle: 0, service, atMs: 4_000, card: 'good', againAfterMs, faults: [] }],
    world: [{ type: 'cut', vehicle: 0, fromMs: cutFromMs, forMs: cutForMs }],
  }));

/** A command that arrives when a newer one has been applied, at a vehicle whose clock does not tell it that it is old. */
const overtaken: fc.Arbitrary<Schedule> = fc
  .record({ seed: seedArbitrary, service: serviceArbitrary, delayMs: ms(36_000, 90_000) })
  .map(({ seed, service, delayMs }) => ({
    ...briskSchedule(seed, service, [{ type: 'message', channel: 'command', nth: 1, how: 'delay', delayMs }]),
    skewMs: { apiIot: 0, vehicles: [-500_000, 0, 0, 0] },
  }));

/** One purchase that goes well, or is refused for good, and a death over it: deaths meet the moments about money rarely. */
const deadly: fc.Arbitrary<Schedule> = fc
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
    ...briskSchedule(seed, service, isRefused ? [{ type: 'result', nth: 1, kind: 'fatal' }] : []),
    world: [death],
  }));

/**
 * Lost on the way, or done and not heard of: the first commands that switch off, so that a deactivation fails and a revocation
 * succeeds; all that switch on again what was lost; or the purchase itself, so that support has to help.
 */
const unheard: readonly ActivationFault[][] = (['command', 'answer'] as const).flatMap((what) => [
  [{ type: 'mute', what, target: 'dormant', from: 1, to: 3 }],
  [{ type: 'mute', what, from: 2, to: 6 }],
  [{ type: 'mute', what, from: 1, to: 3 }],
]);

/** The platform does what the customer or the technician asks for, and they do not hear of it; or never hears of the wish. */
const wishUnheard: fc.Arbitrary<ActivationFault[]> = fc
  .tuple(fc.constantFrom('cancel' as const, 'ticket' as const), lostAnswer, ms(1, 3))
  .map(([step, how, count]) => [{ type: 'http', step, nth: 1, count, how }]);

const visit: fc.Arbitrary<LifeEvent> = fc.record({
  type: fc.constantFrom('feature_lost' as const, 'feature_lost' as const, 'feature_gained' as const),
  afterMs: fc.oneof(ms(1_000, 60_000), ms(60_000, 400_000)),
});

const livedActivation: fc.Arbitrary<ScheduledActivation> = fc
  .record({
    vehicle: fc.constantFrom(0, 0, 1),
    service: serviceArbitrary,
    atMs: fc.constantFrom(0, 0, 2_000),
    againAfterMs: fc.oneof(
      { weight: 3, arbitrary: fc.constant(null) },
      { weight: 2, arbitrary: ms(20_000, 400_000) },
    ),
    faults: fc.oneof(
      { weight: 4, arbitrary: fc.constant<ActivationFault[]>([]) },
      { weight: 2, arbitrary: fc.constantFrom(...unheard) },
      { weight: 1, arbitrary: single },
      { weight: 1, arbitrary: macro },
      { weight: 1, arbitrary: wishUnheard },
    ),
    // Some outlast the run: what was lost has to be there at its end.
    hours: fc.constantFrom(null, null, 1, 4),
    life: fc.oneof(
      { weight: 2, arbitrary: fc.constant<LifeEvent[]>([]) },
      { weight: 3, arbitrary: fc.array(fc.oneof(visit, visit, cancelled), { minLength: 1, maxLength: 3 }) },
    ),
    support: fc.oneof(
      { weight: 1, arbitrary: fc.constant<Support>([]) },
      { weight: 1, arbitrary: supported },
    ),
  })
  .map(({ hours, ...drawn }) => ({ ...drawn, card: 'good' as const, ...(hours === null ? {} : { hours }) }));

/** A service from its purchase to its end: renewed, lost in a workshop, cancelled, over; and compared with its vehicle meanwhile. */
const serviceLife: fc.Arbitrary<Schedule> = fc
  .record({
    seed: seedArbitrary,
    maxRetries: fc.constantFrom(0, 0, 1, 2),
    baseDelayMs: fc.constantFrom(2_000, 10_000),
    commandTimeoutMs: fc.constantFrom(30_000, 60_000),
    reconcileMs: fc.constantFrom(200_000, 400_000),
    activations: fc.array(livedActivation, { minLength: 1, maxLength: 2 }),
    world: fc.oneof(
      { weight: 2, arbitrary: fc.constant<WorldFault[]>([]) },
      { weight: 1, arbitrary: worldFault.map((one) => [one]) },
    ),
  })
  .map(({ seed, maxRetries, baseDelayMs, commandTimeoutMs, ...drawn }) => ({
    ...briskSchedule(seed, 0, []),
    // What waits for the quota looks again after a while that grows to this.
    policy: { maxRetries, baseDelayMs, maxDelayMs: 300_000, commandTimeoutMs },
    ...drawn,
  }));

/**
 * A vehicle whose answer comes when the purchase has failed, and whose quota is used up by then: the revocation waits, and support
 * lets the customer keep what they have.
 */
const kept: fc.Arbitrary<Schedule> = fc
  .record({
    seed: seedArbitrary,
    service: serviceArbitrary,
    lateMs: ms(100_000, 900_000),
    keepMs: ms(100_000, 1_200_000),
    hours: fc.constantFrom(1, 60),
  })
  .map(({ seed, service, lateMs, keepMs, hours }) => {
    const { activations, ...calm } = briskSchedule(seed, service, [
      { type: 'mute', what: 'command', from: 1, to: 7 },
      { type: 'late', delayMs: lateMs },
    ]);
    const support: Support = [
      { act: 'start', afterMs: 1_000 },
      { act: 'keep', afterMs: keepMs },
      { act: 'close', afterMs: 1_000 },
    ];
    return {
      ...calm,
      // Eight of the ten commands that an hour allows; the last two are kept for those who wait.
      policy: { maxRetries: 7, baseDelayMs: 2_000, maxDelayMs: 300_000, commandTimeoutMs: 30_000 },
      activations: activations.map((one) => ({ ...one, hours, support })),
    };
  });

/** What `fleetwake check` runs. */
const scheduleArbitrary: fc.Arbitrary<Schedule> = fc.oneof(
  { weight: 28, arbitrary: anySchedule },
  { weight: 2, arbitrary: comeback },
  { weight: 1, arbitrary: overtaken },
  { weight: 4, arbitrary: deadly },
  { weight: 4, arbitrary: serviceLife },
  { weight: 1, arbitrary: kept },
);

/** What a team checks: retry policies of its own, a catalogue of its own, or neither. */
export interface Subject {
  /** Each schedule has one of them; null: they are drawn. */
  readonly policies: readonly Schedule['policy'][] | null;
  /** How many services are sold. */
  readonly serviceCount: number;
}

/** The schedules in which a subject is checked; without one, those of `fleetwake check`. */
export function schedulesOf(subject: Subject | null): fc.Arbitrary<Schedule> {
  if (subject === null) return scheduleArbitrary;
  const { policies, serviceCount } = subject;
  return fc
    .record({
      schedule: scheduleArbitrary,
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
