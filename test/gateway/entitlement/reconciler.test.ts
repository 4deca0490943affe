import { describe, expect, it } from 'vitest';
import { standardPolicy } from '../../../gateway/activation/policy.ts';
import type { Catalogue } from '../../../gateway/catalogue/catalogue.ts';
import type { Service } from '../../../gateway/catalogue/service.ts';
import {
  type ContradictionDeps,
  standardContradictions,
} from '../../../gateway/entitlement/contradiction.ts';
import { passMs, type ReconcilerDeps, reconciler } from '../../../gateway/entitlement/reconciler.ts';
import { reconcileVehicle } from '../../../gateway/entitlement/reconciliation.ts';
import { setCursor } from '../../../gateway/store/cursors.ts';
import { insertEntitlement } from '../../../gateway/store/entitlements.ts';
import type { Log } from '../../../shared/ports/log.ts';
import type { VehicleTwin } from '../../../shared/protocol/api-iot.ts';
import { makeVin } from '../../../shared/protocol/vin.ts';
import { type Outside, placeOrder, vin, withOutside } from '../../helpers/engine-under-test.ts';
import { settle } from '../../helpers/manual-clock.ts';
import { countedIds, recordLines, rowsOf } from '../engine/rows.ts';

const minute = 60_000;
const hour = 60 * minute;

const seats: Service = {
  id: 'seats',
  name: 'Heated seats',
  feature: 'heated_seats',
  offers: [],
  capture: 'on_delivery',
  policy: { ...standardPolicy, maxRetries: 2 },
  cancellation: 'at_once',
};
const sport: Service = { ...seats, id: 'sport', feature: 'sport_mode', policy: standardPolicy };
const catalogue = { services: () => [sport, seats] } as unknown as Catalogue;

const twinOf = (known: string, reported: VehicleTwin['reported']): VehicleTwin => ({
  vin: known,
  online: true,
  lastSeenAt: 0,
  model: 'aurora-2026',
  firmware: '1.0',
  clockSkewMs: 0,
  desired: [],
  reported,
  telemetry: {},
  telemetryAt: null,
});
const awake = { feature: 'heated_seats', state: 'active', version: 4 } as const;
const asleep = { feature: 'heated_seats', state: 'dormant', version: 5 } as const;

const notAsked = () => Promise.reject(new Error('no vehicle contradicts itself here'));
const noContradictions: ContradictionDeps = {
  limit: standardContradictions,
  diagnose: notAsked,
  openTicket: notAsked,
};

/** A reconciler whose vehicles report nothing by default; `log` has its actions in order. */
function watched(outside: Outside, change: Partial<ReconcilerDeps> = {}) {
  const startAt = outside.clock.now();
  const looks: [minutes: number, vin: string][] = [];
  const told: unknown[] = [];
  const level =
    (name: string): Log['info'] =>
    (event, fields) =>
      told.push([name, event, fields]);
  const looking = reconciler({
    database: outside.database,
    clock: outside.clock,
    ids: countedIds(),
    log: { info: level('info'), warn: level('warn'), error: level('error') },
    catalogue,
    everyMs: hour,
    contradictions: noContradictions,
    begin: async (id) => told.push(['begin', id]),
    onCommitted: (work) => told.push(['committed', work]),
    ...change,
    vehicles: {
      async status(known) {
        looks.push([(outside.clock.now() - startAt) / minute, known]);
        return change.vehicles?.status(known) ?? { ok: true, value: twinOf(known, []) };
      },
    },
  });
  return { looking, looks, told };
}

/** So many vehicles in all, in the order of their VINs; the one that every outside has is the first. */
async function withFleet(outside: Outside, count: number): Promise<string[]> {
  const vins = Array.from({ length: count - 1 }, (_, index) => makeVin('WFWAUR1E', 'TA', index));
  for (const [index, known] of vins.entries())
    await placeOrder(outside, { id: `act_f${index}`, vin: known, feature: 'none' });
  return [vin, ...vins].toSorted((left, right) => (left < right ? -1 : 1));
}

it.each([
  [hour, 0, hour],
  [hour, 1, hour],
  [hour, 20, hour],
  [hour, 21, hour],
  [hour, 100, hour],
  [1_000, 20, 1_000],
  [1_000, 100, 2_500],
])('every %i ms, %i vehicles take %i ms', (everyMs, vehicles, ms) =>
  expect(passMs(everyMs, vehicles)).toBe(ms),
);

describe('Every vehicle is looked at once in its time', () => {
  it('page by page, in the order of VINs, the pages spread over it', () =>
    withOutside(async (outside) => {
      const vins = await withFleet(outside, 45);
      const { looking, looks } = watched(outside);
      looking.start();
      await outside.clock.advance(2 * hour);
      await looking.stop();
      expect(looks).toEqual([
        ...vins.slice(0, 20).map((known) => [60, known]),
        ...vins.slice(20, 40).map((known) => [80, known]),
        ...vins.slice(40).map((known) => [100, known]),
        ...vins.slice(0, 20).map((known) => [120, known]),
      ]);
    }));

  it.each([1, 20])('also where all are on one page: %i', (count) =>
    withOutside(async (outside) => {
      const vins = await withFleet(outside, count);
      const { looking, looks } = watched(outside);
      looking.start();
      await outside.clock.advance(3 * hour);
      await looking.stop();
      expect(looks).toEqual([60, 120, 180].flatMap((at) => vins.map((known) => [at, known])));
    }),
  );

  it('also where the last page is full', () =>
    withOutside(async (outside) => {
      const vins = await withFleet(outside, 40);
      const { looking, looks } = watched(outside);
      looking.start();
      await outside.clock.advance(2 * hour);
      await looking.stop();
      const pages = [vins.slice(0, 20), vins.slice(20), vins.slice(0, 20)];
      expect(looks).toEqual([60, 90, 120].flatMap((at, page) => pages[page]?.map((known) => [at, known])));
    }));

  it('going on where it was after a restart, at the time it had', () =>
    withOutside(async (outside) => {
      const vins = await withFleet(outside, 45);
      const first = watched(outside);
      first.looking.start();
      await outside.clock.advance(70 * minute);
      await first.looking.stop();
      expect(first.looks).toEqual(vins.slice(0, 20).map((known) => [60, known]));
      const second = watched(outside);
      second.looking.start();
      await outside.clock.advance(55 * minute);
      await second.looking.stop();
      expect(second.looks).toEqual([
        ...vins.slice(20, 40).map((known) => [10, known]),
        ...vins.slice(40).map((known) => [30, known]),
        ...vins.slice(0, 20).map((known) => [50, known]),
      ]);
    }));

  it('also by one that is restarted every half hour, and at once after a long time down', () =>
    withOutside(async (outside) => {
      const seen: (readonly [number, string])[] = [];
      for (const [round, upMs] of [hour, hour / 2, hour / 2].entries()) {
        const { looking, looks } = watched(outside);
        looking.start();
        await outside.clock.advance(upMs);
        await looking.stop();
        seen.push(...looks.map(([, known]) => [round, known] as const));
      }
      expect(seen).toEqual([
        [0, vin],
        [2, vin],
      ]);
      await outside.clock.advance(5 * hour);
      const { looking, looks } = watched(outside);
      looking.start();
      await outside.clock.advance(0);
      await looking.stop();
      expect(looks).toEqual([[0, vin]]);
    }));

  it('within that time also after the clock was set back or vehicles are gone', () =>
    withOutside(async (outside) => {
      await outside.database.write(async (transaction) => {
        await setCursor(transaction, 'reconciler.position', 40);
        await setCursor(transaction, 'reconciler.due_at', outside.clock.now() + 50 * hour);
      });
      const { looking, looks } = watched(outside);
      looking.start();
      await outside.clock.advance(hour);
      await looking.stop();
      expect(looks).toEqual([[60, vin]]);
    }));

  it('and an hour later anew where there is none', () =>
    withOutside(async (outside) => {
      await outside.database.write((transaction) => transaction.deleteFrom('vehicles').execute());
      const { looking, looks, told } = watched(outside);
      looking.start();
      await outside.clock.advance(2 * hour);
      expect([looks, told]).toEqual([[], []]);
      expect(outside.clock.pending()).toEqual([outside.clock.now() + hour]);
      await looking.stop();
    }));
});

describe('A look', () => {
  it('that finds a difference saves it, publishes it and starts the activation', () =>
    withOutside(async (outside) => {
      const status = async (known: string) => ({ ok: true, value: twinOf(known, [awake]) }) as const;
      const { looking, told } = watched(outside, { vehicles: { status } });
      looking.start();
      await outside.clock.advance(hour);
      await looking.stop();
      expect(told).toEqual([
        ['info', 'reconciliation.difference_found', { vin, createdIds: ['act_1001'] }],
        ['committed', { notifications: false, tickets: false }],
        ['begin', 'act_1001'],
      ]);
    }));

  it('that finds no difference publishes nothing', () =>
    withOutside(async (outside) => {
      const { looking, looks, told } = watched(outside);
      looking.start();
      await outside.clock.advance(hour);
      await looking.stop();
      expect([looks.length, told]).toEqual([1, []]);
    }));

  it('that throws keeps no other vehicle waiting', () =>
    withOutside(async (outside) => {
      const [first, second] = await withFleet(outside, 2);
      const { looking, looks, told } = watched(outside, {
        vehicles: {
          async status(known) {
            if (known === first) throw new Error('a mistake of ours');
            return { ok: true, value: twinOf(known, []) };
          },
        },
      });
      looking.start();
      await outside.clock.advance(2 * hour);
      await looking.stop();
      const complaint = ['warn', 'reconciliation.failed', { vin: first, reason: 'Error: a mistake of ours' }];
      expect(told).toEqual([complaint, complaint]);
      expect(looks.filter(([, known]) => known === second)).toEqual([
        [60, second],
        [120, second],
      ]);
    }));

  it('without a database is tried again a whole time later', () =>
    withOutside(async (outside) => {
      const away = () => {
        throw new Error('the database is away');
      };
      const database = { ...outside.database, reader: { selectFrom: away, getExecutor: away } as never };
      const { looking, looks, told } = watched(outside, { database });
      looking.start();
      await outside.clock.advance(0);
      expect(told).toEqual([
        ['warn', 'reconciliation.failed', { failures: 1, reason: 'Error: the database is away' }],
      ]);
      expect(looks).toEqual([]);
      expect(outside.clock.pending()).toEqual([outside.clock.now() + hour]);
      await looking.stop();
    }));
});

describe('Once it is stopped', () => {
  it('nothing waits for its time, whether it was started or not', () =>
    withOutside(async (outside) => {
      const { looking, looks } = watched(outside);
      await looking.stop();
      looking.start();
      await outside.clock.advance(0);
      expect(outside.clock.pending()).toEqual([outside.clock.now() + hour]);
      await looking.stop();
      expect(outside.clock.pending()).toEqual([]);
      await outside.clock.advance(2 * hour);
      expect(looks).toEqual([]);
    }));

  it('the look that is under way has ended, and no other follows', () =>
    withOutside(async (outside) => {
      let answer: () => void = () => {};
      const { looking } = watched(outside, {
        vehicles: {
          async status(known) {
            await new Promise<void>((resolve) => {
              answer = resolve;
            });
            return { ok: true, value: twinOf(known, []) };
          },
        },
      });
      looking.start();
      await outside.clock.advance(hour);
      let isStopped = false;
      const stopping = looking.stop().then(() => {
        isStopped = true;
      });
      await settle();
      expect(isStopped).toBe(false);
      answer();
      await stopping;
      expect(outside.clock.pending()).toEqual([]);
    }));
});

describe('One vehicle', () => {
  /** What follows from what it reports. */
  function reconcile(outside: Outside, twin: Partial<VehicleTwin> | null) {
    const status = async () =>
      twin === null
        ? ({
            ok: false,
            failure: {
              category: 'timeout',
              code: 'http_504',
              message: 'none',
              temporary: true,
              mayHaveSucceeded: true,
            },
          } as const)
        : ({ ok: true, value: { ...twinOf(vin, [awake]), ...twin } } as const);
    const { database, clock } = outside;
    const deps = { database, clock, ids: countedIds(), catalogue, contradictions: noContradictions };
    return reconcileVehicle({ ...deps, vehicles: { status } }, vin);
  }

  it('with an active feature without an owner gets a revocation, under any policy and without a deadline', () =>
    withOutside(async (outside) => {
      expect(await reconcile(outside, {})).toEqual({ begun: ['act_1001'], tickets: [] });
      const at = outside.clock.now();
      const [row] = await rowsOf(outside, 'activations');
      expect(row).toMatchObject({
        id: 'act_1001',
        purchase_id: null,
        parent_id: null,
        vin,
        service_id: 'seats',
        feature: 'heated_seats',
        kind: 'revocation',
        priority: 1,
        due_at: at,
      });
      expect(JSON.parse(row?.state ?? '')).toMatchObject({
        deadlineAt: null,
        policy: { ...seats.policy, maxRetries: null, deadlineMs: null },
      });
      expect(await recordLines(outside)).toEqual([
        {
          at,
          type: 'reconciliation.revocation',
          actor: 'engine',
          of: [null, 'act_1001'],
          data: { vin, ...awake },
        },
      ]);
    }));

  it('that has lost what is owned gets it back, in the record of the purchase that owns it', () =>
    withOutside(async (outside) => {
      const at = outside.clock.now();
      await placeOrder(outside, { feature: 'heated_seats' });
      await outside.clock.advance(1_000);
      await placeOrder(outside, { id: 'act_2', feature: 'sport_mode' });
      await outside.database.write(async (transaction) => {
        await transaction.updateTable('activations').set({ ended_at: at }).execute();
        await transaction.updateTable('purchases').set({ feature: 'heated_seats' }).execute();
        await insertEntitlement(transaction, {
          id: 'ent_1',
          vin,
          feature: 'heated_seats',
          serviceId: 'seats',
          customerId: 'cus_1',
          purchaseId: 'pur_1',
          source: 'purchase',
          validFrom: 0,
          validUntil: null,
          end: null,
        });
      });
      expect(await reconcile(outside, { reported: [asleep] })).toEqual({
        begun: ['act_1001'],
        tickets: [],
      });
      expect(await recordLines(outside)).toMatchObject([
        { type: 'reconciliation.reactivation', of: ['pur_1', 'act_1001'], data: { vin, ...asleep } },
      ]);
      const back = (await rowsOf(outside, 'activations')).find(({ id }) => id === 'act_1001');
      expect(JSON.parse(back?.state ?? '')).toMatchObject({
        kind: 'activation',
        origin: 'reconciliation',
        serviceId: 'seats',
        policy: seats.policy,
      });
    }));

  it('with a feature without an owner gets its lines in the history of the feature’s newest purchase', () =>
    withOutside(async (outside) => {
      await placeOrder(outside, { feature: 'heated_seats' });
      await outside.clock.advance(1_000);
      await placeOrder(outside, { id: 'act_2', feature: 'sport_mode' });
      await placeOrder(outside, { id: 'act_3', feature: 'lights' });
      await placeOrder(outside, { id: 'act_4', vin: makeVin('WFWAUR1E', 'TA', 1) });
      await outside.database.write(async (transaction) => {
        await transaction.updateTable('activations').set({ ended_at: 1 }).execute();
        await transaction
          .updateTable('purchases')
          .set({ feature: 'heated_seats' })
          .where('id', '=', 'pur_2')
          .execute();
      });
      await reconcile(outside, {});
      expect(await recordLines(outside)).toMatchObject([{ of: ['pur_2', 'act_1001'] }]);
    }));

  it.each<[string, Partial<VehicleTwin> | null]>([
    ['cannot be asked', null],
    ['is away', { online: false }],
    ['has said nothing yet', { reported: null }],
    ['is as it should be', { reported: [asleep] }],
  ])('that %s is left alone', (_, twin) =>
    withOutside(async (outside) => {
      let writes = 0;
      const { database } = outside;
      const counted: Outside = {
        ...outside,
        database: {
          ...database,
          write(work) {
            writes += 1;
            return database.write(work);
          },
        },
      };
      expect(await reconcile(counted, twin)).toEqual({ begun: [], tickets: [] });
      expect(writes).toBe(0);
    }),
  );
});
