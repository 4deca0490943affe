import { transferType } from '../../gateway/entitlement/transfer.ts';
import type { Evidence } from '../reports/evidence.ts';
import type { TransferAct } from './transfers.ts';

/**
 * Compares the registrations that were answered with what the platform holds: every entitlement in force that was bought for a transferred
 * vehicle before belongs to the customer it was last registered for, and each earlier purchase has a line of the transfer. Who buys
 * afterwards owns what they buy, also where the vehicle belongs to another customer.
 */
export function judgeTransfers({ database }: Evidence, acts: readonly TransferAct[]): string[] {
  const transfers = acts.toSorted((left, right) => left.at - right.at);
  const violations = transfers
    .filter(({ status }) => status !== 200)
    .map(
      ({ vin, customerId, status }) => `${vin}: its registration for ${customerId} was answered ${status}`,
    );
  const owners = new Map(transfers.map(({ vin, customerId }) => [vin, customerId]));
  const askedAt = new Map(transfers.map((one) => [one.vin, one.askedAt]));
  const boughtAt = new Map(database.purchases.map((one) => [one.id, one.created_at]));
  for (const { vin, ended_at: endedAt, customer_id: customerId, id, purchase_id } of database.entitlements) {
    const owner = owners.get(vin);
    const isEarlier = (boughtAt.get(purchase_id ?? '') ?? 0) < (askedAt.get(vin) ?? 0);
    if (owner !== undefined && isEarlier && endedAt === null && customerId !== owner)
      violations.push(`${id}: belongs to ${customerId}, but ${vin} was registered for ${owner}`);
  }
  for (const [vin, owner] of owners) {
    const last = transfers.findLast((one) => one.vin === vin);
    const earlier = database.purchases.filter(
      (one) => one.vin === vin && one.created_at < (last?.askedAt ?? 0) && one.customer_id !== owner,
    );
    const unnamed = earlier.filter(
      ({ id }) =>
        !database.record.some(({ type, purchase_id }) => type === transferType && purchase_id === id),
    );
    violations.push(...unnamed.map(({ id }) => `${id}: no line of the transfer of ${vin} to ${owner}`));
  }
  return violations;
}
