import fc from 'fast-check';
import { type CrashCall, crashCalls } from '../../faults/component-fault.ts';
import { shippedModels } from '../../models/models-folder.ts';
import type { ProcessName, SystemFault } from '../system-fault.ts';
import type { ActivationFault } from '../test-case.ts';

/** Milliseconds between two numbers, both included. */
export const ms = (min: number, max: number) => fc.integer({ min, max });

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

export const single: fc.Arbitrary<ActivationFault[]> = fc
  .oneof(messageFault, httpFault, httpFault, resultFault)
  .map((fault) => [fault]);

const allMuted = (what: 'command' | 'answer'): ActivationFault => ({ type: 'mute', what, from: 1, to: 64 });

export const lostAnswer = fc.constantFrom(
  'response_lost' as const,
  'server_error' as const,
  'request_lost' as const,
);

/**
 * Drawn together with the activation that they hit, because uniform faults hardly ever mute six attempts in a row or lose the
 * answer to the last one: what it takes to use up every attempt, and then something rare at the end.
 */
export const macro: fc.Arbitrary<ActivationFault[]> = fc.oneof(
  // The vehicle applies it and its answer is lost; only the API IoT's history may show it.
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
  // The vehicle refuses for good, and its answer arrives long after the attempt has ended, before later attempts.
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
  // The outcome of the last attempt stays unknown.
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

const downtime = fc.constantFrom(50, 3_000, 90_000, 700_000);

export function deathAt(call: fc.Arbitrary<CrashCall>, nth: fc.Arbitrary<number>): fc.Arbitrary<SystemFault> {
  return fc.record({
    type: fc.constant('crash_at' as const),
    call,
    nth,
    phase: fc.constantFrom('before' as const, 'after' as const),
    downMs: downtime,
  });
}

export function deathOf(
  process: fc.Arbitrary<ProcessName>,
  step: fc.Arbitrary<number>,
): fc.Arbitrary<SystemFault> {
  return fc.record({ type: fc.constant('crash' as const), process, step, downMs: downtime });
}

export const systemFault: fc.Arbitrary<SystemFault> = fc.oneof(
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
  fc.record({
    type: fc.constant('stop' as const),
    process: fc.constantFrom('platform' as const, 'api_iot' as const),
    atMs: fc.oneof(ms(0, 5_000), ms(0, 1_000_000)),
    downMs: downtime,
  }),
  fc.record({
    type: fc.constant('registered_again' as const),
    vehicle: fc.constantFrom(0, 0, 1, 2, 3),
    model: fc.constantFrom(...shippedModels().map(({ id }) => id)),
    atMs: fc.oneof(ms(0, 10_000), ms(0, 1_000_000)),
  }),
  fc.record({ type: fc.constant('nats_wiped' as const), atMs: fc.oneof(ms(0, 10_000), ms(0, 1_500_000)) }),
  fc.record({
    type: fc.constant('broker_restarted' as const),
    atMs: fc.oneof(ms(0, 5_000), ms(0, 1_000_000)),
    forgets: fc.boolean(),
  }),
);
