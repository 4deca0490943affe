import { expect, test } from 'vitest';
import { loadActivation } from '../../../gateway/store/activations.ts';
import { bootEngine, type Outside, placeOrder, recordOf, vin } from '../../helpers/engine-under-test.ts';
import { bought, shippedAdapter, withForeignApi } from '../../helpers/foreign-engine.ts';
import { type SynchronousStep, synchronousApi } from '../../helpers/synchronous-api.ts';

type Api = ReturnType<typeof synchronousApi>;

const shipped = shippedAdapter('synchronous');
/** The same API without its log. */
const withoutHistory = shipped
  .replace('[synchronous, history]', '[synchronous]')
  .replace(/^history:\n(?: .*\n)+/m, '')
  .replace('  acceptedAt: /at\n', '')
  .replace('  reason: /why\n', '');

interface Case {
  readonly script: SynchronousStep[];
  /** Text of the adapter file; the shipped one where it is left out. */
  readonly text?: string;
}

const withApi = (
  { script, text = shipped }: Case,
  run: (outside: Outside, api: Api) => Promise<void>,
): Promise<void> => withForeignApi(text, (now) => Object.assign(synchronousApi(now), { script }), run);

const configures = ({ requests }: Api) => requests.filter((line) => line.startsWith('PUT'));

test('ends a purchase at once when the answer says applied', () =>
  withApi({ script: ['applied'] }, async (outside, api) => {
    const activation = await bought(outside, 100);
    expect(activation).toMatchObject({ phase: 'active', delivery: { attempt: 1, evidence: 'result' } });
    expect(outside.payments.moves).toEqual(['act_1:authorise', 'act_1:capture']);
    expect(api.commands).toEqual(['heated_seats on act_1']);
    expect(api.requests).toEqual([
      'POST /token',
      `GET /cars/${vin}`,
      `PUT /cars/${vin}/features/heated_seats`,
    ]);
    expect(await recordOf(outside, 'act_1')).toContain('payment.captured');
  }));

test('ends with a reversal when the answer says refused, after one attempt', () =>
  withApi({ script: ['refused'] }, async (outside, api) => {
    const activation = await bought(outside, 60_000);
    expect(activation).toMatchObject({
      phase: 'failed',
      failure: { category: 'vehicle_incompatible', code: 'rejected' },
    });
    expect(outside.payments.moves).toEqual(['act_1:authorise', 'act_1:void']);
    expect(api.commands).toEqual(['heated_seats on act_1']);
  }));

test('tries again when the answer says busy, and shows the reason that it gives', () =>
  withApi({ script: ['busy', 'applied'] }, async (outside, api) => {
    const activation = await bought(outside, 120_000);
    expect(activation).toMatchObject({ phase: 'active', delivery: { attempt: 2 } });
    expect(activation.attempts[0]?.failure).toMatchObject({
      category: 'vehicle_not_ready',
      message: 'heated_seats: driving',
    });
    expect(api.commands).toEqual(['heated_seats on act_1', 'heated_seats on act_1']);
  }));

test('waits as long as a rate limit asks that has a code of its own', () =>
  withApi({ script: ['slow_down', 'applied'] }, async (outside, api) => {
    const activation = await bought(outside, 60_000);
    expect(activation).toMatchObject({ phase: 'active', delivery: { attempt: 1 } });
    expect(configures(api)).toHaveLength(2);
  }));

test('looks a lost answer up in the history, and sends nothing twice', () =>
  withApi({ script: ['lost after', 'applied'] }, async (outside, api) => {
    const activation = await bought(outside, 120_000);
    expect(activation).toMatchObject({ phase: 'active', delivery: { attempt: 2 } });
    expect(api.commands).toEqual(['heated_seats on act_1']);
    expect(configures(api)).toHaveLength(1);
    expect(api.requests.filter((line) => line === `GET /cars/${vin}/log`)).toHaveLength(1);
    expect(outside.payments.moves).toEqual(['act_1:authorise', 'act_1:capture']);
  }));

test('sends again what the history does not have', () =>
  withApi({ script: ['lost before', 'applied'] }, async (outside, api) => {
    const activation = await bought(outside, 120_000);
    expect(activation).toMatchObject({ phase: 'active', delivery: { attempt: 2 } });
    expect(api.commands).toEqual(['heated_seats on act_1']);
    expect(configures(api)).toHaveLength(2);
  }));

test('takes no entry of an attempt that was answered for the one that was lost', () =>
  withApi({ script: ['busy', 'lost before', 'applied'] }, async (outside, api) => {
    const activation = await bought(outside, 300_000);
    expect(activation).toMatchObject({ phase: 'active', delivery: { attempt: 3 } });
    expect(api.commands).toEqual(['heated_seats on act_1', 'heated_seats on act_1']);
    expect(configures(api)).toHaveLength(3);
  }));

test('never sends an activation again whose answer was lost when the API has no history', () =>
  withApi({ script: ['lost after', 'applied'], text: withoutHistory }, async (outside, api) => {
    const activation = await bought(outside, 120_000);
    expect(activation).toMatchObject({
      phase: 'failed',
      failure: { category: 'timeout', code: 'outcome_unknown', temporary: false, mayHaveSucceeded: true },
    });
    expect(api.commands.filter((line) => line.startsWith('heated_seats on'))).toEqual([
      'heated_seats on act_1',
    ]);
    expect(outside.payments.moves).toEqual(['act_1:authorise', 'act_1:void']);
    expect(outside.tickets).toEqual(['act_1']);
    // The vehicle may have applied it, and its payment is reversed: it is switched off.
    expect(api.commands.at(-1)).toMatch(/^heated_seats off /);
  }));

test('looks up what a process that died had sent', () =>
  withApi({ script: ['applied'] }, async (outside, api) => {
    const engine = await bootEngine(outside, async (call) => {
      if (call === 'after configure') await new Promise(() => {});
    });
    const id = await placeOrder(outside);
    await engine.begin(id);
    await outside.clock.advance(10_000);
    expect(api.commands).toEqual(['heated_seats on act_1']);
    // Another process takes it up.
    const next = await bootEngine(outside);
    await outside.clock.advance(120_000);
    const stored = await loadActivation(outside.database.reader, id);
    expect(stored?.activation).toMatchObject({ phase: 'active', delivery: { attempt: 1 } });
    expect(api.commands).toEqual(['heated_seats on act_1']);
    await next.stop();
  }));
