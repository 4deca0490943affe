import { readFileSync } from 'node:fs';
import { type Activation, newActivation } from '../../gateway/activation/activation.ts';
import type { Fact } from '../../gateway/activation/fact.ts';
import { standardPolicy } from '../../gateway/activation/policy.ts';
import { insertNotices } from '../../gateway/notifications/notice-insertion.ts';
import { loadTemplates } from '../../gateway/notifications/renderer.ts';
import { insertActivation } from '../../gateway/store/activations.ts';
import { migratePlatform } from '../../gateway/store/migrations.ts';
import type { NoticeRow, PlatformSchema } from '../../gateway/store/schema.ts';
import { openSqlite } from '../../shared/live/sqlite.ts';
import type { Database } from '../../shared/ports/database.ts';
import type { Ids } from '../../shared/ports/ids.ts';

export const vin = '11111111111111111';
/** 2027-01-15T08:00:00.000Z. */
export const startAt = 1_800_000_000_000;
export const subscription = {
  endpoint: 'https://push.example.org/s/1',
  keys: { p256dh: 'key', auth: 'secret' },
};
const settings = { contact: 'support@caas.example', webUrl: 'https://caas.example' };

/** Identifiers that rise by one, a row for each prefix. */
export function countingIds(): Ids {
  const counts = new Map<string, number>();
  return {
    next(prefix) {
      const count = (counts.get(prefix) ?? 0) + 1;
      counts.set(prefix, count);
      return `${prefix}_${String(count).padStart(26, '0')}`;
    },
  };
}

const templates = new URL('../../gateway/notifications/templates/', import.meta.url);

export function readTemplate(name: string): string {
  return readFileSync(new URL(name, templates), 'utf8');
}

export const render = loadTemplates(readTemplate, { domain: 'notices.caas.example' });

export interface Order {
  readonly number: number;
  readonly name: string;
  readonly language: string;
  readonly hasPush: boolean;
  readonly serviceName: string;
  readonly capture: 'on_delivery' | 'immediately';
  readonly preDelivery: boolean;
}

const standardOrder: Order = {
  number: 1,
  name: 'Ada Byron',
  language: 'en',
  hasPush: true,
  serviceName: 'Heated Seats',
  capture: 'on_delivery',
  preDelivery: false,
};

export async function withDatabase(run: (database: Database<PlatformSchema>) => Promise<void>) {
  const database = openSqlite<PlatformSchema>(':memory:');
  try {
    await migratePlatform(database);
    await run(database);
  } finally {
    await database.close();
  }
}

/** A customer, a vehicle, a purchase and its activation; `number` tells several apart. */
export async function placeOrder(
  database: Database<PlatformSchema>,
  partial: Partial<Order> = {},
): Promise<Activation> {
  const order = { ...standardOrder, ...partial };
  const { number } = order;
  const activation = newActivation(
    {
      id: `act_${number}`,
      vin,
      serviceId: 'heated-seats',
      feature: `seats_${number}`,
      policy: standardPolicy,
    },
    { capture: order.capture, amountMinor: 4990, currency: 'EUR', method: 'pm_card_visa' },
    startAt,
  );
  await database.write(async (transaction) => {
    await transaction
      .insertInto('customers')
      .values({
        id: `cus_${number}`,
        name: order.name,
        email: `customer${number}@example.org`,
        language: order.language,
        push_subscription: order.hasPush ? JSON.stringify(subscription) : null,
        created_at: startAt,
      })
      .execute();
    await transaction
      .insertInto('vehicles')
      .values({ vin, model: 'aurora-2026', model_name: 'Aurora EX', customer_id: 'cus_1', registered_at: 0 })
      .onConflict((conflict) => conflict.doNothing())
      .execute();
    await transaction
      .insertInto('purchases')
      .values({
        id: `pur_${number}`,
        customer_id: `cus_${number}`,
        vin,
        service_id: 'heated-seats',
        service_name: order.serviceName,
        feature: `seats_${number}`,
        duration: JSON.stringify({ unit: 'months', count: 12 }),
        amount_minor: 4990,
        currency: 'EUR',
        capture: order.capture,
        pre_delivery: order.preDelivery ? 1 : 0,
        activation_id: activation.id,
        status: 'pending',
        created_at: startAt,
      })
      .execute();
    await insertActivation(transaction, activation, {
      purchaseId: `pur_${number}`,
      parentId: null,
      priority: 0,
    });
  });
  return activation;
}

/** The ticket of an activation, with the fields that a notification needs. */
export async function fileTicket(database: Database<PlatformSchema>, activationId: string, id: string) {
  await database.write((transaction) =>
    transaction
      .insertInto('tickets')
      .values({
        id,
        activation_id: activationId,
        purchase_id: null,
        vin,
        customer_id: null,
        service_id: 'heated-seats',
        priority: 'HIGH',
        status: 'open',
        assigned_to: null,
        opened_at: startAt,
        response_due_at: startAt,
        closed_at: null,
        fields: '{}',
      })
      .execute(),
  );
}

export function fact(type: Fact['type'], data: Fact['data'] = {}, at = startAt): Fact {
  return { type, at, data };
}

export function tell(
  database: Database<PlatformSchema>,
  ids: Ids,
  activation: Activation,
  facts: readonly Fact[],
): Promise<number> {
  return database.write((transaction) => insertNotices(transaction, { ids, settings }, activation, facts));
}

export function notices(database: Database<PlatformSchema>): Promise<NoticeRow[]> {
  return database.reader.selectFrom('notices').selectAll().orderBy('created_at').orderBy('id').execute();
}
