import type { Kysely, Transaction } from 'kysely';
import { z } from 'zod';
import { customerIdSchema } from '../../shared/protocol/customer-id.ts';
import type { EntitlementDeps } from '../entitlement/deps.ts';
import { type Transfer, transferVehicle } from '../entitlement/transfer.ts';
import type { PlatformSchema, VehicleRow } from '../store/schema.ts';
import { shownNameSchema } from './name.ts';

export const vehicleBodySchema = z
  .strictObject({
    model: z
      .string()
      .regex(/^[a-z0-9][a-z0-9-]{0,63}$/, 'a model id as in the catalogue, such as aurora-2026'),
    modelName: shownNameSchema(80).meta({ description: 'What the customer calls it', example: 'Aurora' }),
    customerId: customerIdSchema.nullable().default(null),
  })
  .meta({ id: 'VehicleBody' });
export type VehicleBody = z.infer<typeof vehicleBodySchema>;

export function vehicleRow(vin: string, body: VehicleBody, at: number): VehicleRow {
  const { model, modelName, customerId } = body;
  return {
    ...{ vin, model, model_name: modelName, registered_at: at },
    ...{ customer_id: customerId, last_owner_id: customerId },
  };
}

export async function findVehicle(database: Kysely<PlatformSchema>, vin: string): Promise<VehicleRow | null> {
  const row = await database.selectFrom('vehicles').selectAll().where('vin', '=', vin).executeTakeFirst();
  return row ?? null;
}

/**
 * Inserts or replaces all but `registered_at`; at least one row, each VIN once. Resolves with those that have another owner by it:
 * what is owned on them goes to that owner. A vehicle that is registered without an owner is not transferred.
 */
export async function saveVehicles(
  transaction: Transaction<PlatformSchema>,
  deps: Pick<EntitlementDeps, 'ids'>,
  rows: readonly VehicleRow[],
  at: number,
): Promise<Transfer[]> {
  const transfers = await transfersOf(transaction, rows);
  await upsert(transaction, rows);
  for (const transfer of transfers) await transferVehicle(transaction, deps, transfer, at);
  return transfers;
}

/** Inserts vehicles, and replaces model and name of those that are registered: whose they are stays. At least one row, each VIN once. */
export async function addVehicles(
  transaction: Transaction<PlatformSchema>,
  rows: readonly VehicleRow[],
): Promise<void> {
  await transaction
    .insertInto('vehicles')
    .values(rows)
    .onConflict((conflict) =>
      conflict.column('vin').doUpdateSet((eb) => ({
        model: eb.ref('excluded.model'),
        model_name: eb.ref('excluded.model_name'),
      })),
    )
    .execute();
}

async function transfersOf(
  transaction: Transaction<PlatformSchema>,
  rows: readonly VehicleRow[],
): Promise<Transfer[]> {
  const known = await transaction
    .selectFrom('vehicles')
    .select(['vin', 'last_owner_id'])
    .where(
      'vin',
      'in',
      rows.map(({ vin }) => vin),
    )
    .execute();
  const owners = new Map(known.map(({ vin, last_owner_id }) => [vin, last_owner_id]));
  return rows.flatMap(({ vin, customer_id: to }) => {
    const from = owners.get(vin) ?? null;
    return from === null || to === null || from === to ? [] : [{ vin, from, to }];
  });
}

async function upsert(transaction: Transaction<PlatformSchema>, rows: readonly VehicleRow[]): Promise<void> {
  await transaction
    .insertInto('vehicles')
    .values(rows)
    .onConflict((conflict) =>
      conflict.column('vin').doUpdateSet((eb) => ({
        model: eb.ref('excluded.model'),
        model_name: eb.ref('excluded.model_name'),
        customer_id: eb.ref('excluded.customer_id'),
        last_owner_id: eb.fn.coalesce('excluded.last_owner_id', 'vehicles.last_owner_id'),
      })),
    )
    .execute();
}
