import { expect, it } from 'vitest';
import { standardPolicy } from '../../../gateway/activation/policy.ts';
import type { Catalogue } from '../../../gateway/catalogue/catalogue.ts';
import type { Service } from '../../../gateway/catalogue/service.ts';
import { reconciler } from '../../../gateway/entitlement/reconciler.ts';
import { openTicket } from '../../../gateway/support/ticket-desk.ts';
import { systemIds } from '../../../shared/live/ids.ts';
import { silentLog } from '../../../shared/ports/log.ts';
import { bootEngine, type Outside, placeOrder, vin, withOutside } from '../../helpers/engine-under-test.ts';
import { support } from '../platform/engine.ts';
import { contradictionsOf } from './contradictions.ts';

const minute = 60_000;
const hour = 60 * minute;

const sold: Service = {
  id: 'heated_seats',
  name: 'Heated seats',
  feature: 'heated_seats',
  offers: [],
  capture: 'on_delivery',
  policy: standardPolicy,
  cancellation: 'at_once',
};
const catalogue: Pick<Catalogue, 'services' | 'service'> = {
  services: () => [sold],
  service: () => sold,
};

/** An engine, and a look at every vehicle once an hour. */
async function withReconciler(
  outside: Outside,
  run: (engine: Awaited<ReturnType<typeof bootEngine>>) => Promise<void>,
): Promise<void> {
  const ids = systemIds();
  const engine = await bootEngine(outside, undefined, {
    openTicket: (transaction, { activation }, diagnostics, at) =>
      openTicket(transaction, { ids, settings: support }, activation, diagnostics, at),
  });
  const { clock, database, vehicle } = outside;
  const looks = reconciler({
    database,
    clock,
    ids,
    log: silentLog,
    catalogue: catalogue as Catalogue,
    vehicles: vehicle.api,
    everyMs: hour,
    contradictions: contradictionsOf(outside, { ids, catalogue: { configuration: () => null } }),
    begin: (id) => engine.begin(id),
    onCommitted: () => {},
  });
  looks.start();
  try {
    await run(engine);
  } finally {
    await looks.stop();
    await engine.stop();
  }
}

async function createdActivations(outside: Outside) {
  const rows = await outside.database.reader
    .selectFrom('activations')
    .selectAll()
    .where('id', '!=', 'act_1')
    .orderBy('requested_at')
    .orderBy('id')
    .execute();
  return rows.map(({ id, kind, phase, purchase_id, state }) => {
    const { origin = null, settlement } = JSON.parse(state);
    return { id, kind, phase, purchaseId: purchase_id, origin, settlement };
  });
}

async function records(outside: Outside) {
  const rows = await outside.database.reader
    .selectFrom('record')
    .selectAll()
    .where('type', 'like', 'reconciliation.%')
    .orderBy('seq')
    .execute();
  return rows.map(({ type, actor, purchase_id, data }) => ({
    type,
    actor,
    purchaseId: purchase_id,
    data: JSON.parse(data),
  }));
}

it('reactivates a lost feature free of charge, within the purchased duration', () =>
  withOutside((outside) =>
    withReconciler(outside, async (engine) => {
      await engine.begin(await placeOrder(outside, { duration: { unit: 'days', count: 1 } }));
      await outside.clock.advance(31_000);
      // A workshop has put another control unit in.
      outside.vehicle.features.set('heated_seats', { state: 'dormant', version: 0 });
      await outside.clock.advance(hour + 2 * minute);
      expect(outside.vehicle.features.get('heated_seats')).toEqual({ state: 'active', version: 2 });
      const [back, ...others] = await createdActivations(outside);
      expect(others).toEqual([]);
      expect(back).toMatchObject({
        kind: 'activation',
        phase: 'active',
        purchaseId: 'pur_1',
        origin: 'reconciliation',
        settlement: null,
      });
      expect(await records(outside)).toEqual([
        {
          type: 'reconciliation.reactivation',
          actor: 'engine',
          purchaseId: 'pur_1',
          data: { vin, feature: 'heated_seats', state: 'dormant', version: 0 },
        },
      ]);
      expect(outside.payments.moves).toEqual(['act_1:authorise', 'act_1:capture']);
      expect(await outside.database.reader.selectFrom('entitlements').select('source').execute()).toEqual([
        { source: 'purchase' },
      ]);
      await outside.clock.advance(5 * hour);
      expect(await createdActivations(outside)).toHaveLength(1);
    }),
  ));

it('switches off features without an owner, once the vehicle is online', () =>
  withOutside((outside) =>
    withReconciler(outside, async () => {
      outside.vehicle.features.set('heated_seats', { state: 'active', version: 4 });
      outside.vehicle.online = false;
      await outside.clock.advance(2 * hour + minute);
      expect(await createdActivations(outside)).toEqual([]);
      outside.vehicle.online = true;
      await outside.clock.advance(hour + minute);
      expect(await createdActivations(outside)).toMatchObject([
        { kind: 'revocation', phase: 'dormant', purchaseId: null },
      ]);
      expect(outside.vehicle.features.get('heated_seats')?.state).toBe('dormant');
      expect(await records(outside)).toMatchObject([
        { type: 'reconciliation.revocation', data: { vin, feature: 'heated_seats', state: 'active' } },
      ]);
    }),
  ));

it('leaves quota to those who wait, and waits for it', () =>
  withOutside((outside) =>
    withReconciler(outside, async (engine) => {
      await engine.begin(await placeOrder(outside, { duration: { unit: 'days', count: 1 } }));
      await outside.clock.advance(31_000);
      outside.vehicle.features.set('heated_seats', { state: 'dormant', version: 0 });
      outside.vehicle.quotaRemaining = 2;
      await outside.clock.advance(hour + 20 * minute);
      expect(await createdActivations(outside)).toMatchObject([{ phase: 'queued_for_activation' }]);
      outside.vehicle.quotaRemaining = 3;
      await outside.clock.advance(20 * minute);
      expect(await createdActivations(outside)).toMatchObject([{ phase: 'active' }]);
    }),
  ));

it('opens one HIGH ticket when it cannot be brought back, and leaves it to the technician', () =>
  withOutside((outside) =>
    withReconciler(outside, async (engine) => {
      await engine.begin(await placeOrder(outside, { duration: { unit: 'days', count: 1 } }));
      await outside.clock.advance(31_000);
      outside.vehicle.features.set('heated_seats', { state: 'dormant', version: 0 });
      outside.vehicle.script = ['rejected'];
      await outside.clock.advance(4 * hour);
      expect(await createdActivations(outside)).toMatchObject([
        { phase: 'failed', origin: 'reconciliation' },
      ]);
      const tickets = await outside.database.reader.selectFrom('tickets').selectAll().execute();
      expect(tickets).toMatchObject([{ priority: 'HIGH', purchase_id: 'pur_1', status: 'open' }]);
      const purchase = await outside.database.reader.selectFrom('purchases').select('status').execute();
      expect(purchase).toEqual([{ status: 'active' }]);
      expect(outside.payments.moves).toEqual(['act_1:authorise', 'act_1:capture']);
    }),
  ));

it('does not bring back what is owned no more by the time it could', () =>
  withOutside((outside) =>
    withReconciler(outside, async (engine) => {
      await engine.begin(await placeOrder(outside, { duration: { unit: 'hours', count: 2 } }));
      await outside.clock.advance(31_000);
      outside.vehicle.features.set('heated_seats', { state: 'dormant', version: 0 });
      outside.vehicle.quotaRemaining = 2;
      await outside.clock.advance(3 * hour);
      outside.vehicle.quotaRemaining = 10;
      await outside.clock.advance(hour);
      const ends = (await createdActivations(outside)).map(({ kind, phase }) => `${kind} ${phase}`);
      expect(ends.toSorted()).toEqual(['activation cancelled', 'deactivation dormant']);
      expect(outside.vehicle.features.get('heated_seats')?.state).toBe('dormant');
    }),
  ));
