import type { Kysely, Transaction } from 'kysely';
import type { Clock } from '../../shared/ports/clock.ts';
import type { Database } from '../../shared/ports/database.ts';
import type { Ids } from '../../shared/ports/ids.ts';
import { type Activation, newDeactivation, newReactivation } from '../activation/activation.ts';
import type { VehicleStatus } from '../adapter/answers.ts';
import type { Catalogue } from '../catalogue/catalogue.ts';
import type { Service } from '../catalogue/service.ts';
import { insertActivation } from '../store/activations.ts';
import { appendRecord } from '../store/record-lines.ts';
import type { PlatformSchema } from '../store/schema.ts';
import type { Diagnostics } from '../support/diagnostics.ts';
import { contradictionCode } from '../support/ticket.ts';
import { openWorkOf } from '../support/ticket-look-ups.ts';
import { isInHand } from '../support/ticket-work.ts';
import { type ContradictionDeps, contradictedActivation, contradictionProblem } from './contradiction.ts';
import { ownedBy, ownedFeatures } from './ownership.ts';
import { type Difference, differences, type KnownFeatures, type Reported } from './reconcile.ts';

/** What reconciliation asks the API IoT: a vehicle's twin, or the fact that there is none now. */
export interface StatusQuery {
  status(
    vin: string,
  ): Promise<
    { readonly ok: true; readonly value: Pick<VehicleStatus, 'online' | 'reported'> } | { readonly ok: false }
  >;
}

export interface ReconciliationDeps {
  readonly database: Database<PlatformSchema>;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly catalogue: Catalogue;
  readonly vehicles: StatusQuery;
  readonly contradictions: ContradictionDeps;
}

/** What followed from the differences of one vehicle. */
export interface Reconciled {
  /** Ids of the activations that were created: wake the engine for them. */
  readonly begun: readonly string[];
  /** Tickets that were opened because the vehicle contradicted itself. */
  readonly tickets: readonly { readonly ticketId: string; readonly activationId: string }[];
}

/** A difference, and the activation that it contradicts where the limit of such contradictions is reached. */
interface Found {
  readonly difference: Difference;
  readonly contradicts: Activation | null;
}

const nothing: Reconciled = { begun: [], tickets: [] };

/**
 * Compares what one vehicle reports with what its customers own, and lets an activation free of charge or a revocation follow for each
 * difference. Both go to a vehicle that is online only, and leave quota to those who wait (effects.ts). A vehicle that confirmed the
 * same command again and again and then reported the opposite gets a ticket instead. A vehicle that is away, or has reported nothing
 * yet, is left for the next time.
 */
export async function reconcileVehicle(deps: ReconciliationDeps, vin: string): Promise<Reconciled> {
  const status = await deps.vehicles.status(vin);
  if (!status.ok || status.value.online === false || status.value.reported === null) return nothing;
  const { reported } = status.value;
  const { database, contradictions } = deps;
  // Most vehicles are as they should be: no transaction for those.
  const seen = await findDifferences(database.reader, deps, vin, reported);
  if (seen.length === 0) return nothing;
  const diagnostics = new Map<string, Diagnostics>();
  for (const { contradicts } of seen)
    if (contradicts !== null) diagnostics.set(contradicts.id, await contradictions.diagnose(contradicts));
  return database.write(async (transaction) => {
    const begun: string[] = [];
    const tickets: { ticketId: string; activationId: string }[] = [];
    for (const { difference, contradicts } of await findDifferences(transaction, deps, vin, reported)) {
      if (contradicts === null) {
        begun.push(await follow(transaction, deps, vin, difference));
        continue;
      }
      const read = diagnostics.get(contradicts.id);
      // Something has changed since the diagnostics were read: the next pass decides.
      if (read === undefined) continue;
      const problem = contradictionProblem(contradictions.limit, difference);
      const at = deps.clock.now();
      const ticketId = await contradictions.openTicket(transaction, contradicts, read, at, problem);
      tickets.push({ ticketId, activationId: contradicts.id });
    }
    return { begun, tickets };
  });
}

/** Resolves with where a vehicle differs from what its customers own, and changes nothing. */
export async function vehicleDifferences(
  deps: Pick<ReconciliationDeps, 'database' | 'catalogue' | 'clock'>,
  vin: string,
  reported: readonly Reported[],
): Promise<Difference[]> {
  return differences(reported, (await knownFeatures(deps.database.reader, deps, vin)).known);
}

async function findDifferences(
  database: Kysely<PlatformSchema>,
  deps: ReconciliationDeps,
  vin: string,
  reported: readonly Reported[],
): Promise<Found[]> {
  const { catalogue, clock, contradictions } = deps;
  const { known, ownedSince } = await knownFeatures(database, deps, vin);
  const found: Found[] = [];
  for (const difference of differences(reported, known)) {
    const { feature } = difference.reported;
    const place = { vin, serviceId: soldAs(catalogue, feature).id, ownedSince: ownedSince(feature) };
    const contradicts = await contradictedActivation(
      database,
      contradictions.limit,
      difference,
      place,
      clock.now(),
    );
    found.push({ difference, contradicts });
  }
  return found;
}

async function knownFeatures(
  database: Kysely<PlatformSchema>,
  { catalogue, clock }: Pick<ReconciliationDeps, 'catalogue' | 'clock'>,
  vin: string,
): Promise<{ readonly known: KnownFeatures; readonly ownedSince: (feature: string) => number }> {
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
  const ownedSince = (feature: string) =>
    Math.max(
      ...owned.filter((row) => row.feature === feature && row.validFrom <= now).map((row) => row.validFrom),
    );
  const inHand = catalogue.services().map(({ id, feature }) => ({
    feature,
    tickets: tickets.filter(
      ({ serviceId, work }) => serviceId === id && isInHand(work, ownedSince(feature), now),
    ),
  }));
  const names = (rows: readonly { readonly feature: string }[]) => new Set(rows.map((row) => row.feature));
  const known: KnownFeatures = {
    sold: names(catalogue.services()),
    owned: names(owned),
    changing: names(changing),
    ticketed: names(inHand.filter((one) => one.tickets.length > 0)),
    contradicted: names(inHand.filter((one) => one.tickets.some(({ code }) => code === contradictionCode))),
  };
  return { known, ownedSince };
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

/**
 * Returns the purchase whose history gets the lines: the purchase that owns the feature, else its newest one; null if no
 * customer ever bought it.
 */
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
