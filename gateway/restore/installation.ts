import { type Kysely, sql, type Transaction } from 'kysely';
import type { PlatformSchema, RestoreFindingRow } from '../store/schema.ts';
import type { Finding } from './finding.ts';

export interface Installation {
  readonly name: string;
  readonly epoch: number;
  readonly stoppedAt: number | null;
  readonly collectedAt: number | null;
}

/** Returns the epoch that a payment of this installation carries; null for a payment of another one. */
export function epochOf(text: string | null, name: string): number | null {
  const [, found, epoch] = /^(.+)\.(\d{1,15})$/.exec(text ?? '') ?? [];
  return found === name ? Number(epoch) : null;
}

export async function readInstallation(database: Kysely<PlatformSchema>): Promise<Installation | null> {
  const row = await database.selectFrom('installation').selectAll().executeTakeFirst();
  if (row === undefined) return null;
  return { name: row.name, epoch: row.epoch, stoppedAt: row.stopped_at, collectedAt: row.collected_at };
}

/** Names the installation where it has no name; a name never changes. */
export async function nameInstallation(
  transaction: Transaction<PlatformSchema>,
  name: string,
): Promise<void> {
  await transaction
    .insertInto('installation')
    .values({ id: 1, name, epoch: 1, stopped_at: null, collected_at: null })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}

/** Raises the epoch by one, or above what the payment service has seen. */
export async function raiseEpoch(transaction: Transaction<PlatformSchema>, above = 0): Promise<void> {
  const { epoch } = await transaction.selectFrom('installation').select('epoch').executeTakeFirstOrThrow();
  await transaction
    .updateTable('installation')
    .set({ epoch: Math.max(epoch, above) + 1 })
    .execute();
}

/** Stops all work until the findings are decided. */
export async function markRestored(transaction: Transaction<PlatformSchema>, at: number): Promise<void> {
  await transaction
    .updateTable('installation')
    .set({ stopped_at: at, collected_at: null })
    .where('stopped_at', 'is', null)
    .execute();
}

export async function saveFindings(
  transaction: Transaction<PlatformSchema>,
  findings: readonly Finding[],
  at: number,
): Promise<void> {
  for (const { id, kind, ...data } of findings) {
    await transaction
      .insertInto('restore_findings')
      .values({
        id,
        kind,
        data: JSON.stringify(data),
        decision: null,
        decided_by: null,
        decided_at: null,
      })
      .onConflict((conflict) => conflict.column('id').doNothing())
      .execute();
  }
  await transaction.updateTable('installation').set({ collected_at: at }).execute();
}

export function findingOf(row: RestoreFindingRow): Finding {
  return { id: row.id, kind: row.kind, ...JSON.parse(row.data) } as Finding;
}

/** Resumes work, with an epoch above those of the payments. The findings and the decisions are kept. */
export async function endStop(transaction: Transaction<PlatformSchema>, epoch: number): Promise<void> {
  await raiseEpoch(transaction, epoch);
  await transaction.updateTable('installation').set({ stopped_at: null }).execute();
}

export async function countUndecided(database: Kysely<PlatformSchema>): Promise<number> {
  const { count } = await database
    .selectFrom('restore_findings')
    .select(sql<number | string>`count(*)`.as('count'))
    .where('decision', 'is', null)
    .executeTakeFirstOrThrow();
  return Number(count);
}
