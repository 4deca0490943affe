import type { EntitlementRow } from '../../../gateway/store/schema.ts';
import { balanceOf, reversedAt } from '../balance.ts';
import type { CaseFile } from '../case-file.ts';
import type { Evidence, VehicleEvidence } from '../evidence.ts';
import { isWithPeople } from '../peoples-money.ts';
import { type Reading, readingOf } from '../reading.ts';
import { money, type Verdict, verdict } from '../verdict.ts';
import { transferViolations } from './transfers.ts';

const rule = {
  id: 4,
  title: 'Active activations: confirmed by the vehicle, paid, entitlement granted; feature active',
};

/**
 * Rule 4: what the platform calls active was delivered by the broker's log, is paid by the ledger (or named
 * `payment_failed`), is owned, and is on in the vehicle. The broker's log counts how many there must be.
 */
export function activeMeansActive(evidence: Evidence, reading: Reading = readingOf(evidence)): Verdict {
  const { sold: files, free } = reading;
  const delivered = files.filter(
    (file) => file.deliveredAt !== null && !isReversed(file) && !isGivenBackByPeople(evidence, file),
  );
  const active = files.filter((file) => file.row.phase === 'active');
  const vehicles = new Map(evidence.vehicles.map((vehicle) => [vehicle.vin, vehicle]));
  const disputed = openDisputes(evidence);
  const entitlements = new Map(evidence.database.entitlements.map((row) => [row.purchase_id, row]));
  return verdict(
    rule,
    active.length,
    { count: delivered.length, name: 'activations confirmed by a vehicle and not reversed' },
    [
      ...active.flatMap((file) => judgeSale(file, disputed)),
      ...transferViolations(evidence),
      ...[...active, ...free.filter((file) => file.row.phase === 'active')].flatMap((file) =>
        judge(
          file,
          vehicles.get(file.vin) ?? null,
          entitlements.get(file.row.purchase_id) ?? null,
          isTicketed(evidence, file),
        ),
      ),
    ],
  );
}

/** A bank that declines the capture releases its hold: this is not a reversal by the platform (`payment_failed`). */
function isReversed({ ledger, purchase, state }: CaseFile): boolean {
  const isPaidOtherwise = state.settlement?.status === 'collected';
  return reversedAt(ledger) !== null && purchase?.status !== 'payment_failed' && !isPaidOtherwise;
}

/** It failed before the vehicle confirmed it after all, and people settle the reversal that the payment service refused. */
function isGivenBackByPeople(evidence: Evidence, file: CaseFile): boolean {
  const isLost = file.row.phase === 'failed' || file.row.phase === 'cancelled';
  return isLost && isWithPeople(evidence, file);
}

/** Activations whose charge the bank has reversed, as the history says, and has not returned. */
function openDisputes({ database }: Evidence): ReadonlySet<string | null> {
  const open = new Set<string | null>();
  for (const { type, activation_id: id } of database.record) {
    if (type === 'payment.disputed' || type === 'payment.dispute_lost') open.add(id);
    if (type === 'payment.dispute_won') open.delete(id);
  }
  return open;
}

function judgeSale(
  { id, purchase, ledger, state }: CaseFile,
  disputed: ReadonlySet<string | null>,
): string[] {
  const violations: string[] = [];
  if (purchase === null) return [`${id}: active without a purchase`];
  const { netMinor } = balanceOf(ledger);
  const isPaidOtherwise = state.settlement?.status === 'collected' || disputed.has(id);
  if (netMinor !== purchase.amount_minor && purchase.status !== 'payment_failed' && !isPaidOtherwise) {
    const price = money(purchase.amount_minor, purchase.currency);
    violations.push(`${id}: active, but ${money(netMinor, purchase.currency)} of ${price} captured`);
  }
  if (purchase.status !== 'active' && purchase.status !== 'payment_failed') {
    violations.push(`${id}: active, but its purchase is ${purchase.status}`);
  }
  return violations;
}

/** What a workshop took from a vehicle is not brought back while a technician works on a ticket of the service. */
function isTicketed({ database, plan }: Evidence, { vin, row }: CaseFile): boolean {
  const planned = plan.vehicles.find((vehicle) => vehicle.vin === vin);
  const isLost = planned?.faults.some(
    ({ type, attributes }) => type === 'feature_lost' && attributes.feature === row.feature,
  );
  if (!isLost) return false;
  return database.tickets.some(
    (ticket) => ticket.vin === vin && ticket.service_id === row.service_id && ticket.status === 'open',
  );
}

function judge(
  file: CaseFile,
  vehicle: VehicleEvidence | null,
  owned: EntitlementRow | null,
  isExcused: boolean,
): string[] {
  const { id, vin, row, deliveredAt } = file;
  const violations: string[] = [];
  if (deliveredAt === null) violations.push(`${id}: active, but ${vin} never reported applied`);
  if (owned === null)
    violations.push(`${id}: active, but no entitlement exists for ${row.feature} on ${vin}`);
  const state = vehicle?.features.find((feature) => feature.feature === row.feature)?.state;
  if (owned !== null && owned.ended_at === null && state !== 'active' && !isExcused) {
    violations.push(`${id}: active, but ${row.feature} is ${state ?? 'not installed'} on ${vin}`);
  }
  return violations;
}
