import { fc, test } from '@fast-check/vitest';
import { expect } from 'vitest';
import { type Activation, newDeactivation } from '../../../gateway/activation/activation.ts';
import { backoffMs, type RetryPolicy } from '../../../gateway/activation/policy.ts';
import { paymentRetryMs } from '../../../gateway/activation/settlement.ts';
import { price, purchase, second, switchOff } from '../../helpers/activation-events.ts';
import { commandTimeoutMs, drive, longestLimitMs, World } from './world.ts';

/** Long ones: by default fast-check's arrays stay near ten, and the faults would stop before the first attempt is over. */
const tapes = fc.array(fc.nat(1_000), { maxLength: 250, size: 'max' });
const policies = fc.record({
  maxRetries: fc.nat(5),
  jitter: fc.constantFrom(0, 0.5),
  deadlineMs: fc.constantFrom(null, 600 * second, 24 * 3_600 * second),
});
const captures = fc.constantFrom('on_delivery' as const, 'immediately' as const);

/**
 * How long after the faults stopped an activation may still take. What was begun under faults may have to run out: one
 * wait (a back-off, a limit of the API IoT), one command whose result is lost, and the wait after it. Then an attempt
 * that works, or the end: payments answer at their next try. The last step of a fault, 21 s, is on top.
 */
function boundMs(policy: RetryPolicy): number {
  const longestWaitMs = backoffMs(policy, 1_000, 1);
  const commandMs = commandTimeoutMs + policy.resultGraceMs;
  return longestLimitMs + commandMs + longestWaitMs + 2 * paymentRetryMs(1_000) + 21 * second;
}

function expectMoneyOf(world: World, activation: Activation): void {
  switch (activation.phase) {
    case 'active':
      if (activation.settlement?.status === 'captured') expect(world.netMinor).toBe(price);
      else expect([activation.settlement?.status, world.netMinor]).toEqual(['uncollectible', 0]);
      expect(world.vehicle.feature).toBe('active');
      return;
    case 'failed':
    case 'cancelled':
      expect(world.ledger).toBe(activation.settlement?.capture === 'immediately' ? 'returned' : 'released');
      return;
    default:
      expect([activation.phase, world.ledger]).toEqual(['declined', 'declined']);
  }
}

/** Rule 5: the feature of a failed activation ends dormant, by its revocation, or because no command was or can be applied. */
function expectOff(world: World, activation: Activation): void {
  if (!activation.revocationOwed) {
    expect(world.vehicle.feature).toBe('dormant');
    expect([...world.commands.values()].filter((command) => command.state === 'waiting')).toEqual([]);
    return;
  }
  const order = { ...activation, id: 'rev_1', policy: { ...activation.policy, maxRetries: null } };
  const revocation = drive(world, newDeactivation(pickOrder(order), 'revocation', world.now));
  expect(revocation.phase).toBe('dormant');
  expect(world.vehicle.feature).toBe('dormant');
}

function pickOrder({ id, vin, serviceId, feature, policy }: Activation) {
  return { id, vin, serviceId, feature, policy };
}

test.prop([tapes, captures, policies], { numRuns: 800 })(
  'a purchase ends, within its bound once the faults have stopped, with the ledger as its end says',
  (tape, capture, policy) => {
    const world = new World(tape);
    const begun = purchase(capture, policy);
    const ended = drive(world, begun);
    const calmForMs = world.now - (world.calmAt ?? world.now);
    expect(calmForMs).toBeLessThanOrEqual(boundMs(ended.policy));
    expect(world.commands.size).toBeLessThanOrEqual(policy.maxRetries + 1);
    expectMoneyOf(world, ended);
    if (ended.phase === 'failed' || ended.phase === 'cancelled') expectOff(world, ended);
  },
);

test.prop([tapes, policies], { numRuns: 300 })('a deactivation ends dormant or failed', (tape, policy) => {
  const world = new World(tape);
  world.vehicle.feature = 'active';
  const ended = drive(world, switchOff('deactivation', policy));
  expect(world.netMinor).toBe(0);
  expect(['dormant', 'failed']).toContain(ended.phase);
  if (ended.phase === 'dormant') expect(world.vehicle.feature).toBe('dormant');
  expect(world.now - (world.calmAt ?? world.now)).toBeLessThanOrEqual(boundMs(ended.policy));
});

test.prop([tapes], { numRuns: 300 })('a revocation ends dormant after any failures', (tape) => {
  const world = new World(tape);
  const ended = drive(world, switchOff('revocation', { maxRetries: null }));
  expect(ended.phase).toBe('dormant');
  expect(world.now - (world.calmAt ?? world.now)).toBeLessThanOrEqual(boundMs(ended.policy));
});

test('without failures a purchase ends active, captured, after one attempt', () => {
  const world = new World([]);
  const ended = drive(world, purchase());
  expect([ended.phase, world.ledger, world.commands.size, world.now]).toEqual([
    'active',
    'taken',
    1,
    30 * second,
  ]);
});

test('the random failures lead to every end of a purchase', () => {
  const ends = fc.sample(tapes, { seed: 1, numRuns: 400 }).map((tape) => {
    const { phase, settlement } = drive(new World(tape), purchase('on_delivery', { maxRetries: 2 }));
    return `${phase} ${settlement?.status}`;
  });
  expect([...new Set(ends)].toSorted((one, other) => (one < other ? -1 : 1))).toEqual([
    'active captured',
    'active uncollectible',
    'cancelled voided',
    'declined declined',
    'failed voided',
  ]);
});
