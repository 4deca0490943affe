import type { Kysely } from 'kysely';
import type { ListedPayment, PaymentList, PaymentState } from '../../shared/ports/payments.ts';
import { type ReconciliationDeps, vehicleDifferences } from '../entitlement/reconciliation.ts';
import type { PlatformSchema } from '../store/schema.ts';
import { differenceFinding, oldestComparedAt } from './difference.ts';
import { type DifferenceFinding, type FeatureFinding, type PaymentFinding, soldBy } from './finding.ts';
import { epochOf, type Installation } from './installation.ts';

export interface ComparisonDeps
  extends Pick<ReconciliationDeps, 'database' | 'clock' | 'catalogue' | 'vehicles'> {
  readonly payments: PaymentList;
}

type Ours = ListedPayment & { readonly activationId: string };

/** Number of pages without a payment of the platform after which none is assumed: other systems may share the account. */
const foreignPagesMax = 10;
/** Clocks of the payment service and of this machine may differ by so much. */
const marginMs = 3_600_000;
/** Vehicles that are asked at once. */
const vehiclesAtOnce = 20;

/** Statuses in which the service holds or has taken money. */
const kept: readonly PaymentState['status'][] = ['authorised', 'captured'];

function oursOf(payments: readonly ListedPayment[], { name }: Installation): Ours[] {
  return payments.filter(
    (one): one is Ours => one.activationId !== null && epochOf(one.epoch, name) !== null,
  );
}

function newestEpoch(payments: readonly Ours[], { name, epoch }: Installation): number {
  return payments.reduce((newest, one) => Math.max(newest, epochOf(one.epoch, name) ?? 0), epoch);
}

/**
 * Returns those that hold or have taken money, whose activation the database does not know, and about which no operator has decided. An
 * activation is saved before its payment is ordered.
 */
async function unknownOf(database: Kysely<PlatformSchema>, payments: readonly Ours[]): Promise<Ours[]> {
  if (payments.length === 0) return [];
  const rows = await database
    .selectFrom('activations')
    .select('id')
    .where(
      'id',
      'in',
      payments.map(({ activationId }) => activationId),
    )
    .execute();
  const decided = await database
    .selectFrom('restore_findings')
    .select('id')
    .where(
      'id',
      'in',
      payments.map(({ paymentId }) => paymentId),
    )
    .where('decision', 'is not', null)
    .execute();
  const known = new Set([...rows, ...decided].map(({ id }) => id));
  return payments.filter(
    ({ activationId, paymentId, status }) =>
      !known.has(activationId) && !known.has(paymentId) && (status === null || kept.includes(status)),
  );
}

/**
 * Resolves with whether the database is older than the payments that were ordered by it: the newest of them carry a later epoch,
 * or name activations that it does not know. Rejects with `PaymentsUnavailable`.
 */
export async function isRestored(deps: ComparisonDeps, installation: Installation): Promise<boolean> {
  let after: string | null = null;
  for (let pages = 0; pages < foreignPagesMax; pages += 1) {
    const page = await deps.payments.list(after);
    const ours = oursOf(page.payments, installation);
    if (ours.length > 0)
      return (
        newestEpoch(ours, installation) > installation.epoch ||
        (await unknownOf(deps.database.reader, ours)).length > 0
      );
    if (!page.hasMore) return false;
    after = page.payments.at(-1)?.paymentId ?? null;
  }
  return false;
}

/** Yields the payments of the installation page by page, newest first, until they are older than `until`. */
async function* oursSince(deps: ComparisonDeps, installation: Installation, until: number) {
  for (let after: string | null = null; ; ) {
    const page = await deps.payments.list(after);
    yield oursOf(page.payments, installation);
    const last = page.payments.at(-1);
    if (!page.hasMore || last === undefined || last.createdAt < until - marginMs) return;
    after = last.paymentId;
  }
}

/** Resolves with the newest epoch that a payment carries. */
export async function findEpoch(deps: ComparisonDeps, installation: Installation): Promise<number> {
  let epoch = installation.epoch;
  const until = await lastLineAt(deps.database.reader);
  for await (const ours of oursSince(deps, installation, until))
    epoch = Math.max(epoch, newestEpoch(ours, installation));
  return epoch;
}

/**
 * Resolves with the payments that hold or have taken money without a purchase, and with those of which the database says something
 * else. Reads the payments back to the oldest purchase that is under way or whose service has not ended.
 */
export async function findPayments(
  deps: ComparisonDeps,
  installation: Installation,
): Promise<(PaymentFinding | DifferenceFinding)[]> {
  const { reader } = deps.database;
  const findings: (PaymentFinding | DifferenceFinding)[] = [];
  // The database has every payment that was authorised before its last line.
  const lastAt = await lastLineAt(reader);
  const until = Math.min(lastAt, (await oldestComparedAt(reader)) ?? lastAt);
  for await (const ours of oursSince(deps, installation, until)) {
    for (const payment of await unknownOf(reader, ours)) {
      const { paymentId: id, description } = payment;
      findings.push({ id, kind: 'payment_without_purchase', payment, ...soldBy(description) });
    }
    for (const payment of ours) {
      const finding = await differenceFinding(reader, payment);
      if (finding !== null) findings.push(finding);
    }
  }
  return findings;
}

/** Resolves with when the history was last written; 0 for an empty one. */
async function lastLineAt(database: Kysely<PlatformSchema>): Promise<number> {
  const row = await database
    .selectFrom('record')
    .select('at')
    .orderBy('seq', 'desc')
    .limit(1)
    .executeTakeFirst();
  return row?.at ?? 0;
}

/** Resolves with the active features of registered vehicles that no customer owns. A vehicle that has reported nothing has none. */
export async function findFeatures(deps: ComparisonDeps): Promise<FeatureFinding[]> {
  const findings: FeatureFinding[] = [];
  for (let last = ''; ; ) {
    const rows = await deps.database.reader
      .selectFrom('vehicles')
      .select('vin')
      .where('vin', '>', last)
      .orderBy('vin')
      .limit(vehiclesAtOnce)
      .execute();
    findings.push(...(await Promise.all(rows.map(({ vin }) => featuresOf(deps, vin)))).flat());
    last = rows.at(-1)?.vin ?? '';
    if (rows.length < vehiclesAtOnce) return findings;
  }
}

async function featuresOf(deps: ComparisonDeps, vin: string): Promise<FeatureFinding[]> {
  const status = await deps.vehicles.status(vin);
  if (!status.ok || status.value.reported === null) return [];
  const differences = await vehicleDifferences(deps, vin, status.value.reported);
  return differences
    .filter(({ type }) => type === 'revoke')
    .map(({ reported: { feature } }) => ({
      id: `${vin}.${feature}`,
      kind: 'feature_without_owner',
      vin,
      feature,
    }));
}
