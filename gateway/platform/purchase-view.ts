import type { Kysely } from 'kysely';
import { z } from 'zod';
import { moneySchema } from '../../shared/protocol/money.ts';
import { vinSchema } from '../../shared/protocol/vin.ts';
import type { Activation } from '../activation/activation.ts';
import { phases } from '../activation/phase.ts';
import { settlementStatuses } from '../activation/settlement.ts';
import type { Duration } from '../catalogue/service.ts';
import { type Entitlement, isInForce } from '../entitlement/entitlement.ts';
import { isTransferred } from '../entitlement/transfer.ts';
import { pageOf, type TimeCursor, timeCursor } from '../http/paging.ts';
import type { PlatformSchema, PurchaseRow } from '../store/schema.ts';
import type { TicketRow } from '../store/ticket-tables.ts';
import { durationSchema } from './catalogue-route.ts';
import type { PlatformDeps } from './deps.ts';
import { entitlementSchema, entitlementsOf, entitlementView } from './entitlement-view.ts';
import { isFor, type Owner } from './ownership.ts';
import { serviceStatus, serviceStatusSchema } from './service-status.ts';

export const purchaseSchema = z
  .object({
    id: z.string().meta({ example: 'pur_01hzy3q6v8m4t2n0k5w7x9r1b3' }),
    customerId: z.string(),
    vin: vinSchema,
    serviceId: z.string(),
    serviceName: z.string(),
    feature: z.string(),
    duration: durationSchema,
    price: moneySchema,
    capture: z.enum(['on_delivery', 'immediately']),
    preDelivery: z.boolean(),
    status: z.enum(['pending', 'active', 'failed', 'cancelled', 'declined', 'payment_failed']),
    serviceStatus: serviceStatusSchema.nullable(),
    createdAt: z.int(),
    transferredAt: z.int().nullable().meta({
      description:
        'When the vehicle was last transferred to another owner, also back to the buyer; null where it never was. While it belongs to another owner, the buyer reads no serviceStatus and no entitlement',
    }),
    activation: z.object({
      id: z.string(),
      phase: z.enum(phases),
      settlement: z.enum(settlementStatuses).nullable(),
      cancelRequestedAt: z
        .int()
        .nullable()
        .meta({ description: 'When its customer asked to cancel it; a delivery may still have won' }),
    }),
    entitlement: entitlementSchema
      .nullable()
      .meta({ description: 'What the customer owns by it; null before it is active' }),
    ticketId: z.string().nullable(),
  })
  .meta({ id: 'Purchase' });
export type Purchase = z.infer<typeof purchaseSchema>;

interface Beside {
  readonly phase: Activation['phase'];
  readonly settlement: Purchase['activation']['settlement'];
  readonly cancelRequestedAt: number | null;
  readonly ticketId: string | null;
  readonly ticketStatus: TicketRow['status'] | null;
  readonly entitlement: Entitlement | null;
}

export function purchaseResource(
  row: PurchaseRow,
  { entitlement: given, ...beside }: Beside,
  now: number,
  owner: Owner = null,
): Purchase {
  const { phase, settlement, cancelRequestedAt, ticketId, ticketStatus } = beside;
  // What becomes of the service is its new owner's matter.
  const isHidden = owner !== null && isTransferred(row);
  const entitlement = isHidden ? null : given;
  const isOwned = entitlement !== null && isInForce(entitlement, now);
  return {
    id: row.id,
    customerId: row.customer_id,
    vin: row.vin,
    serviceId: row.service_id,
    serviceName: row.service_name,
    feature: row.feature,
    duration: JSON.parse(row.duration) as Duration,
    price: { amountMinor: row.amount_minor, currency: row.currency },
    capture: row.capture,
    preDelivery: row.pre_delivery === 1,
    status: row.status,
    serviceStatus: isHidden ? null : serviceStatus(row.status, ticketStatus, isOwned),
    createdAt: row.created_at,
    transferredAt: row.transferred_at,
    activation: { id: row.activation_id, phase, settlement, cancelRequestedAt },
    entitlement: entitlement && entitlementView(entitlement),
    ticketId,
  };
}

function select(database: Kysely<PlatformSchema>) {
  return database
    .selectFrom('purchases as p')
    .innerJoin('activations as a', 'a.id', 'p.activation_id')
    .leftJoin('tickets as t', 't.activation_id', 'p.activation_id')
    .selectAll('p')
    .select(['a.phase', 'a.settlement', 'a.state', 't.id as ticket_id', 't.status as ticket_status']);
}

type Selected = Awaited<ReturnType<ReturnType<typeof select>['execute']>>[number];

export type ReadDeps = Pick<PlatformDeps, 'database' | 'clock'>;

/** What becomes active between the two reads has its entitlement by the second. */
async function resourcesOf(
  { database, clock }: ReadDeps,
  rows: readonly Selected[],
  owner: Owner,
): Promise<Purchase[]> {
  const entitlements = await entitlementsOf(
    database.reader,
    rows.map(({ id }) => id),
  );
  return rows.map((row) =>
    purchaseResource(
      row,
      {
        phase: row.phase as Activation['phase'],
        settlement: row.settlement as Beside['settlement'],
        cancelRequestedAt: (JSON.parse(row.state) as Activation).cancelRequestedAt ?? null,
        ticketId: row.ticket_id,
        ticketStatus: row.ticket_status,
        entitlement: entitlements.get(row.id) ?? null,
      },
      clock.now(),
      owner,
    ),
  );
}

/** Null when there is none of this id, or none for this owner. */
export async function readPurchase(deps: ReadDeps, id: string, owner: Owner): Promise<Purchase | null> {
  const found = await select(deps.database.reader).where('p.id', '=', id).executeTakeFirst();
  const row = found && isFor(owner, found.customer_id) ? found : undefined;
  const [purchase] = row ? await resourcesOf(deps, [row], owner) : [];
  return purchase ?? null;
}

export interface PurchaseList {
  readonly owner: Owner;
  readonly customerId: string | undefined;
  readonly limit: number;
  readonly cursor: TimeCursor | undefined;
}

/** Newest first. */
export async function listPurchases(
  deps: ReadDeps,
  { owner, customerId, limit, cursor }: PurchaseList,
): Promise<{ purchases: Purchase[]; next: string | null }> {
  let query = select(deps.database.reader)
    .orderBy('p.created_at', 'desc')
    .orderBy('p.id', 'desc')
    .limit(limit + 1);
  if (owner !== null) query = query.where('p.customer_id', '=', owner);
  if (customerId !== undefined) query = query.where('p.customer_id', '=', customerId);
  if (cursor !== undefined) {
    query = query.where((eb) => eb(eb.refTuple('p.created_at', 'p.id'), '<', eb.tuple(cursor.at, cursor.id)));
  }
  const { page, next } = pageOf(await query.execute(), limit, (row) => timeCursor(row.created_at, row.id));
  return { purchases: await resourcesOf(deps, page, owner), next };
}
