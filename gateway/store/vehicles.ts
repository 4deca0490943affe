import type { Database } from '../../shared/ports/database.ts';
import type { PlatformSchema } from './schema.ts';

export async function isRegistered(
  { reader }: Pick<Database<PlatformSchema>, 'reader'>,
  vin: string,
): Promise<boolean> {
  const row = await reader.selectFrom('vehicles').select('vin').where('vin', '=', vin).executeTakeFirst();
  return row !== undefined;
}

/**
 * Returns the model id of a registered vehicle, read each time: a vehicle may be registered again with another model while
 * a process runs, and the next command must carry that model's configuration. Rejects when the VIN is not registered.
 */
export async function modelOf(
  { reader }: Pick<Database<PlatformSchema>, 'reader'>,
  vin: string,
): Promise<string> {
  const row = await reader
    .selectFrom('vehicles')
    .select('model')
    .where('vin', '=', vin)
    .executeTakeFirstOrThrow();
  return row.model;
}
