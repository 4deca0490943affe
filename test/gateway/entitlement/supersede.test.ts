import { expect, it } from 'vitest';
import { newDeactivation } from '../../../gateway/activation/activation.ts';
import { standardPolicy } from '../../../gateway/activation/policy.ts';
import { supersede } from '../../../gateway/entitlement/supersede.ts';
import { StaleRow } from '../../../gateway/store/stale-row.ts';
import { type Outside, placeOrder, vin, withOutside } from '../../helpers/engine-under-test.ts';
import { countedIds, recordLines, rowsOf, saveNew } from '../engine/rows.ts';

const order = { id: 'act_2', vin, serviceId: 'seats', feature: 'sport_mode', policy: standardPolicy };

/** A revocation of what was bought, which waits for its turn. */
async function revocation(outside: Outside) {
  await placeOrder(outside);
  return saveNew(outside, newDeactivation(order, 'revocation', 1_000), 'pur_1');
}

const ended = async (outside: Outside) =>
  (await rowsOf(outside, 'activations'))
    .filter(({ id }) => id === 'act_2')
    .map(({ phase, version, due_at, ended_at }) => ({ phase, version, due_at, ended_at }));

it('ends a revocation whose feature a customer owns, in the history too', () =>
  withOutside(async (outside) => {
    const stored = await revocation(outside);
    const done = await outside.database.write((transaction) =>
      supersede(transaction, { ids: countedIds() }, stored, 3_000),
    );
    expect(done).toBe(true);
    expect(await ended(outside)).toEqual([
      { phase: 'superseded', version: 2, due_at: null, ended_at: 3_000 },
    ]);
    expect(await recordLines(outside)).toEqual([
      {
        at: 3_000,
        type: 'activation.superseded',
        actor: 'engine',
        of: ['pur_1', 'act_2'],
        data: {},
      },
    ]);
  }));

it('does nothing to one whose command may be under way', () =>
  withOutside(async (outside) => {
    const stored = await revocation(outside);
    const sending = { ...stored, activation: { ...stored.activation, phase: 'sending_command' as const } };
    const done = await outside.database.write((transaction) =>
      supersede(transaction, { ids: countedIds() }, sending, 3_000),
    );
    expect(done).toBe(false);
    expect(await ended(outside)).toMatchObject([{ phase: 'queued_for_activation', version: 1 }]);
    expect(await recordLines(outside)).toEqual([]);
  }));

it('leaves the decision to the process that has saved since', () =>
  withOutside(async (outside) => {
    const stored = await revocation(outside);
    const stale = { ...stored, version: 0 };
    await expect(
      outside.database.write((transaction) => supersede(transaction, { ids: countedIds() }, stale, 3_000)),
    ).rejects.toBeInstanceOf(StaleRow);
    expect(await recordLines(outside)).toEqual([]);
  }));
