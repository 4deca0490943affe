import { type Kysely, sql } from 'kysely';
import { z } from 'zod';
import { vinSchema } from '../../shared/protocol/vin.ts';
import type { Activation } from '../activation/activation.ts';
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
    settlement: settlementSchema,
  })
  .meta({ id: 'OpenSettlement' });

export interface OpenSettlement {
  readonly activationId: string;
  readonly purchaseId: string | null;
  readonly vin: string;
  readonly serviceId: string;
  readonly phase: string;
  readonly settlement: SettlementView;
}

/** Settlements that were refused for good, oldest first. */
export async function listSettlements(
  database: Kysely<PlatformSchema>,
  query: {
    readonly status: 'uncollectible' | 'unsettled';
    readonly limit: number;
    readonly cursor: string | undefined;
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
  const settlements = page.map((row): OpenSettlement => {
    const { settlement } = JSON.parse(row.state) as Activation;
    if (settlement === null) throw new Error(`the settlement of ${row.id} is missing in its state`);
    const { id, purchase_id, vin, service_id, phase } = row;
    return {
      activationId: id,
      purchaseId: purchase_id,
      vin,
      serviceId: service_id,
      phase,
      settlement: settlementView(settlement),
    };
  });
  return { settlements, next };
}
