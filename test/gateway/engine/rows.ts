import { type Selectable, sql } from 'kysely';
import type { Activation } from '../../../gateway/activation/activation.ts';
import { insertActivation, type StoredActivation } from '../../../gateway/store/activations.ts';
import type { PlatformSchema } from '../../../gateway/store/schema.ts';
import type { Ids } from '../../../shared/ports/ids.ts';
import type { Outside } from '../../helpers/engine-under-test.ts';

/** Identifiers that a test can write down: `act_1001`, `rec_1002` … in the order in which they were asked for. */
export function countedIds(): Ids {
  let last = 1_000;
  return {
    next(prefix) {
      last += 1;
      return `${prefix}_${last}`;
    },
  };
}

/** The record's lines as they were appended, each as one object. */
export async function recordLines({ database }: Outside): Promise<unknown[]> {
  const rows = await database.reader.selectFrom('record').selectAll().orderBy('seq').execute();
  return rows.map(({ at, type, actor, purchase_id, activation_id, data }) => ({
    at,
    type,
    actor,
    of: [purchase_id, activation_id],
    data: JSON.parse(data),
  }));
}

/** All rows of a table, as they stand, in the order of `id`. */
export async function rowsOf<Table extends 'activations' | 'entitlements' | 'purchases'>(
  { database }: Outside,
  table: Table,
): Promise<Selectable<PlatformSchema[Table]>[]> {
  const all = sql<Selectable<PlatformSchema[Table]>>`select * from ${sql.table(table)} order by id`;
  return (await all.execute(database.reader)).rows;
}

/** Saves an activation as the platform API does. */
export async function saveNew(
  { database }: Outside,
  activation: Activation,
  purchaseId: string | null = null,
  priority: 0 | 1 = 1,
): Promise<StoredActivation> {
  const links = { purchaseId, parentId: null };
  await database.write((transaction) => insertActivation(transaction, activation, { ...links, priority }));
  return { activation, version: 1, ...links };
}
