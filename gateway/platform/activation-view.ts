import type { Kysely } from 'kysely';
import { z } from 'zod';
import type { Secrets } from '../../shared/ports/secrets.ts';
import { activationTrace } from '../../shared/protocol/activation-trace.ts';
import { vinSchema } from '../../shared/protocol/vin.ts';
import type { Activation } from '../activation/activation.ts';
import { type Failure, failureCategories } from '../activation/failure.ts';
import { phases } from '../activation/phase.ts';
import { settlementStatuses } from '../activation/settlement.ts';
import { pageOf, type TimeCursor, timeCursor } from '../http/paging.ts';
import type { ActivationRow, PlatformSchema } from '../store/schema.ts';
import { failureWords } from './failure-words.ts';
import { noticeResource, noticeSchema } from './notice-view.ts';
import type { Owner } from './ownership.ts';

const failureSchema = z
  .object({
    category: z.enum(failureCategories),
    code: z.string(),
    message: z.string(),
    temporary: z.boolean(),
    mayHaveSucceeded: z.boolean(),
  })
  .meta({ id: 'Failure' });

const attemptSchema = z
  .object({
    number: z.int(),
    startedAt: z.int(),
    commandId: z.string().nullable(),
    version: z.int().nullable(),
    expiresAt: z.int().nullable(),
    endedAt: z.int().nullable(),
    failure: failureSchema.nullable(),
  })
  .meta({ id: 'Attempt' });

export const settlementSchema = z
  .object({
    status: z.enum(settlementStatuses),
    capture: z.enum(['on_delivery', 'immediately']),
    amountMinor: z.int(),
    currency: z.string(),
    paymentId: z.string().nullable(),
    unanswered: z.int().meta({ description: 'Calls of the open step that got no answer' }),
    dueAt: z.int().nullable(),
    problem: z.string().nullable(),
    settleBy: z.int().nullable().meta({
      description: 'By when people settle what the payment service refused for good; null where it did not',
    }),
  })
  .meta({ id: 'Settlement' });
export type SettlementView = z.infer<typeof settlementSchema>;

export const activationSchema = z
  .object({
    id: z.string(),
    kind: z.enum(['activation', 'deactivation', 'revocation']),
    origin: z.enum(['support', 'reconciliation']).nullable().meta({
      description: 'Null: bought, or its end. support: tried once more by hand. reconciliation: brought back',
    }),
    purchaseId: z.string().nullable(),
    parentId: z.string().nullable().meta({ description: 'The failed activation that a revocation follows' }),
    vin: vinSchema,
    serviceId: z.string(),
    feature: z.string(),
    phase: z.enum(phases),
    requestedAt: z.int(),
    deadlineAt: z.int().nullable(),
    dueAt: z.int().nullable().meta({ description: 'When something is to be done if nothing arrives before' }),
    endedAt: z.int().nullable(),
    attempts: z.array(attemptSchema),
    failure: failureSchema.nullable(),
    delivery: z
      .object({
        at: z.int(),
        attempt: z.int().nullable().meta({ description: 'Null for a renewal: nothing was sent' }),
        evidence: z.enum(['result', 'reported_state', 'entitlement']),
        vehicleClock: z.int().nullable(),
      })
      .nullable(),
    revocationOwed: z.boolean(),
    lateSuccessAt: z.int().nullable(),
    cancelRequestedAt: z.int().nullable(),
    settlement: settlementSchema.nullable(),
  })
  .meta({ id: 'Activation' });
export type ActivationView = z.infer<typeof activationSchema>;

export const activationDetailSchema = activationSchema
  .extend({
    notices: z.array(noticeSchema),
    ticketId: z.string().nullable(),
    revocationId: z.string().nullable(),
    traceId: z.string().meta({ description: 'W3C trace id of the whole activation, including the vehicle' }),
  })
  .meta({ id: 'ActivationDetail' });
export type ActivationDetail = z.infer<typeof activationDetailSchema>;

/** Without the customer's payment method, and what only the engine needs. */
export function settlementView(settlement: NonNullable<Activation['settlement']>): SettlementView {
  const { status, capture, amountMinor, currency, paymentId, unanswered, dueAt, problem } = settlement;
  const { settleBy = null } = settlement;
  return { status, capture, amountMinor, currency, paymentId, unanswered, dueAt, problem, settleBy };
}

/** Text for the customer in place of a diagnosis (docs/platform-api.md). */
function failureFor(owner: Owner, failure: Failure | null): Failure | null {
  if (owner === null || failure === null) return failure;
  return { ...failure, code: failure.category, message: failureWords[failure.category] };
}

function settlementFor(owner: Owner, settlement: Activation['settlement']): SettlementView | null {
  const view = settlement && settlementView(settlement);
  return owner === null ? view : view && { ...view, problem: null };
}

export function activationView(row: ActivationRow, owner: Owner): ActivationView {
  const state = JSON.parse(row.state) as Activation;
  return {
    id: row.id,
    kind: row.kind,
    origin: state.origin ?? null,
    purchaseId: row.purchase_id,
    parentId: row.parent_id,
    vin: row.vin,
    serviceId: row.service_id,
    feature: row.feature,
    phase: state.phase,
    requestedAt: row.requested_at,
    deadlineAt: state.deadlineAt,
    dueAt: row.due_at,
    endedAt: row.ended_at,
    attempts: state.attempts.map((attempt) => ({ ...attempt, failure: failureFor(owner, attempt.failure) })),
    failure: failureFor(owner, state.failure),
    delivery: state.delivery,
    revocationOwed: state.revocationOwed,
    lateSuccessAt: state.lateSuccessAt,
    cancelRequestedAt: state.cancelRequestedAt ?? null,
    settlement: settlementFor(owner, state.settlement),
  };
}

/** Returns an activation with its notifications, its ticket and its revocation; null if this owner has none with this id. */
export async function readActivation(
  database: Kysely<PlatformSchema>,
  id: string,
  secrets: Pick<Secrets, 'digest'>,
  owner: Owner,
): Promise<ActivationDetail | null> {
  const row = await select(database, owner).where('a.id', '=', id).executeTakeFirst();
  if (row === undefined) return null;
  const [notices, ticket, revocation] = await Promise.all([
    // At most one a kind and channel.
    database.selectFrom('notices').selectAll().where('activation_id', '=', id).execute(),
    database.selectFrom('tickets').select('id').where('activation_id', '=', id).executeTakeFirst(),
    database
      .selectFrom('activations')
      .select('id')
      .where('parent_id', '=', id)
      .where('kind', '=', 'revocation')
      .limit(1)
      .executeTakeFirst(),
  ]);
  return {
    ...activationView(row, owner),
    notices: notices
      .map((notice) => noticeResource(notice, owner))
      .sort((left, right) => (left.id < right.id ? -1 : 1)),
    ticketId: ticket?.id ?? null,
    revocationId: revocation?.id ?? null,
    traceId: activationTrace(secrets.digest(id)).traceId,
  };
}

/** What has no purchase, or another's, is not there for a customer; nor what followed once their vehicle had another owner. */
function select(database: Kysely<PlatformSchema>, owner: Owner) {
  const all = database.selectFrom('activations as a').selectAll('a');
  if (owner === null) return all;
  const own = all.where('a.purchase_id', 'in', (select) =>
    select.selectFrom('purchases as p').select('p.id').where('p.customer_id', '=', owner),
  );
  return own.where(({ not, exists, selectFrom }) =>
    not(
      exists(
        selectFrom('purchases as p')
          .select('p.id')
          .whereRef('p.id', '=', 'a.purchase_id')
          .where('p.holder_id', '!=', owner)
          .whereRef('p.activation_id', '!=', 'a.id')
          .where((of) =>
            of.or([of('a.ended_at', 'is', null), of('a.ended_at', '>=', of.ref('p.transferred_at'))]),
          ),
      ),
    ),
  );
}

export interface ActivationList {
  readonly owner: Owner;
  readonly phase: Activation['phase'] | undefined;
  readonly limit: number;
  readonly cursor: TimeCursor | undefined;
}

/** Newest first; all kinds. */
export async function listActivations(
  database: Kysely<PlatformSchema>,
  { owner, phase, limit, cursor }: ActivationList,
): Promise<{ activations: ActivationView[]; next: string | null }> {
  let query = select(database, owner)
    .orderBy('a.requested_at', 'desc')
    .orderBy('a.id', 'desc')
    .limit(limit + 1);
  if (phase !== undefined) query = query.where('a.phase', '=', phase);
  if (cursor !== undefined) {
    query = query.where((eb) =>
      eb(eb.refTuple('a.requested_at', 'a.id'), '<', eb.tuple(cursor.at, cursor.id)),
    );
  }
  const { page, next } = pageOf(await query.execute(), limit, (row) => timeCursor(row.requested_at, row.id));
  return { activations: page.map((row) => activationView(row, owner)), next };
}
