import type { Kysely, Transaction } from 'kysely';
import { z } from 'zod';
import { customerIdSchema } from '../../shared/protocol/customer-id.ts';
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
  return { vin, model, model_name: modelName, customer_id: customerId, registered_at: at };
}

export async function findVehicle(database: Kysely<PlatformSchema>, vin: string): Promise<VehicleRow | null> {
  const row = await database.selectFrom('vehicles').selectAll().where('vin', '=', vin).executeTakeFirst();
  return row ?? null;
}

/** Inserts or replaces all but `registered_at`; at least one row, each VIN once. */
export async function saveVehicles(
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
        customer_id: eb.ref('excluded.customer_id'),
      })),
    )
    .execute();
}

/** Those of the ids that no customer has. */
export async function missingCustomers(
  database: Kysely<PlatformSchema>,
  ids: ReadonlySet<string>,
): Promise<ReadonlySet<string>> {
  if (ids.size === 0) return ids;
  const rows = await database
    .selectFrom('customers')
    .select('id')
    .where('id', 'in', [...ids])
    .execute();
  const known = new Set(rows.map((row) => row.id));
  return new Set([...ids].filter((id) => !known.has(id)));
}
