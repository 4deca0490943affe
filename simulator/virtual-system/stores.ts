import { sql } from 'kysely';
import { migrateApiIot } from '../../gateway/api-iot/store/migrations.ts';
import type { ApiIotSchema } from '../../gateway/api-iot/store/schema.ts';
import { migratePlatform } from '../../gateway/store/migrations.ts';
import type { PlatformSchema } from '../../gateway/store/schema.ts';
import { type VirtualStorage, virtualStorage } from '../../shared/virtual/database.ts';
import type { VirtualProcess } from '../../shared/virtual/process.ts';
import { migratePaymentsStandIn, type PaymentsStandInSchema } from '../stand-ins/payments/schema.ts';

/** The databases of one virtual system. */
export interface Stores {
  readonly platform: VirtualStorage<PlatformSchema>;
  readonly apiIot: VirtualStorage<ApiIotSchema>;
  readonly payments: VirtualStorage<PaymentsStandInSchema>;
}

/** Opens empty databases with their tables; `platformStatements` are run at the platform's in the end. */
export async function openStores(
  setup: VirtualProcess,
  platformStatements: readonly string[] = [],
): Promise<Stores> {
  const stores = {
    platform: virtualStorage<PlatformSchema>(),
    apiIot: virtualStorage<ApiIotSchema>(),
    payments: virtualStorage<PaymentsStandInSchema>(),
  };
  const platform = stores.platform.connect(setup);
  await migratePlatform(platform);
  await migrateApiIot(stores.apiIot.connect(setup));
  await migratePaymentsStandIn(stores.payments.connect(setup));
  if (platformStatements.length > 0)
    await platform.write(async (transaction) => {
      for (const statement of platformStatements) await sql.raw(statement).execute(transaction);
    });
  return stores;
}

export function closeStores({ platform, apiIot, payments }: Stores): void {
  for (const store of [platform, apiIot, payments]) store.close();
}
