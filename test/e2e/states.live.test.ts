import { expect, test } from 'vitest';
import { buy, type Platform, withPlatform } from '../helpers/running-platform.ts';
import { ended, recordOf } from './story.ts';

/** The specification's state diagram, as its states are called in the record. */
const states = [
  'activation.payment_confirmed',
  'activation.queued_for_activation',
  'activation.sending_command',
  'activation.waiting_response',
  'activation.checking_response',
  'activation.success',
  'activation.failure',
  'activation.evaluating_retry',
  'activation.calculate_backoff',
  'activation.waiting_backoff',
  'activation.max_retries_exceeded',
  'activation.notifying_customer',
  'activation.active',
  'activation.querying_vehicle_state',
  'activation.escalating_to_support',
  'activation.reversing_payment',
  'activation.notifying_failure',
  'activation.failed',
];

const busy = (first: number | null) => ({ type: 'ecu_busy', attributes: { first, feature: null } }) as const;
const reject = { type: 'reject', attributes: { reason: 'wiring_missing', feature: null } } as const;

/** Buys for one vehicle, and reads the states of its activation from the record, in their order. */
async function statesOf(platform: Platform, vehicle: number): Promise<string[]> {
  const bought = await buy(platform, { vehicle });
  await ended(platform, bought);
  const record = await recordOf(platform, bought);
  return record.map(({ type }) => type).filter((type) => type.startsWith('activation.'));
}

const short = (types: readonly string[]) => types.map((type) => type.replace('activation.', ''));

test('every state of the specification is seen in recorded activations, in the order of its diagram', async () => {
  const vehicles = [{}, { faults: [busy(1)] }, { faults: [busy(null)] }, { faults: [reject] }];
  await withPlatform({ vehicles, timeScale: 300, policy: { maxRetries: 1 } }, async (platform) => {
    const runs = await Promise.all(vehicles.map((_, vehicle) => statesOf(platform, vehicle)));
    expect(new Set(runs.flat())).toEqual(new Set(states));

    const begin = ['payment_confirmed', 'queued_for_activation'];
    const attempt = ['sending_command', 'waiting_response', 'checking_response'];
    const delivered = ['success', 'notifying_customer', 'active'];
    const failed = ['failure', 'evaluating_retry'];
    const again = ['calculate_backoff', 'waiting_backoff'];
    const end = [
      'querying_vehicle_state',
      'escalating_to_support',
      'reversing_payment',
      'notifying_failure',
      'failed',
    ];
    expect(runs.map(short)).toEqual([
      [...begin, ...attempt, ...delivered],
      [...begin, ...attempt, ...failed, ...again, ...attempt, ...delivered],
      [...begin, ...attempt, ...failed, ...again, ...attempt, ...failed, 'max_retries_exceeded', ...end],
      [...begin, ...attempt, ...failed, ...end],
    ]);
  });
});
