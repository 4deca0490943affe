import { insertEntitlement } from '../store/entitlements.ts';
import type { DecisionDeps, DecisionOrder, Write } from './decision-order.ts';
import type { FeatureFinding } from './finding.ts';

export async function ownerOf(
  transaction: Write,
  vin: string,
  given: string | undefined,
): Promise<string | null> {
  const id =
    given ??
    (await transaction.selectFrom('vehicles').select('customer_id').where('vin', '=', vin).executeTakeFirst())
      ?.customer_id;
  if (id === undefined || id === null) return null;
  const row = await transaction
    .selectFrom('customers')
    .select('id')
    .where('id', '=', id)
    .where('erased_at', 'is', null)
    .executeTakeFirst();
  return row?.id ?? null;
}

export const noOwner = (vin: string) =>
  `no registered customer is known for ${vin}: register vehicle and customer, or name the customer`;

/** Grants the feature to a customer, free of charge. */
export async function adoptFeature(
  transaction: Write,
  { ids, clock, catalogue }: DecisionDeps,
  { vin, feature }: FeatureFinding,
  order: DecisionOrder,
): Promise<string | null> {
  const customerId = await ownerOf(transaction, vin, order.customerId);
  if (customerId === null) return noOwner(vin);
  if (order.duration === undefined) return 'say for how long the customer owns it (a duration)';
  const service = catalogue.services().find((one) => one.feature === feature);
  if (service === undefined) return `the catalogue does not sell ${feature}`;
  const at = clock.now();
  await insertEntitlement(transaction, {
    id: ids.next('ent'),
    ...{ vin, feature, customerId },
    serviceId: service.id,
    purchaseId: null,
    source: 'goodwill',
    validFrom: at,
    validUntil: catalogue.endOf(order.duration, at),
    end: null,
  });
  return null;
}
