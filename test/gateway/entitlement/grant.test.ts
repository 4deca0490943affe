import { describe, expect, it } from 'vitest';
import { newActivation, newReactivation } from '../../../gateway/activation/activation.ts';
import { standardPolicy } from '../../../gateway/activation/policy.ts';
import { endOf } from '../../../gateway/catalogue/duration.ts';
import { endEntitlement } from '../../../gateway/entitlement/end.ts';
import type { Entitlement } from '../../../gateway/entitlement/entitlement.ts';
import { expire } from '../../../gateway/entitlement/expiry.ts';
import { grantEntitlement } from '../../../gateway/entitlement/grant.ts';
import type { StoredActivation } from '../../../gateway/store/activations.ts';
import { insertEntitlement, loadEntitlement, saveEnd } from '../../../gateway/store/entitlements.ts';
import { StaleRow } from '../../../gateway/store/stale-row.ts';
import { type Outside, payment, placeOrder, vin, withOutside } from '../../helpers/engine-under-test.ts';
import { countedIds, recordLines, rowsOf } from '../engine/rows.ts';

const hour = 3_600_000;
const at = 10 * hour;
const feature = 'heated_seats';
const policy = { ...standardPolicy, maxRetries: 2 };

const newDeps = () => ({
  ids: countedIds(),
  catalogue: {
    services: () => [],
    // `seats` is sold with a policy of its own; nothing else is sold any more.
    service: (id: string) =>
      id !== 'seats'
        ? null
        : {
            ...{ id, name: 'Seats', feature, offers: [], policy },
            capture: 'on_delivery' as const,
            cancellation: 'at_once' as const,
          },
    configuration: () => null,
    endOf,
  },
});

const order = { id: 'act_1', vin, serviceId: feature, feature, policy: standardPolicy };
const sold = newActivation(order, payment, 0);
const bought: StoredActivation = { activation: sold, version: 1, purchaseId: 'pur_1', parentId: null };
const renewal: StoredActivation = {
  ...bought,
  activation: {
    ...sold,
    delivery: { at, attempt: null, evidence: 'entitlement', vehicleClock: null },
  },
};

const owned: Entitlement = {
  id: 'ent_old',
  vin,
  feature,
  serviceId: feature,
  customerId: 'cus_1',
  purchaseId: null,
  source: 'purchase',
  validFrom: 0,
  validUntil: at + hour,
  end: null,
};

/** Two hours of heated seats, ordered and not delivered. */
const ordered = (outside: Outside) => placeOrder(outside, { duration: { unit: 'hours', count: 2 } });

function have(outside: Outside, ...entitlements: Entitlement[]) {
  return outside.database.write(async (transaction) => {
    for (const entitlement of entitlements) await insertEntitlement(transaction, entitlement);
  });
}

function grant(outside: Outside, stored: StoredActivation, source: Entitlement['source']) {
  return outside.database.write((transaction) =>
    grantEntitlement(transaction, newDeps(), stored, at, source),
  );
}

const times = async (outside: Outside) =>
  (await rowsOf(outside, 'entitlements')).map(({ id, source, valid_from, valid_until }) => [
    id,
    source,
    valid_from / hour,
    valid_until === null ? null : valid_until / hour,
  ]);

describe('What is delivered', () => {
  it('is owned from now on, for as long as it was bought', () =>
    withOutside(async (outside) => {
      await ordered(outside);
      expect(await grant(outside, bought, 'purchase')).toBe(true);
      expect(await times(outside)).toEqual([['ent_1001', 'purchase', 10, 12]]);
    }));

  it('is owned by who bought it, though they own it by something else', () =>
    withOutside(async (outside) => {
      await ordered(outside);
      await have(outside, { ...owned, purchaseId: 'pur_1' });
      expect(await grant(outside, bought, 'purchase')).toBe(true);
      expect(await times(outside)).toEqual([
        ['ent_1001', 'purchase', 10, 12],
        ['ent_old', 'purchase', 0, 11],
      ]);
    }));

  it('without a purchase has no owner', () =>
    withOutside(async (outside) => {
      await ordered(outside);
      expect(await grant(outside, { ...bought, purchaseId: null }, 'purchase')).toBe(false);
      expect(await grant(outside, { ...bought, purchaseId: null }, 'goodwill')).toBe(false);
      expect(await times(outside)).toEqual([]);
    }));

  it('free of charge grants the duration that the purchase has not granted yet', () =>
    withOutside(async (outside) => {
      await ordered(outside);
      expect(await grant(outside, bought, 'goodwill')).toBe(true);
      expect(await times(outside)).toEqual([['ent_1001', 'goodwill', 10, 12]]);
    }));

  it('free of charge grants nothing new to an owner', () =>
    withOutside(async (outside) => {
      await ordered(outside);
      await have(outside, owned);
      expect(await grant(outside, bought, 'goodwill')).toBe(true);
      expect(await times(outside)).toEqual([['ent_old', 'purchase', 0, 11]]);
    }));

  it('free of charge grants nothing if the purchase has granted its duration', () =>
    withOutside(async (outside) => {
      await ordered(outside);
      await have(outside, { ...owned, purchaseId: 'pur_1', validUntil: at - 1 });
      expect(await grant(outside, bought, 'goodwill')).toBe(false);
      expect(await times(outside)).toHaveLength(1);
    }));
});

describe('A renewal', () => {
  it('begins where what it renews ends', () =>
    withOutside(async (outside) => {
      await ordered(outside);
      await have(outside, owned);
      expect(await grant(outside, renewal, 'purchase')).toBe(true);
      expect(await times(outside)).toEqual([
        ['ent_1001', 'purchase', 11, 13],
        ['ent_old', 'purchase', 0, 11],
      ]);
    }));

  it('of what has no end begins now', () =>
    withOutside(async (outside) => {
      await ordered(outside);
      await have(outside, { ...owned, validUntil: null });
      expect(await grant(outside, renewal, 'purchase')).toBe(true);
      expect((await times(outside))[0]).toEqual(['ent_1001', 'purchase', 10, 12]);
    }));

  it('of what has ended a moment ago is decided again', () =>
    withOutside(async (outside) => {
      await ordered(outside);
      await have(outside, { ...owned, validUntil: at });
      await expect(grant(outside, renewal, 'purchase')).rejects.toThrow(
        new StaleRow('act_1 renews what has ended'),
      );
    }));

  it('proven by the vehicle alone begins now', () =>
    withOutside(async (outside) => {
      await ordered(outside);
      await have(outside, owned);
      const delivery = { at, attempt: 1, evidence: 'result', vehicleClock: null } as const;
      await grant(outside, { ...bought, activation: { ...sold, delivery } }, 'purchase');
      expect((await times(outside))[0]).toEqual(['ent_1001', 'purchase', 10, 12]);
    }));
});

describe('An end', () => {
  const end = (outside: Outside, entitlement: Entitlement) =>
    outside.database.write((transaction) =>
      endEntitlement(transaction, newDeps(), entitlement, { type: 'cancelled', at }, 'customer'),
    );

  it('is written to the purchase history, and a deactivation follows with the policy of its service', () =>
    withOutside(async (outside) => {
      await ordered(outside);
      const seats = { ...owned, serviceId: 'seats', feature: 'sport_mode', purchaseId: 'pur_1' };
      await have(outside, seats);
      expect(await end(outside, seats)).toEqual({ deactivationId: 'act_1001' });
      expect(await recordLines(outside)).toEqual([
        {
          at,
          type: 'entitlement.cancelled',
          actor: 'customer',
          of: ['pur_1', 'act_1001'],
          data: {
            entitlementId: 'ent_old',
            vin,
            feature: 'sport_mode',
            source: 'purchase',
            validFrom: 0,
            validUntil: at + hour,
            deactivationId: 'act_1001',
          },
        },
      ]);
      const row = (await rowsOf(outside, 'activations')).find(({ id }) => id === 'act_1001');
      expect(row).toMatchObject({
        purchase_id: 'pur_1',
        parent_id: null,
        kind: 'deactivation',
        service_id: 'seats',
        feature: 'sport_mode',
        priority: 1,
        due_at: at,
      });
      expect(JSON.parse(row?.state ?? '')).toMatchObject({
        policy,
        deadlineAt: at + (policy.deadlineMs ?? 0),
      });
    }));

  it('of a service that is not sold any more follows the standard policy', () =>
    withOutside(async (outside) => {
      await have(outside, owned);
      expect(await end(outside, owned)).toEqual({ deactivationId: 'act_1001' });
      const [row] = await rowsOf(outside, 'activations');
      expect(JSON.parse(row?.state ?? '')).toMatchObject({ policy: standardPolicy });
    }));

  it('leaves the feature on that is owned by something else too', () =>
    withOutside(async (outside) => {
      const other = { ...owned, id: 'ent_other', validUntil: null };
      await have(outside, owned, other);
      expect(await end(outside, owned)).toEqual({ deactivationId: null });
      expect(await rowsOf(outside, 'activations')).toEqual([]);
      expect(await recordLines(outside)).toMatchObject([
        { of: [null, null], data: { deactivationId: null } },
      ]);
    }));

  it('comes once', () =>
    withOutside(async (outside) => {
      const ended = { ...owned, end: { at: 1, cause: 'expired' as const } };
      await have(outside, ended);
      expect(await end(outside, ended)).toEqual({ ignored: 'it has expired before' });
      expect([await rowsOf(outside, 'activations'), await recordLines(outside)]).toEqual([[], []]);
    }));
});

describe('A wake-up for an entitlement', () => {
  it('ends it when its time is over, once', () =>
    withOutside(async (outside) => {
      await have(outside, { ...owned, validUntil: at });
      const deps = { ...newDeps(), database: outside.database };
      expect(await expire(deps, 'ent_old', at - 1)).toEqual([]);
      expect(await recordLines(outside)).toEqual([]);
      expect(await expire(deps, 'ent_old', at)).toEqual(['act_1001']);
      expect(await loadEntitlement(outside.database.reader, 'ent_old')).toMatchObject({
        end: { at, cause: 'expired' },
      });
      expect(await recordLines(outside)).toMatchObject([{ type: 'entitlement.expired', actor: 'engine' }]);
      expect(await expire(deps, 'ent_old', at + 1)).toEqual([]);
      expect(await recordLines(outside)).toHaveLength(1);
    }));

  it('wakes no activation while another customer owns the feature', () =>
    withOutside(async (outside) => {
      await have(outside, { ...owned, validUntil: at }, { ...owned, id: 'ent_other' });
      const deps = { ...newDeps(), database: outside.database };
      expect(await expire(deps, 'ent_old', at)).toEqual([]);
      expect(await rowsOf(outside, 'activations')).toEqual([]);
    }));

  it('does nothing where another process was faster, also between the look and the transaction', () =>
    withOutside(async (outside) => {
      await have(outside, { ...owned, validUntil: at });
      const { database } = outside;
      const slow: typeof database = {
        ...database,
        async write(work) {
          const end = { at: at - 1, cause: 'cancelled' } as const;
          await database.write((transaction) => saveEnd(transaction, { id: 'ent_old', end }));
          return database.write(work);
        },
      };
      let writes = 0;
      const counted: typeof database = {
        ...database,
        write(work) {
          writes += 1;
          return database.write(work);
        },
      };
      expect(await expire({ ...newDeps(), database: slow }, 'ent_old', at)).toEqual([]);
      expect(await expire({ ...newDeps(), database: counted }, 'ent_old', at)).toEqual([]);
      expect(writes).toBe(0);
      expect(await recordLines(outside)).toEqual([]);
    }));

  it('of an unknown entitlement is logged', () =>
    withOutside(async (outside) => {
      expect(await expire({ ...newDeps(), database: outside.database }, 'ent_none', at)).toBeNull();
    }));
});

it('brings back what is owned without a new entitlement', () =>
  withOutside(async (outside) => {
    await have(outside, owned);
    const back = { ...bought, activation: newReactivation(order, at), purchaseId: null };
    expect(await grant(outside, back, 'goodwill')).toBe(true);
    expect(await times(outside)).toEqual([['ent_old', 'purchase', 0, 11]]);
  }));
