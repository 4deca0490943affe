import { sql } from 'kysely';
import { Counter, Gauge, Histogram, type Metric, Registry } from 'prom-client';
import { z } from 'zod';
import { peoplesStatuses } from '../activation/settlement.ts';
import { countDisputes } from '../disputes/dispute-store.ts';
import type { App } from '../http/app-env.ts';
import type { Authenticator } from '../http/authenticate.ts';
import { mountMetricsRoute } from '../http/metrics-route.ts';
import { ProblemError, problemDoc } from '../http/problem.ts';
import { openIncidentOf } from '../store/incidents.ts';
import { incidentCauses } from '../store/systemic-causes.ts';
import type { PlatformDeps } from './deps.ts';
import { type PurchaseAdmission, purchaseRefusals } from './purchase-admission.ts';
import { waitingFigures } from './waiting-figures.ts';

/** Counting stops here, so that a scrape costs no more than this many rows. */
const openMax = 100_000;

export interface Metrics {
  /** Counts how a purchase request was answered, by the problem's name or `created` / `replayed`. */
  countPurchase<T extends { readonly replayed: boolean }>(work: () => Promise<T>): Promise<T>;
  countCallback(answer: 'taken' | 'refused'): void;
  countPaymentEvent(answer: 'taken' | 'repeated' | 'ignored' | 'refused'): void;
  streams(count: number): void;
  readonly registry: Registry;
}

interface Deps
  extends Pick<PlatformDeps, 'database' | 'clock' | 'bus' | 'clockSkews' | 'events' | 'eventLoop'> {
  readonly admission: Pick<PurchaseAdmission, 'figures'>;
  /** Further ones: of its requests, of the process. */
  readonly others?: readonly Metric[];
}

/** What purchases under way are bounded by (purchase-admission.ts). */
function purchaseFigures(registers: Registry[], { figures }: Deps['admission']): void {
  const gauge = (name: string, help: string, value: () => number) =>
    new Gauge({
      ...{ name, help, registers },
      collect() {
        this.set(value());
      },
    });
  gauge('fleetwake_purchases_under_way', 'Purchases under way', () => figures().underWay);
  gauge('fleetwake_purchases_waiting', 'Purchases that wait for a place', () => figures().waiting);
  gauge(
    'fleetwake_purchases_under_way_max',
    'How many purchases may be under way now: fewer while they are saved slowly',
    () => figures().places,
  );
  new Counter({
    name: 'fleetwake_purchases_refused_total',
    help: 'Purchase requests that were not begun: overload (503), or client_gone',
    labelNames: ['reason'],
    registers,
    collect() {
      const { refused } = figures();
      this.reset();
      for (const reason of purchaseRefusals) this.inc({ reason }, refused[reason]);
    },
  });
}

async function countOpen({ database }: Deps): Promise<number> {
  const { count } = await database.reader
    .selectFrom((from) =>
      from.selectFrom('activations').select('vin').where('ended_at', 'is', null).limit(openMax).as('open'),
    )
    .select((select) => select.fn.countAll<number | string>().as('count'))
    .executeTakeFirstOrThrow();
  return Number(count);
}

/** Longer than a lost wake-up, or one whose worker died, takes to be found. */
const overdueMs = 2 * 60_000;

async function countOverdue({ database, clock }: Deps): Promise<number> {
  const before = clock.now() - overdueMs;
  const { count } = await database.reader
    .selectFrom((from) =>
      from.selectFrom('activations').select('due_at').where('due_at', '<=', before).limit(openMax).as('late'),
    )
    .select((select) => select.fn.countAll<number | string>().as('count'))
    .executeTakeFirstOrThrow();
  return Number(count);
}

async function countSettlements({ database }: Deps, status: string): Promise<number> {
  const { count } = await database.reader
    .selectFrom('activations')
    .select((select) => select.fn.countAll<number | string>().as('count'))
    .where('settlement', '=', status)
    // The partial index holds these two; without the words it is not used.
    .where(sql<boolean>`settlement in ('uncollectible', 'unsettled')`)
    .executeTakeFirstOrThrow();
  return Number(count);
}

async function dueLagMs({ database, clock }: Deps): Promise<number> {
  const first = await database.reader
    .selectFrom('activations')
    .select('due_at')
    .where('due_at', 'is not', null)
    .orderBy('due_at')
    .limit(1)
    .executeTakeFirst();
  return Math.max(0, clock.now() - (first?.due_at ?? clock.now()));
}

/** Long turns of the event loop: while one lasts, no request is taken and no timer fires. */
function longTurns(registers: Registry[], { eventLoop }: Deps): void {
  const turns = new Histogram({
    name: 'fleetwake_event_loop_long_turn_seconds',
    help: 'Turns of the event loop that took more than 50 ms',
    buckets: [0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    registers,
  });
  eventLoop?.onLongTurn((ms) => turns.observe(ms / 1_000));
}

const problemLabel = (error: unknown) =>
  error instanceof ProblemError ? error.problem.type.replace('urn:fleetwake:problem:', '') : 'internal';

/** Counters of this process since it started, and gauges read from the database when they are asked for. */
export function newMetrics(deps: Deps): Metrics {
  const registry = new Registry();
  const registers = [registry];
  const purchases = new Counter({
    name: 'fleetwake_purchase_requests_total',
    help: 'Valid purchase requests by answer: created, replayed, or the name of the problem',
    labelNames: ['answer'],
    registers,
  });
  purchaseFigures(registers, deps.admission);
  longTurns(registers, deps);
  for (const metric of [...(deps.events?.metrics ?? []), ...(deps.others ?? [])])
    registry.registerMetric(metric);
  waitingFigures(registers, deps);
  const callbacks = new Counter({
    name: 'fleetwake_api_iot_callbacks_total',
    help: 'Callbacks received from the API IoT, by our answer: taken or refused',
    labelNames: ['answer'],
    registers,
  });
  const paymentEvents = new Counter({
    name: 'fleetwake_payment_events_total',
    help: "Events received from the payment service's webhook, by our answer: taken, repeated, ignored or refused",
    labelNames: ['answer'],
    registers,
  });
  new Gauge({
    name: 'fleetwake_disputes_open',
    help: 'Disputed payments that the payment service has not decided (open), or that wait for an operator (lost)',
    labelNames: ['status'],
    registers,
    async collect() {
      for (const status of ['open', 'lost'] as const)
        this.set({ status }, await countDisputes(deps.database.reader, status));
    },
  });
  const streams = new Gauge({
    name: 'fleetwake_event_streams',
    help: 'Clients that follow the stream of events',
    registers,
  });
  new Gauge({
    name: 'fleetwake_bus_up',
    help: 'Whether NATS takes messages: 1, or 0 while the engine works by its sweep',
    registers,
    collect() {
      this.set(deps.bus.problem() === null ? 1 : 0);
    },
  });
  new Gauge({
    name: 'fleetwake_activations_open',
    help: `Activations, deactivations and revocations that have not ended (counted up to ${openMax})`,
    registers,
    async collect() {
      this.set(await countOpen(deps));
    },
  });
  new Gauge({
    name: 'fleetwake_activations_overdue',
    help: `Activations whose moment passed 2 minutes ago: the engine is behind, or fails with them (counted up to ${openMax})`,
    registers,
    async collect() {
      this.set(await countOverdue(deps));
    },
  });
  new Gauge({
    name: 'fleetwake_incident_open',
    help: 'By cause: 1 while activations of the whole fleet wait, because calls to the API IoT fail or an operator has paused the engine',
    labelNames: ['cause'],
    registers,
    async collect() {
      const open = await openIncidentOf(deps.database.reader);
      for (const cause of incidentCauses) this.set({ cause }, open?.cause === cause ? 1 : 0);
    },
  });
  new Gauge({
    name: 'fleetwake_settlements_open',
    help: 'Settlements that the payment service refused for good and that wait for an operator, by status',
    labelNames: ['status'],
    registers,
    async collect() {
      for (const status of peoplesStatuses) this.set({ status }, await countSettlements(deps, status));
    },
  });
  new Gauge({
    name: 'fleetwake_due_lag_seconds',
    help: 'How long the longest overdue activation has waited for the engine; 0 when none is overdue',
    registers,
    async collect() {
      this.set((await dueLagMs(deps)) / 1_000);
    },
  });
  new Gauge({
    name: 'fleetwake_vehicle_clocks_differing',
    help: 'Vehicles whose clock was more than a minute from ours when their status was last read',
    registers,
    collect() {
      this.set(deps.clockSkews?.summary().beyond ?? 0);
    },
  });
  new Gauge({
    name: 'fleetwake_vehicle_clock_skew_max_seconds',
    help: 'Largest difference between the clock of a vehicle and ours when statuses were last read',
    registers,
    collect() {
      this.set((deps.clockSkews?.summary().largestMs ?? 0) / 1_000);
    },
  });
  return {
    async countPurchase(work) {
      try {
        const answer = await work();
        purchases.inc({ answer: answer.replayed ? 'replayed' : 'created' });
        return answer;
      } catch (error) {
        purchases.inc({ answer: problemLabel(error) });
        throw error;
      }
    },
    countCallback: (answer) => callbacks.inc({ answer }),
    countPaymentEvent: (answer) => paymentEvents.inc({ answer }),
    streams: (count) => streams.set(count),
    registry,
  };
}

/** `GET /metrics` in the Prometheus text format, and `GET /healthz` for monitoring of the database. */
export function mountMetrics(
  app: App,
  deps: Pick<Deps, 'database'>,
  metrics: Metrics,
  authenticator: Authenticator,
): void {
  mountMetricsRoute(app, metrics.registry, authenticator);
  app.openAPIRegistry.registerPath({
    method: 'get',
    path: '/healthz',
    tags: ['Operations'],
    summary: 'Whether the API can reach its database; needs no token',
    responses: {
      200: {
        description: 'It can',
        content: { 'application/json': { schema: z.object({ status: z.literal('ok') }) } },
      },
      500: problemDoc('internal: it cannot'),
    },
  });
  app.get('/healthz', async (context) => {
    await deps.database.reader.selectFrom('cursors').select('name').limit(1).execute();
    return context.json({ status: 'ok' });
  });
}
