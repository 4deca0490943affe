import { fc, test } from '@fast-check/vitest';
import { expect } from 'vitest';
import { type Activation, lastAttempt } from '../../../gateway/activation/activation.ts';
import type { ActivationEvent, VehicleEventType } from '../../../gateway/activation/event.ts';
import type { Fact } from '../../../gateway/activation/fact.ts';
import { finalPhases } from '../../../gateway/activation/phase.ts';
import type { PaymentEvent, PaymentStep } from '../../../gateway/activation/settlement.ts';
import {
  authorised,
  incompatible,
  lacksFeature,
  lostOnTheWay,
  play,
  purchase,
  refusedBeforehand,
  second,
  step,
  switchOff,
} from '../../helpers/activation-events.ts';

type EventType = VehicleEventType | PaymentEvent['type'];

/** What may happen next, before it is known to whom: the attempt is counted back from the last, so that stale ones occur. */
interface Happening {
  readonly type: EventType;
  readonly afterMs: number;
  readonly attemptsBack: number;
  readonly pick: number;
  readonly draw: number;
}

const eventTypes: readonly EventType[] = [
  'vehicle_checked',
  'attempt_started',
  'postponed',
  'vehicle_free',
  'cancel_requested',
  'feature_owned',
  'command_accepted',
  'rate_limited',
  'command_pending',
  'command_applied',
  'command_failed',
  'diagnostics_read',
  'payment_authorised',
  'payment_captured',
  'payment_voided',
  'payment_refunded',
  'payment_refused',
  'payment_unanswered',
  'payment_key_lapsed',
];

const happening = (type: fc.Arbitrary<EventType>): fc.Arbitrary<Happening> =>
  fc.record({
    type,
    afterMs: fc.oneof(
      fc.constant(0),
      fc.constantFrom(1, 30, 305, 900).map((seconds) => seconds * second),
      fc.nat(8 * 3_600 * second),
    ),
    // -1: an attempt that was never made, or was removed after 429.
    attemptsBack: fc.oneof(
      { weight: 5, arbitrary: fc.constant(0) },
      { weight: 2, arbitrary: fc.integer({ min: -1, max: 3 }) },
    ),
    pick: fc.nat(99),
    draw: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
  });

const anything = fc.array(happening(fc.constantFrom(...eventTypes)), { maxLength: 60, size: 'max' });

/** A journey that makes sense, of which some events are repeated, dropped or swapped. */
const disturbed = fc
  .record({
    rounds: fc.array(
      fc.constantFrom<EventType[]>(
        ['attempt_started', 'command_accepted', 'command_pending', 'command_failed'],
        ['attempt_started', 'command_failed'],
        ['attempt_started', 'rate_limited'],
        ['postponed', 'vehicle_free'],
        ['attempt_started', 'command_accepted', 'command_applied', 'payment_captured'],
        ['diagnostics_read', 'payment_refused', 'payment_voided', 'command_applied', 'payment_refunded'],
      ),
      { minLength: 1, maxLength: 12, size: 'max' },
    ),
    disturbances: fc.array(fc.tuple(fc.constantFrom('repeat', 'drop', 'swap'), fc.nat()), { maxLength: 8 }),
  })
  .chain(({ rounds, disturbances }) => {
    const types: EventType[] = ['payment_authorised', 'vehicle_checked', ...rounds.flat()];
    for (const [disturbance, place] of disturbances) {
      const index = place % types.length;
      const [one] = types.splice(index, 1);
      if (one === undefined || disturbance === 'drop') continue;
      types.splice(disturbance === 'repeat' ? index : (index + 1) % (types.length + 1), 0, one);
      if (disturbance === 'repeat') types.splice((index + 3) % (types.length + 1), 0, one);
      if (types.length === 0) break;
    }
    return fc.tuple(...types.map((type) => happening(fc.constant(type))));
  });

const beginnings: readonly (() => Activation)[] = [
  () => purchase(),
  () => purchase('immediately', { jitter: 0.3, maxRetries: 2 }),
  () => play(purchase('on_delivery', { deadlineMs: 3_600 * second }), [authorised(0)]).activation,
  () => ({ ...play(purchase(), [authorised(0)]).activation, settlement: null }),
  () => switchOff('deactivation'),
  () => switchOff('revocation', { maxRetries: null }),
];
const beginning = fc.constantFrom(...beginnings).map((begin) => begin());

const failures = [
  lacksFeature,
  lostOnTheWay,
  refusedBeforehand,
  incompatible,
  lacksFeature,
  { ...incompatible, category: 'authorization_failure' as const },
] as const;
const steps: readonly PaymentStep[] = ['authorise', 'capture', 'void', 'refund'];

/** Its place in the list, taken round and round. */
function pickOf<T>(items: readonly [T, ...T[]] | readonly T[], pick: number): T {
  return items[pick % items.length] as T;
}

function vehicleEventOf(
  activation: Activation,
  one: Happening,
  type: VehicleEventType,
  at: number,
): ActivationEvent {
  const attempt = (lastAttempt(activation)?.number ?? 0) - one.attemptsBack;
  const { draw, pick } = one;
  const failure = pickOf(failures, pick);
  switch (type) {
    case 'vehicle_checked':
      return { type, at, failure: pick < 20 ? incompatible : null, message: 'read' };
    case 'postponed':
      return { type, at, reason: 'vehicle_busy' };
    case 'attempt_started':
    case 'vehicle_free':
    case 'cancel_requested':
    case 'feature_owned':
      return { type, at };
    case 'command_accepted':
      return {
        type,
        at,
        attempt,
        commandId: `cmd_${attempt}`,
        version: attempt,
        expiresAt: at + 300 * second,
      };
    case 'rate_limited':
      return { type, at, attempt, retryAt: at + pick * 60 * second };
    case 'command_pending':
      return { type, at, attempt, draw };
    case 'command_applied':
      return { type, at, attempt, vehicleClock: null };
    case 'command_failed':
      return { type, at, attempt, failure, draw };
    case 'diagnostics_read':
      return { type, at, delivered: pick < 30 ? attempt : null, diagnostics: null };
  }
}

function eventOf(activation: Activation, one: Happening, at: number): ActivationEvent {
  const { type, pick } = one;
  switch (type) {
    case 'payment_authorised':
      return { type, at, paymentId: 'pay_1', holdExpiresAt: pick < 50 ? null : at + pick * 60 * second };
    case 'payment_captured':
    case 'payment_voided':
    case 'payment_refunded':
      return { type, at };
    case 'payment_refused':
      return {
        ...{ type, at, step: pickOf(steps, pick), message: 'declined' },
        code: pick % 2 === 0 ? 'declined' : 'charge_disputed',
      };
    case 'payment_unanswered':
      return { type, at, step: pickOf(steps, pick), message: 'no answer' };
    case 'payment_key_lapsed':
      return { type, at, step: pickOf(steps, pick) };
    case 'payment_charged_back':
      return { type, at, reference: 'dp_1' };
    case 'payment_retried':
      return { type, at, by: 'controller' };
    case 'payment_resolved': {
      const kind = pickOf(['paid_back', 'collected', 'written_off'] as const, pick);
      const resolution =
        kind === 'written_off' ? { kind, reason: 'given up' } : { kind, amountMinor: 1, reference: 'SEPA-1' };
      return { type, at, by: 'controller', resolution };
    }
    default:
      return vehicleEventOf(activation, one, type, at);
  }
}

/** Plays them; `step` holds every state and every move against the invariants. */
function run(begun: Activation, happenings: readonly Happening[]): { activation: Activation; facts: Fact[] } {
  let activation = begun;
  let at = 0;
  const facts: Fact[] = [];
  for (const one of happenings) {
    at += one.afterMs;
    const event = eventOf(activation, one, at);
    const outcome = step(activation, event);
    if (outcome.verdict === 'accepted') facts.push(...outcome.facts);
    activation = outcome.activation;
    expectNoRepeat(activation, event);
  }
  return { activation, facts };
}

/** Told once what may repeat: the same event again makes no attempt, no failure and no money more. */
function expectNoRepeat(activation: Activation, event: ActivationEvent): void {
  const again = step(activation, event).activation;
  const told = ({ attempts, phase, settlement }: Activation) =>
    `${attempts.length} ${phase} ${settlement?.status}`;
  if (told(again) !== told(activation)) expect(told(again)).toBe(told(activation));
}

const atMostOnce = [
  'activation.active',
  'activation.failed',
  'activation.cancelled',
  'activation.cancel_requested',
  'activation.declined',
  'activation.dormant',
  'activation.superseded',
  'activation.payment_confirmed',
  'activation.escalating_to_support',
  'activation.notifying_customer',
  'activation.notifying_failure',
  'activation.late_success',
  'revocation.owed',
  'payment.authorised',
  'payment.captured',
  'payment.settled',
  'payment.voided',
  'payment.refunded',
];

function expectFactsOf({ activation, facts }: { activation: Activation; facts: Fact[] }): void {
  const count = (type: string) => facts.filter((fact) => fact.type === type).length;
  expect(atMostOnce.filter((type) => count(type) > 1)).toEqual([]);
  expect(count('revocation.owed')).toBe(activation.revocationOwed ? 1 : 0);
  if (finalPhases.has(activation.phase)) expect(count(`activation.${activation.phase}`)).toBe(1);
  const told = facts.findIndex((fact) => fact.type === 'activation.notifying_failure');
  // Money back, or the service refused to give it back for good.
  const decided = ['payment.voided', 'payment.refunded', 'payment.unsettled'];
  const given = facts.findIndex(({ type }) => decided.includes(type));
  if (told >= 0) expect(given).toBeGreaterThanOrEqual(0);
  if (told >= 0) expect(given).toBeLessThan(told);
  expect(facts.map((fact) => fact.at)).toEqual(
    facts.map((fact) => fact.at).sort((one, other) => one - other),
  );
}

test.prop([beginning, anything], { numRuns: 800 })(
  'random events in random order lead only to valid states and legal transitions',
  (begun, happenings) => expectFactsOf(run(begun, happenings)),
);

test.prop([beginning, disturbed], { numRuns: 800 })(
  'a journey whose events are repeated, dropped and swapped stays within what may be',
  (begun, happenings) => expectFactsOf(run(begun, happenings)),
);
