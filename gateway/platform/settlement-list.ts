import { type Kysely, sql } from 'kysely';
import { z } from 'zod';
import { vinSchema } from '../../shared/protocol/vin.ts';
import type { Activation } from '../activation/activation.ts';
import { peoplesStatuses } from '../activation/settlement.ts';
import { openDisputes } from '../disputes/dispute-store.ts';
import { pageOf } from '../http/paging.ts';
import type { DisputeRow, PlatformSchema } from '../store/schema.ts';
import { type SettlementView, settlementSchema, settlementView } from './activation-view.ts';

const disputeSchema = z
  .object({
    id: z.string(),
    status: z.enum(['open', 'won', 'lost', 'collected', 'written_off']),
    amountMinor: z.int(),
    currency: z.string(),
    reason: z.string().meta({ description: "The payment service's own", example: 'product_not_received' }),
    openedAt: z.int(),
    settleBy: z.int(),
    closedAt: z.int().nullable(),
  })
  .meta({ id: 'Dispute', description: 'A payment that the customer disputes with their bank' });
type DisputeView = z.infer<typeof disputeSchema>;

/** Money that an operator has to settle by hand. */
export const openSettlementSchema = z
  .object({
    activationId: z.string(),
    purchaseId: z.string().nullable(),
    vin: vinSchema,
    serviceId: z.string(),
    phase: z.string(),
    overdue: z.boolean().meta({ description: 'Its moment has passed' }),
    settlement: settlementSchema,
    dispute: disputeSchema.nullable(),
  })
  .meta({ id: 'OpenSettlement' });

export interface OpenSettlement {
  readonly activationId: string;
  readonly purchaseId: string | null;
  readonly vin: string;
  readonly serviceId: string;
  readonly phase: string;
  readonly overdue: boolean;
  readonly settlement: SettlementView;
  readonly dispute: DisputeView | null;
}

export function disputeView(row: DisputeRow): DisputeView {
  const { id, status, currency, reason } = row;
  return {
    ...{ id, status, amountMinor: row.amount_minor, currency, reason },
    ...{ openedAt: row.opened_at, settleBy: row.settle_by, closedAt: row.closed_at },
  };
}

/** Settlements whose payment is disputed and not ended, in the order of activations. */
export async function listDisputed(
  database: Kysely<PlatformSchema>,
  query: { readonly limit: number; readonly cursor: string | undefined; readonly now: number },
): Promise<{ settlements: OpenSettlement[]; next: string | null }> {
  let select = database
    .selectFrom('disputes as d')
    .innerJoin('activations as a', 'a.id', 'd.activation_id')
    .selectAll('d')
    .select('a.state')
    .where('d.status', 'in', [...openDisputes])
    .orderBy('d.activation_id')
    .limit(query.limit + 1);
  if (query.cursor !== undefined) select = select.where('d.activation_id', '>', query.cursor);
  const { page, next } = pageOf(await select.execute(), query.limit, (row) => row.activation_id);
  const settlements = page.map(({ state, ...dispute }) =>
    settlementResource(JSON.parse(state) as Activation, dispute.purchase_id, query.now, dispute),
  );
  return { settlements, next };
}

/** Settlements that were refused for good, oldest first. */
export async function listSettlements(
  database: Kysely<PlatformSchema>,
  query: {
    readonly status: 'uncollectible' | 'unsettled';
    readonly limit: number;
    readonly cursor: string | undefined;
    readonly now: number;
  },
): Promise<{ settlements: OpenSettlement[]; next: string | null }> {
  let select = database
    .selectFrom('activations')
    .select(['id', 'purchase_id', 'vin', 'service_id', 'phase', 'state'])
    .where('settlement', '=', query.status)
    // The partial index holds these two; without the words it is not used.
    .where(sql<boolean>`settlement in ('uncollectible', 'unsettled')`)
    .orderBy('id')
    .limit(query.limit + 1);
  if (query.cursor !== undefined) select = select.where('id', '>', query.cursor);
  const { page, next } = pageOf(await select.execute(), query.limit, (row) => row.id);
  const settlements = page.map((row) =>
    settlementResource(JSON.parse(row.state) as Activation, row.purchase_id, query.now),
  );
  return { settlements, next };
}

/** The money of one activation, for an operator. */
export function settlementResource(
  { id, vin, serviceId, phase, settlement }: Activation,
  purchaseId: string | null,
  now: number,
  dispute: DisputeRow | null = null,
): OpenSettlement {
  if (settlement === null) throw new Error(`the settlement of ${id} is missing in its state`);
  const isDisputeLate = dispute !== null && openDisputes.includes(dispute.status) && dispute.settle_by < now;
  const isRefusalLate =
    peoplesStatuses.has(settlement.status) && settlement.settleBy !== undefined && settlement.settleBy < now;
  return {
    activationId: id,
    purchaseId,
    vin,
    serviceId,
    phase,
    overdue: isRefusalLate || isDisputeLate,
    settlement: settlementView(settlement),
    dispute: dispute && disputeView(dispute),
  };
}
