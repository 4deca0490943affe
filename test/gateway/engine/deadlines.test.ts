import { expect, it } from 'vitest';
import { newDeactivation } from '../../../gateway/activation/activation.ts';
import { standardPolicy } from '../../../gateway/activation/policy.ts';
import { insertActivation, loadActivation } from '../../../gateway/store/activations.ts';
import {
  bootEngine,
  type Outside,
  phaseOf,
  placeOrder,
  vin,
  withOutside,
} from '../../helpers/engine-under-test.ts';

const hour = 3_600_000;
const day = 24 * hour;

async function factsAt(outside: Outside, ...types: string[]) {
  const rows = await outside.database.reader
    .selectFrom('record')
    .select(['type', 'at'])
    .where('activation_id', '=', 'act_1')
    .where('type', 'in', types)
    .orderBy('seq')
    .execute();
  return rows.map(({ type, at }) => [type, at]);
}

it('ends an activation before its authorisation lapses, gives the money back and tells the customer', () =>
  withOutside(async (outside) => {
    outside.vehicle.script = ['failed'];
    const engine = await bootEngine(outside);
    const from = outside.clock.now();
    // Nothing but the hold of 7 days bounds it.
    const policy = { ...standardPolicy, maxRetries: 1_000, maxDelayMs: 6 * hour, deadlineMs: null };
    await engine.begin(await placeOrder(outside, { policy }));
    await outside.clock.advance(7 * day - 10 * 60_000);
    const stored = await loadActivation(outside.database.reader, 'act_1');
    expect(stored?.activation).toMatchObject({
      phase: 'failed',
      deadlineAt: from + 7 * day - 10 * 60_000,
      failure: { category: 'deadline_exceeded' },
      settlement: { status: 'voided' },
    });
    const [[, voidedAt = 0] = []] = await factsAt(outside, 'payment.voided');
    expect(Number(voidedAt)).toBeLessThan(from + 7 * day - 10 * 60_000);
    expect(outside.payments.moves).toEqual(['act_1:authorise', 'act_1:void']);
    expect(outside.tickets).toEqual(['act_1']);
    expect(outside.notices.at(-1)).toBe('act_1 activation.notifying_failure');
    await engine.stop();
  }));

it('ends an activation at its own deadline when a busy vehicle never lets it begin', () =>
  withOutside(async (outside) => {
    const engine = await bootEngine(outside);
    const from = outside.clock.now();
    const id = await placeOrder(outside, { policy: { ...standardPolicy, deadlineMs: hour } });
    // Another command to the vehicle is in progress during the whole test.
    const other = {
      id: 'act_busy',
      vin,
      serviceId: 'sport_mode',
      feature: 'sport_mode',
      policy: standardPolicy,
    };
    await outside.database.write((transaction) =>
      insertActivation(
        transaction,
        {
          ...newDeactivation(other, 'deactivation', from),
          phase: 'waiting_response',
          dueAt: from + 10 * day,
          attempts: [],
        },
        { purchaseId: null, parentId: null, priority: 1 },
      ),
    );
    await engine.begin(id);
    await outside.clock.advance(hour - 1_000);
    expect(await phaseOf(outside, id)).toBe('queued_for_activation');
    await outside.clock.advance(2_000);
    expect(await phaseOf(outside, id)).toBe('failed');
    expect(await factsAt(outside, 'activation.failure', 'activation.failed')).toEqual([
      ['activation.failure', from + hour + 1],
      ['activation.failed', from + hour + 1],
    ]);
    expect(outside.payments.moves).toEqual(['act_1:authorise', 'act_1:void']);
    expect(outside.vehicle.commands.size).toBe(0);
    await engine.stop();
  }));
