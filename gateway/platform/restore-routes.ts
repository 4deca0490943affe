import { createRoute } from '@hono/zod-openapi';
import { z } from 'zod';
import { PaymentsUnavailable } from '../../shared/ports/payments.ts';
import { customerIdSchema } from '../../shared/protocol/customer-id.ts';
import { moneySchema } from '../../shared/protocol/money.ts';
import { phases } from '../activation/phase.ts';
import { settlementStatuses } from '../activation/settlement.ts';
import type { App } from '../http/app-env.ts';
import type { Authenticator } from '../http/authenticate.ts';
import { limitSchema, nextSchema, pageOf } from '../http/paging.ts';
import { problemDoc, problemError } from '../http/problem.ts';
import { decideFinding } from '../restore/decision.ts';
import { differences } from '../restore/finding.ts';
import { findingOf, readInstallation } from '../restore/installation.ts';
import { resumeAfterRestore } from '../restore/restore-guard.ts';
import type { RestoreFindingRow } from '../store/schema.ts';
import { durationSchema } from './catalogue-route.ts';
import type { PlatformDeps } from './deps.ts';
import { jsonAnswer, jsonBody, notFound, readProblems, scoped, writeProblems } from './route.ts';
import { nameSchema } from './ticket-view.ts';

/** A payment's id, or VIN and feature. */
const findingIdSchema = z
  .string()
  .regex(/^[A-Za-z0-9._-]{1,255}$/, '1 to 255 letters, digits, dots, _ and -');

const findingSchema = z
  .object({
    id: z.string(),
    kind: z.enum(['payment_without_purchase', 'payment_differs', 'feature_without_owner']),
    vin: z.string().nullable(),
    serviceId: z.string().nullable(),
    feature: z.string().nullable(),
    payment: z
      .object({
        activationId: z.string(),
        price: moneySchema,
        status: z.string().nullable().meta({ description: 'authorised: held; captured: taken' }),
        createdAt: z.int(),
      })
      .nullable(),
    difference: z
      .enum(differences)
      .nullable()
      .meta({ description: 'payment_differs: how the payment service differs from the database' }),
    books: z
      .object({ phase: z.enum(phases), settlement: z.enum(settlementStatuses) })
      .nullable()
      .meta({ description: 'payment_differs: what the database says' }),
    decision: z.enum(['adopt', 'refund', 'ignore']).nullable(),
    decidedBy: z.string().nullable(),
    decidedAt: z.int().nullable(),
  })
  .meta({ id: 'RestoreFinding' });

const decisionSchema = z
  .strictObject({
    choice: z.enum(['adopt', 'refund', 'ignore']).meta({
      description:
        'adopt: creates the purchase again, grants the feature to a customer, or brings the books to where the payment service is; refund: reverses the payment; ignore: does nothing, and reconciliation switches a feature without an owner off',
    }),
    by: nameSchema.meta({ description: 'The operator who decides it' }),
    customerId: customerIdSchema.optional().meta({ description: 'Default: the customer of the vehicle' }),
    duration: durationSchema
      .optional()
      .meta({ description: "Default: what is sold at the payment's amount" }),
  })
  .meta({ id: 'RestoreDecision' });

function findingView(row: RestoreFindingRow): z.infer<typeof findingSchema> {
  const finding = findingOf(row);
  const isPayment = finding.kind !== 'feature_without_owner';
  const differs = finding.kind === 'payment_differs' ? finding : null;
  return {
    id: finding.id,
    kind: finding.kind,
    vin: finding.vin,
    serviceId: isPayment ? finding.serviceId : null,
    feature: isPayment ? null : finding.feature,
    payment: isPayment
      ? {
          activationId: finding.payment.activationId,
          price: { amountMinor: finding.payment.amountMinor, currency: finding.payment.currency },
          status: finding.payment.status,
          createdAt: finding.payment.createdAt,
        }
      : null,
    difference: differs?.difference ?? null,
    books: differs?.books ?? null,
    decision: row.decision,
    decidedBy: row.decided_by,
    decidedAt: row.decided_at,
  };
}

/** `GET /restore`, `POST /restore/findings/{id}` and `POST /restore/resume`: what an operator decides after a restore. */
export function mountRestore(
  app: App,
  deps: Pick<PlatformDeps, 'database' | 'restore'>,
  { requireScope }: Authenticator,
): void {
  mountList(app, deps, requireScope);
  mountDecision(app, deps, requireScope);
  mountResume(app, deps, requireScope);
}

type RequireScope = Authenticator['requireScope'];
type Deps = Pick<PlatformDeps, 'database' | 'restore'>;

function mountList(app: App, { database }: Deps, requireScope: RequireScope): void {
  const route = createRoute({
    method: 'get',
    path: '/restore',
    tags: ['Operations'],
    summary: 'Whether the database was recognised as an older one, and what it does not know',
    ...scoped(requireScope, 'operations:read'),
    request: { query: z.object({ limit: limitSchema, cursor: findingIdSchema.optional() }) },
    responses: {
      200: jsonAnswer(
        'A page of findings',
        z.object({
          stoppedAt: z.int().nullable().meta({ description: 'Since when nothing is worked on' }),
          collected: z.boolean().meta({ description: 'All findings are listed' }),
          findings: z.array(findingSchema),
          next: nextSchema,
        }),
      ),
      ...readProblems,
    },
  });
  app.openapi(route, async (context) => {
    const { limit, cursor = '' } = context.req.valid('query');
    const installation = await readInstallation(database.reader);
    const rows = await database.reader
      .selectFrom('restore_findings')
      .selectAll()
      .where('id', '>', cursor)
      .orderBy('id')
      .limit(limit + 1)
      .execute();
    const { page, next } = pageOf(rows, limit, ({ id }) => id);
    const stoppedAt = installation?.stoppedAt ?? null;
    const collected = stoppedAt === null || installation?.collectedAt !== null;
    return context.json({ stoppedAt, collected, findings: page.map(findingView), next }, 200);
  });
}

function mountDecision(app: App, { database, restore }: Deps, requireScope: RequireScope): void {
  const route = createRoute({
    method: 'post',
    path: '/restore/findings/{id}',
    tags: ['Operations'],
    summary: 'Decide about one finding of a restore: adopt, refund or ignore it',
    ...scoped(requireScope, 'operations:write'),
    request: { params: z.object({ id: findingIdSchema }), body: jsonBody(decisionSchema) },
    responses: {
      200: jsonAnswer('Decided', findingSchema),
      404: problemDoc('not-found: no undecided finding has this id'),
      409: problemDoc('not-decidable: it cannot be decided so'),
      503: problemDoc('unavailable: the payment service does not answer; send it again'),
      ...writeProblems,
    },
  });
  app.openapi(route, async (context) => {
    const { id } = context.req.valid('param');
    const order = context.req.valid('json');
    const decided = await decideFinding(restore, id, order).catch(withUnavailable);
    if (decided === null) throw notFound('undecided finding', id);
    if ('refused' in decided)
      throw problemError('not-decidable', `${id} cannot be decided so: ${decided.refused}.`, { id });
    const row = await database.reader
      .selectFrom('restore_findings')
      .selectAll()
      .where('id', '=', id)
      .executeTakeFirstOrThrow();
    return context.json(findingView(row), 200);
  });
}

function mountResume(app: App, { restore }: Deps, requireScope: RequireScope): void {
  const route = createRoute({
    method: 'post',
    path: '/restore/resume',
    tags: ['Operations'],
    summary: 'Resume after every finding of a restore is decided',
    ...scoped(requireScope, 'operations:write'),
    responses: {
      200: jsonAnswer('Work resumes, or was not stopped', z.object({ stopped: z.literal(false) })),
      401: problemDoc('unauthorized'),
      403: problemDoc('missing-scope'),
      409: problemDoc('not-decidable: findings are undecided, or are still being collected'),
      503: problemDoc('unavailable: the payment service does not answer; send it again'),
    },
  });
  app.openapi(route, async (context) => {
    const left = await resumeAfterRestore(restore).catch(withUnavailable);
    if (left === 'uncollected')
      throw problemError('not-decidable', 'The findings are still being collected. Send it again later.');
    if (left !== null)
      throw problemError('not-decidable', `${left} findings are undecided. GET /restore lists them.`);
    restore.onResumed();
    return context.json({ stopped: false as const }, 200);
  });
}

function withUnavailable(error: unknown): never {
  if (!(error instanceof PaymentsUnavailable)) throw error;
  throw problemError('unavailable', `The payment service does not answer: ${error.message}. Send it again.`);
}
