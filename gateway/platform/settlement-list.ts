import { type Kysely, sql } from 'kysely';
import { z } from 'zod';
import { vinSchema } from '../../shared/protocol/vin.ts';
import type { Activation } from '../activation/activation.ts';
import { peoplesStatuses } from '../activation/settlement.ts';
import type { PlatformSchema } from '../store/schema.ts';
import { type SettlementView, settlementSchema, settlementView } from './activation-view.ts';
import { pageOf } from './paging.ts';

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
): OpenSettlement {
  if (settlement === null) throw new Error(`the settlement of ${id} is missing in its state`);
  const overdue =
    peoplesStatuses.has(settlement.status) && settlement.settleBy !== undefined && settlement.settleBy < now;
  return {
    activationId: id,
    purchaseId,
    vin,
    serviceId,
    phase,
    overdue,
    settlement: settlementView(settlement),
  };
}
