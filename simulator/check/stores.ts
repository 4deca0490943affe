import type { ApiIotSchema } from '../../gateway/api-iot/store/schema.ts';
import type { PlatformSchema } from '../../gateway/store/schema.ts';
import { virtualStorage } from '../../shared/virtual/database.ts';
import type { VirtualProcess } from '../../shared/virtual/process.ts';
import type { PaymentsStandInSchema } from '../stand-ins/payments/schema.ts';
import type { Stores } from '../virtual-system/stores.ts';
import { vinOf } from './purchases-of-test-case.ts';
import { templates } from './templates.ts';
import type { TestCase } from './test-case.ts';

type Fleet = NonNullable<TestCase['fleet']>;

/** Those that no run uses: as many as there were runs at once. */
const free: Stores[] = [];

/** Databases with their tables and the customers and vehicles of the test case. */
export async function takeStores(): Promise<Stores> {
  const known = free.pop();
  if (known) return known;
  const { platform, apiIot, payments } = await templates();
  return {
    platform: virtualStorage<PlatformSchema>(platform),
    apiIot: virtualStorage<ApiIotSchema>(apiIot),
    payments: virtualStorage<PaymentsStandInSchema>(payments),
  };
}

/** Registers another fleet than the standard one, before anything runs. */
export async function registerFleet(
  { platform, apiIot }: Stores,
  setup: VirtualProcess,
  fleet: Fleet,
): Promise<void> {
  for (const [index, model] of fleet.entries()) {
    await platform
      .connect(setup)
      .write((transaction) =>
        transaction
          .updateTable('vehicles')
          .set({ model, model_name: model })
          .where('vin', '=', vinOf(index))
          .execute(),
      );
    await apiIot
      .connect(setup)
      .write((transaction) =>
        transaction.updateTable('vehicles').set({ model }).where('vin', '=', vinOf(index)).execute(),
      );
  }
}

/** For the next run. The processes of this one must have died. */
export function giveStoresBack(stores: Stores): void {
  for (const store of [stores.platform, stores.apiIot, stores.payments]) store.rewind();
  free.push(stores);
}
