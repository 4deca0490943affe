import type { Kysely, Transaction } from 'kysely';
import type { Clock } from '../../shared/ports/clock.ts';
import type { Database } from '../../shared/ports/database.ts';
import type { Ids } from '../../shared/ports/ids.ts';
import type { VehicleTwin } from '../../shared/protocol/api-iot.ts';
import { type Activation, newDeactivation, newReactivation } from '../activation/activation.ts';
import type { Catalogue } from '../catalogue/catalogue.ts';
import type { Service } from '../catalogue/service.ts';
import { insertActivation } from '../store/activations.ts';
import { appendRecord } from '../store/record-lines.ts';
import type { PlatformSchema } from '../store/schema.ts';
import { openWorkOf } from '../support/ticket-store.ts';
import { isInHand } from '../support/ticket-work.ts';
import { ownedBy, ownedFeatures } from './ownership.ts';
import { type Difference, differences, type KnownFeatures, type Reported } from './reconcile.ts';

/** What reconciliation asks the API IoT: a vehicle's twin, or the fact that there is none now. */
export interface StatusQuery {
  status(
    vin: string,
  ): Promise<
    { readonly ok: true; readonly value: Pick<VehicleTwin, 'online' | 'reported'> } | { readonly ok: false }
  >;
}

export interface ReconciliationDeps {
  readonly database: Database<PlatformSchema>;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly catalogue: Catalogue;
  readonly vehicles: StatusQuery;
}

/**
 * Compares what one vehicle reports with what its customers own, and lets an activation for nothing or a revocation follow for each
 * difference. A vehicle that is away, or has said nothing yet, is left for the next time. Resolves with the ids of what was born;
 * wake the engine for them. Both go to a vehicle that is there alone, and leave quota to those who wait (effects.ts).
 */
export async function reconcileVehicle(deps: ReconciliationDeps, vin: string): Promise<string[]> {
  const status = await deps.vehicles.status(vin);
  if (!status.ok || !status.value.online || status.value.reported === null) return [];
  const { reported } = status.value;
  const { database } = deps;
  // Most vehicles are as they should be: no transaction for those.
  if ((await findDifferences(database.reader, deps, vin, reported)).length === 0) return [];
  return database.write(async (transaction) => {
    const found = await findDifferences(transaction, deps, vin, reported);
    const born: string[] = [];
    for (const difference of found) born.push(await follow(transaction, deps, vin, difference));
    return born;
  });
}

async function findDifferences(
  database: Kysely<PlatformSchema>,
  deps: ReconciliationDeps,
  vin: string,
  reported: readonly Reported[],
): Promise<Difference[]> {
  return differences(reported, await knownFeatures(database, deps, vin));
}

async function knownFeatures(
  database: Kysely<PlatformSchema>,
  { catalogue, clock }: ReconciliationDeps,
  vin: string,
): Promise<KnownFeatures> {
  const now = clock.now();
  const owned = await ownedFeatures(database, vin, now);
  const changing = await database
    .selectFrom('activations')
    .select('feature')
    .where('vin', '=', vin)
    .where('ended_at', 'is', null)
    .execute();
  const tickets = await openWorkOf(database, vin);
  // A renewal that is still to come begins later.
  const since = (feature: string) =>
    Math.max(
      ...owned.filter((row) => row.feature === feature && row.validFrom <= now).map((row) => row.validFrom),
    );
  const ticketed = catalogue
    .services()
    .filter(({ id, feature }) =>
      tickets.some(({ serviceId, work }) => serviceId === id && isInHand(work, since(feature), now)),
    );
  const names = (rows: readonly { readonly feature: string }[]) => new Set(rows.map((row) => row.feature));
  return {
    sold: names(catalogue.services()),
    owned: names(owned),
    changing: names(changing),
    ticketed: names(ticketed),
  };
}

async function follow(
  transaction: Transaction<PlatformSchema>,
  deps: ReconciliationDeps,
  vin: string,
  { type, reported }: Difference,
): Promise<string> {
  const { clock, ids } = deps;
  const at = clock.now();
  const service = soldAs(deps.catalogue, reported.feature);
  const order = { id: ids.next('act'), vin, serviceId: service.id, feature: reported.feature };
  const purchaseId = await purchaseOf(transaction, vin, reported.feature, at);
  const activation: Activation =
    type === 'revoke'
      ? newDeactivation(
          { ...order, policy: { ...service.policy, maxRetries: null, deadlineMs: null } },
          'revocation',
          at,
        )
      : newReactivation({ ...order, policy: service.policy }, at);
  await insertActivation(transaction, activation, { purchaseId, parentId: null, priority: 1 });
  await appendRecord(transaction, ids, [
    {
      purchaseId,
      activationId: activation.id,
      at,
      type: type === 'revoke' ? 'reconciliation.revocation' : 'reconciliation.reactivation',
      actor: 'engine',
      data: { vin, ...reported },
    },
  ]);
  return activation.id;
}

function soldAs(catalogue: Catalogue, feature: string): Service {
  const service = catalogue.services().find((one) => one.feature === feature);
  if (!service) throw new Error(`the catalogue does not sell ${feature}`);
  return service;
}

/** Whose record tells of it: the purchase by which the feature is owned, else the newest of it; null where nobody ever bought it. */
async function purchaseOf(
  transaction: Transaction<PlatformSchema>,
  vin: string,
  feature: string,
  now: number,
): Promise<string | null> {
  const owner = await ownedBy(transaction, { vin, feature }, now);
  if (owner !== null) return owner.purchaseId;
  const newest = await transaction
    .selectFrom('purchases')
    .select('id')
    .where('vin', '=', vin)
    .where('feature', '=', feature)
    .orderBy('created_at', 'desc')
    .orderBy('id', 'desc')
    .limit(1)
    .executeTakeFirst();
  return newest?.id ?? null;
}
