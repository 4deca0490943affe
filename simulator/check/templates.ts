import { sql } from 'kysely';
import { migrateApiIot } from '../../gateway/api-iot/store/migrations.ts';
import type { ApiIotSchema } from '../../gateway/api-iot/store/schema.ts';
import { migratePlatform } from '../../gateway/store/migrations.ts';
import type { PlatformSchema } from '../../gateway/store/schema.ts';
import type { Database } from '../../shared/ports/database.ts';
import { virtualStorage } from '../../shared/virtual/database.ts';
import { virtualLoop } from '../../shared/virtual/loop.ts';
import type { PlannedCustomer } from '../scenarios/plan-customers.ts';
import { migratePaymentsStandIn, type PaymentsStandInSchema } from '../stand-ins/payments/schema.ts';
import { subscriptionOf } from '../virtual-system/sinks.ts';
import { platformTriggers } from './activation-changes.ts';
import { testCaseCustomers } from './plan-of-test-case.ts';
import { modelOfVehicle, vehicleCount, vinOf } from './purchases-of-test-case.ts';
import { apiIotTriggers } from './watch.ts';

/** Databases with their tables and the default four customers and vehicles, as bytes: a run begins with copies. */
export interface Templates {
  readonly platform: Buffer;
  readonly apiIot: Buffer;
  readonly payments: Buffer;
}

let made: Promise<Templates> | null = null;

export function templates(): Promise<Templates> {
  made ??= makeTemplates();
  return made;
}

async function makeTemplates(): Promise<Templates> {
  return {
    platform: await snapshot<PlatformSchema>(async (database) => {
      await migratePlatform(database);
      await registerAtPlatform(database, testCaseCustomers(), testCaseVehicles());
      await addTriggers(database, platformTriggers);
    }),
    apiIot: await snapshot<ApiIotSchema>(async (database) => {
      await migrateApiIot(database);
      await registerAtApiIot(database, testCaseVehicles());
      await addTriggers(database, apiIotTriggers);
    }),
    payments: await snapshot<PaymentsStandInSchema>(migratePaymentsStandIn),
  };
}

/** A vehicle as the registers know it. */
export interface RegisteredVehicle {
  readonly vin: string;
  readonly model: string;
  readonly customerId: string;
}

function testCaseVehicles(): RegisteredVehicle[] {
  return Array.from({ length: vehicleCount }, (_, index) => ({
    vin: vinOf(index),
    model: modelOfVehicle(index).id,
    customerId: `customer-${index + 1}`,
  }));
}

export async function registerAtApiIot(
  database: Database<ApiIotSchema>,
  vehicles: readonly RegisteredVehicle[],
): Promise<void> {
  await database.write((transaction) =>
    transaction
      .insertInto('vehicles')
      .values(vehicles.map(({ vin, model }) => ({ vin, model, credential_digest: '' })))
      .execute(),
  );
}

export async function registerAtPlatform(
  database: Database<PlatformSchema>,
  customers: readonly PlannedCustomer[],
  vehicles: readonly RegisteredVehicle[],
): Promise<void> {
  await database.write(async (transaction) => {
    await transaction
      .insertInto('customers')
      .values(
        customers.map(({ push, ...customer }) => ({
          ...customer,
          push_subscription: push ? JSON.stringify(subscriptionOf(customer.id)) : null,
          created_at: 0,
        })),
      )
      .execute();
    await transaction
      .insertInto('vehicles')
      .values(
        vehicles.map(({ vin, model, customerId }) => ({
          vin,
          model,
          model_name: model,
          customer_id: customerId,
          last_owner_id: customerId,
          registered_at: 0,
        })),
      )
      .execute();
  });
}

async function snapshot<Schema>(fill: (database: Database<Schema>) => Promise<void>): Promise<Buffer> {
  const storage = virtualStorage<Schema>();
  const database = storage.connect(virtualLoop({ startAt: 0 }).process('template'));
  await fill(database);
  await database.close();
  const bytes = storage.serialize();
  storage.close();
  return bytes;
}

async function addTriggers<Schema>(database: Database<Schema>, statements: readonly string[]): Promise<void> {
  await database.write(async (transaction) => {
    for (const statement of statements) await sql.raw(statement).execute(transaction);
  });
}
