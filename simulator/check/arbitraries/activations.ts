import fc from 'fast-check';
import type { ActivationFault, LifeEvent, ScheduledActivation, TechnicianAct } from '../test-case.ts';
import { lostAnswer, macro, ms, single } from './faults.ts';

export type Support = NonNullable<ScheduledActivation['support']>;

export const serviceArbitrary = fc.integer({ min: 0, max: 5 });

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
    { weight: 8, arbitrary: fc.constant(null) },
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
export const fewActivations: fc.Arbitrary<ScheduledActivation[]> = fc.oneof(
  { weight: 9, arbitrary: fc.array(activationArbitrary, { minLength: 1, maxLength: 1 }) },
  { weight: 3, arbitrary: fc.array(activationArbitrary, { minLength: 2, maxLength: 2 }) },
  { weight: 1, arbitrary: fc.array(activationArbitrary, { minLength: 3, maxLength: 3 }) },
);

/** Three or four services of one vehicle that all fail at once and again: what an hour's quota is for. */
export const crowd: fc.Arbitrary<ScheduledActivation[]> = fc.integer({ min: 2, max: 4 }).map((count) =>
  Array.from({ length: count }, (_, service) => ({
    vehicle: 0,
    service,
    atMs: service * 500,
    card: 'good' as const,
    againAfterMs: null,
    faults: [{ type: 'result' as const, nth: 64, kind: 'retryable' as const }],
  })),
);

const visit: fc.Arbitrary<LifeEvent> = fc.record({
  type: fc.constantFrom('feature_lost' as const, 'feature_lost' as const, 'feature_gained' as const),
  afterMs: fc.oneof(ms(1_000, 60_000), ms(60_000, 400_000)),
});

/** What goes wrong with a service, with what becomes of it where that is needed to see it. */
type FaultyService = Pick<ScheduledActivation, 'faults'> &
  Partial<Pick<ScheduledActivation, 'life' | 'support' | 'hours'>>;

const alone = (faults: ActivationFault[]): FaultyService => ({ faults });

/**
 * Calls that are lost, or whose answer is lost: the first deactivation commands after a cancellation, so that the
 * deactivation fails; the reactivation commands after a workshop visit; or those of the purchase itself, so that support
 * must act.
 */
const unheard: readonly FaultyService[] = (['command', 'answer'] as const).flatMap(
  (what): FaultyService[] => [
    {
      faults: [{ type: 'mute', what, target: 'dormant', from: 1, to: 3 }],
      life: [{ type: 'cancel', afterMs: 20_000, which: 'latest' }],
    },
    {
      faults: [{ type: 'mute', what, from: 2, to: 6 }],
      // Nothing heals before the last of them: until then reconciliation has looked, and has failed.
      life: [
        { type: 'feature_lost', afterMs: 20_000 },
        { type: 'cancel', afterMs: 900_000, which: 'latest' },
      ],
      hours: 240,
    },
    alone([{ type: 'mute', what, from: 1, to: 3 }]),
  ],
);

/** The request of the customer or technician is lost, or the platform acts and its answer is lost. */
const wishUnheard: fc.Arbitrary<FaultyService> = fc
  .tuple(
    // While the command is in progress, or long after it; null: the technician asks for it.
    fc.constantFrom(150, 20_000, null, null),
    fc.oneof(fc.constant('response_lost' as const), lostAnswer),
    ms(1, 3),
  )
  .map(([cancelledAfterMs, how, count]) =>
    cancelledAfterMs !== null
      ? {
          faults: [{ type: 'http', step: 'cancel', nth: 1, count, how }],
          life: [{ type: 'cancel', afterMs: cancelledAfterMs, which: 'latest' }],
        }
      : {
          faults: [
            { type: 'mute', what: 'command', from: 1, to: 3 },
            { type: 'http', step: 'ticket', nth: 1, count, how },
          ],
          support: [
            { act: 'start', afterMs: 1_000 },
            { act: 'retry', afterMs: 5_000 },
          ],
        },
  );

export const livedActivation: fc.Arbitrary<ScheduledActivation> = fc
  .record({
    vehicle: fc.constantFrom(0, 0, 1),
    service: serviceArbitrary,
    atMs: fc.constantFrom(0, 0, 2_000),
    againAfterMs: fc.oneof(
      { weight: 3, arbitrary: fc.constant(null) },
      { weight: 2, arbitrary: ms(20_000, 400_000) },
    ),
    faulty: fc.oneof(
      { weight: 4, arbitrary: fc.constant(alone([])) },
      { weight: 4, arbitrary: fc.constantFrom(...unheard) },
      { weight: 1, arbitrary: single.map(alone) },
      { weight: 1, arbitrary: macro.map(alone) },
      { weight: 3, arbitrary: wishUnheard },
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
  .map(({ hours, faulty, ...drawn }) => ({
    ...drawn,
    card: 'good' as const,
    ...(hours === null ? {} : { hours }),
    ...faulty,
  }));
