import { createRoute } from '@hono/zod-openapi';
import { type AliasedExpression, type Kysely, sql } from 'kysely';
import { z } from 'zod';
import type { Activation } from '../activation/activation.ts';
import { finalPhases, phases } from '../activation/phase.ts';
import { peoplesStatuses } from '../activation/settlement.ts';
import type { App } from '../http/app-env.ts';
import type { Authenticator } from '../http/authenticate.ts';
import { openIncidentOf } from '../store/incidents.ts';
import type { PlatformSchema } from '../store/schema.ts';
import type { PlatformDeps } from './deps.ts';
import { figuresOf, type OverviewRow } from './overview.ts';
import { jsonAnswer, readProblems, scoped } from './route.ts';

/** The newest purchases of the window that are counted: an answer costs no more than these rows. */
const purchasesMax = 2_000;
/** One answer serves everyone who asks within this time. */
const keptMs = 1_000;
/** Lists are counted up to here. */
const countMax = 10_000;

const count = z.int().min(0);
const minor = z.int().min(0).meta({ description: 'In minor units' });

const overviewSchema = z
  .object({
    at: z.int(),
    windowMs: z.int(),
    open: z.array(z.object({ phase: z.enum(phases), count })).meta({
      description: `Activations, deactivations and revocations that have not ended, up to ${countMax} each`,
    }),
    tickets: z.object({ open: count, high: count, overdue: count }),
    deadNotices: count,
    openSettlements: count,
    incident: z
      .string()
      .nullable()
      .meta({ description: 'The cause at the API IoT that holds back the fleet' }),
    isComplete: z.boolean().meta({
      description: `False where the window has more than ${purchasesMax} purchases: the newest are counted`,
    }),
    purchases: count,
    outcomes: z.object({ active: count, failed: count, cancelled: count, declined: count, open: count }),
    retries: count.meta({ description: 'Commands beyond the first of each purchase' }),
    timeToActiveMs: z.object({ p50: z.int(), p95: z.int() }).nullable(),
    money: z.array(
      z.object({
        currency: z.string(),
        heldMinor: minor,
        capturedMinor: minor,
        returnedMinor: minor,
        toSettleMinor: minor,
      }),
    ),
    buckets: z
      .array(z.object({ from: z.int(), active: count, failed: count }))
      .meta({ description: 'Activations of these purchases by when they ended, oldest first' }),
  })
  .meta({ id: 'Overview' });
type Overview = z.infer<typeof overviewSchema>;

type Reader = Kysely<PlatformSchema>;

/** `GET /overview`: what a dashboard shows, counted here once for everyone who looks at it. */
export function mountOverview(
  app: App,
  { database, clock }: Pick<PlatformDeps, 'database' | 'clock'>,
  { requireScope }: Authenticator,
): void {
  const route = createRoute({
    method: 'get',
    path: '/overview',
    tags: ['Operations'],
    summary: 'Open work now, and outcomes, times and money of the purchases of the last hour',
    ...scoped(requireScope, 'operations:read'),
    request: {
      query: z.object({
        windowMs: z.coerce
          .number()
          .int()
          .min(60_000)
          .max(86_400_000)
          .default(3_600_000)
          .meta({ description: 'Length of the window that ends now' }),
      }),
    },
    responses: { 200: jsonAnswer('The figures', overviewSchema), ...readProblems },
  });
  const kept = new Map<number, { readonly until: number; readonly answer: Promise<Overview> }>();
  app.openapi(route, async (context) => {
    const { windowMs } = context.req.valid('query');
    const now = clock.now();
    const known = kept.get(windowMs);
    if (known !== undefined && now < known.until) return context.json(await known.answer, 200);
    kept.clear();
    const answer = readOverview(database.reader, now, windowMs);
    kept.set(windowMs, { until: now + keptMs, answer });
    // One that fails is asked again at once.
    answer.catch(() => kept.delete(windowMs));
    return context.json(await answer, 200);
  });
}

async function readOverview(reader: Reader, now: number, windowMs: number): Promise<Overview> {
  const rows = await purchasesSince(reader, now - windowMs);
  const [open, tickets, deadNotices, openSettlements, incident] = await Promise.all([
    countOpen(reader),
    countTickets(reader),
    countDead(reader),
    countSettlements(reader),
    openIncidentOf(reader),
  ]);
  return {
    ...{ at: now, windowMs, open, tickets, deadNotices, openSettlements, incident: incident?.cause ?? null },
    isComplete: rows.length <= purchasesMax,
    ...figuresOf(rows.slice(0, purchasesMax), now, windowMs),
  };
}

async function purchasesSince(reader: Reader, since: number): Promise<OverviewRow[]> {
  const rows = await reader
    .selectFrom('purchases as p')
    .innerJoin('activations as a', 'a.id', 'p.activation_id')
    .select(['p.created_at', 'p.status', 'a.ended_at', 'a.state'])
    .where('p.created_at', '>=', since)
    .orderBy('p.created_at', 'desc')
    .orderBy('p.id', 'desc')
    .limit(purchasesMax + 1)
    .execute();
  return rows.map((row) => ({
    ...{ boughtAt: row.created_at, status: row.status, endedAt: row.ended_at },
    activation: JSON.parse(row.state) as Activation,
  }));
}

/** One look at the index for each phase. */
function countOpen(reader: Reader): Promise<Overview['open']> {
  const openPhases = phases.filter((phase) => !finalPhases.has(phase));
  return Promise.all(
    openPhases.map(async (phase) => {
      const rows = reader.selectFrom('activations').select('id').where('phase', '=', phase).limit(countMax);
      return { phase, count: await countOf(reader, rows.as('rows')) };
    }),
  );
}

async function countTickets(reader: Reader): Promise<Overview['tickets']> {
  const open = reader.selectFrom('tickets').select('id').where('status', '=', 'open').limit(countMax);
  return {
    open: await countOf(reader, open.as('rows')),
    high: await countOf(reader, open.where('priority', '=', 'HIGH').as('rows')),
    overdue: await countOf(reader, open.where('overdue', '=', 1).as('rows')),
  };
}

function countDead(reader: Reader): Promise<number> {
  const dead = reader
    .selectFrom('notices')
    .select('id')
    // Written out, so that the partial index is seen to hold all of it.
    .where(sql<boolean>`status = 'dead'`)
    .where('dropped_at', 'is', null)
    .limit(countMax);
  return countOf(reader, dead.as('rows'));
}

function countSettlements(reader: Reader): Promise<number> {
  const open = reader
    .selectFrom('activations')
    .select('id')
    .where('settlement', 'in', [...peoplesStatuses])
    .where(sql<boolean>`settlement in ('uncollectible', 'unsettled')`)
    .limit(countMax);
  return countOf(reader, open.as('rows'));
}

/** Returns how many rows a query with a limit has. */
async function countOf(reader: Reader, rows: AliasedExpression<{ id: string }, 'rows'>): Promise<number> {
  const { found } = await reader
    .selectFrom(rows)
    .select((select) => select.fn.countAll<number | string>().as('found'))
    .executeTakeFirstOrThrow();
  return Number(found);
}
