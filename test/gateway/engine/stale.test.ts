import { expect, it } from 'vitest';
import type { Activation } from '../../../gateway/activation/activation.ts';
import { loadActivation } from '../../../gateway/store/activations.ts';
import { StaleRow } from '../../../gateway/store/stale-row.ts';
import { silentLog } from '../../../shared/ports/log.ts';
import {
  bootEngine,
  type Outside,
  phaseOf,
  placeOrder,
  recordOf,
  withOutside,
} from '../../helpers/engine-under-test.ts';

/** What another process does to the row between this one's reading and its saving. */
async function saveElsewhere(outside: Outside, id: string, change: (state: Activation) => Activation) {
  const stored = await loadActivation(outside.database.reader, id);
  if (!stored) throw new Error(`there is no activation ${id}`);
  const activation = change(stored.activation);
  await outside.database.write((transaction) =>
    transaction
      .updateTable('activations')
      .set({ state: JSON.stringify(activation), phase: activation.phase, version: stored.version + 1 })
      .where('id', '=', id)
      .execute(),
  );
  return stored.activation;
}

it('decides again on the newest state when another process saved first', () =>
  withOutside(async (outside) => {
    let saves = 0;
    const engine = await bootEngine(outside, async (call) => {
      if (call === 'before save' && ++saves === 1) await saveElsewhere(outside, 'act_1', (state) => state);
    });
    const id = await placeOrder(outside);
    expect((await engine.begin(id)).phase).toBe('queued_for_activation');
    expect(saves).toBe(2);
    expect(outside.payments.moves).toEqual(['act_1:authorise']);
    await engine.stop();
  }));

it('ignores an event only after a look at the newest state', () =>
  withOutside(async (outside) => {
    outside.vehicle.script = ['accepted'];
    let beforeSave: (() => Promise<unknown>) | null = null;
    const engine = await bootEngine(outside, async (call) => {
      const act = call === 'before save' ? beforeSave : null;
      if (act) beforeSave = null;
      await act?.();
    });
    const id = await placeOrder(outside);
    await engine.begin(id);
    await outside.clock.advance(1_000);
    expect(await phaseOf(outside, id)).toBe('waiting_response');
    const command = outside.vehicle.commands.get('act_1:1');
    if (!command) throw new Error('no command was sent');

    const waiting = await saveElsewhere(outside, id, (state) => ({
      ...state,
      phase: 'queued_for_activation',
      attempts: [],
    }));
    beforeSave = () => saveElsewhere(outside, id, () => waiting);
    await engine.receive({ type: 'command.ended', command: { ...command, state: 'failed', endedAt: 1 } });
    expect(await phaseOf(outside, id)).toBe('waiting_backoff');
    expect((await recordOf(outside, id)).at(-1)).toBe('activation.waiting_backoff');
    await engine.stop();
  }));

it('decides again when a ticket was saved by a technician meanwhile', () =>
  withOutside(async (outside) => {
    outside.vehicle.script = ['rejected'];
    let tries = 0;
    const errors: string[] = [];
    const engine = await bootEngine(outside, undefined, {
      log: { ...silentLog, error: (event) => errors.push(event) },
      openTicket: async () => {
        tries += 1;
        if (tries === 1) throw new StaleRow('ticket tkt_1 was saved by another process');
        return null;
      },
    });
    await engine.begin(await placeOrder(outside));
    await outside.clock.advance(60_000);
    expect(tries).toBe(2);
    expect(errors).toEqual([]);
    expect(await phaseOf(outside, 'act_1')).toBe('failed');
    await engine.stop();
  }));
