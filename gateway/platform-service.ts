import type { Metric, Registry } from 'prom-client';
import type { Bus } from '../shared/ports/bus.ts';
import type { Clock } from '../shared/ports/clock.ts';
import type { Database } from '../shared/ports/database.ts';
import type { EventLoop } from '../shared/ports/event-loop.ts';
import type { Http } from '../shared/ports/http.ts';
import type { Ids } from '../shared/ports/ids.ts';
import type { Log } from '../shared/ports/log.ts';
import type { Mailer } from '../shared/ports/mailer.ts';
import type { Pusher } from '../shared/ports/pusher.ts';
import type { Random } from '../shared/ports/random.ts';
import type { Secrets } from '../shared/ports/secrets.ts';
import type { Tokens } from '../shared/ports/tokens.ts';
import type { Tracing } from '../shared/ports/tracing.ts';
import type { Adapter } from './adapter/adapter.ts';
import { ownAdapter } from './adapter/shipped-adapters.ts';
import type { Catalogue } from './catalogue/catalogue.ts';
import { clockSkews } from './engine/clock-skew.ts';
import { diagnosticsOf } from './engine/diagnostics.ts';
import { activationEngine, type EngineDeps, type EngineSettings } from './engine/engine.ts';
import { eventRelay } from './engine/event-relay.ts';
import type { Projections } from './engine/projection.ts';
import { vehicleApi } from './engine/vehicle-api.ts';
import type { ContradictionDeps, ContradictionLimit } from './entitlement/contradiction.ts';
import { reconciler } from './entitlement/reconciler.ts';
import type { ProblemError } from './http/problem.ts';
import type { DispatchSettings } from './notifications/delivery.ts';
import { noticeDispatcher } from './notifications/dispatcher.ts';
import { insertNotices } from './notifications/notice-insertion.ts';
import type { Render } from './notifications/renderer.ts';
import type { OAuthClient } from './oauth/client.ts';
import { noPayments } from './payments/no-payments.ts';
import { stripePayments } from './payments/stripe-payments.ts';
import { platform } from './platform/app.ts';
import { newChanges } from './platform/changes.ts';
import { eventFigures } from './platform/event-figures.ts';
import { platformScopes, roleScopes } from './platform/scopes.ts';
import { notificationLinks } from './purchase-page/notification-links.ts';
import { purchasePages } from './purchase-page/page-route.ts';
import { type LinkSecrets, purchaseLinks } from './purchase-page/purchase-link.ts';
import { restoreGuard, stoppedSentence } from './restore/restore-guard.ts';
import { type RetentionSettings, retention } from './retention/retention.ts';
import { anyCommittedWork, type CommittedWork } from './store/committed-work.ts';
import { platformRules } from './store/retention-rules.ts';
import type { PlatformSchema } from './store/schema.ts';
import { modelOf } from './store/vehicles.ts';
import { type SupportDeskOverrides, type SupportDeskSettings, supportDesk } from './support/support-desk.ts';
import { noteOnTicket, openTicket, resolveByRetry } from './support/ticket-desk.ts';
import { tracedPorts } from './traced-ports.ts';

/** Ports of the platform. */
export interface PlatformPorts {
  readonly clock: Clock;
  readonly random: Random;
  readonly ids: Ids;
  readonly secrets: Secrets;
  readonly tokens: Tokens;
  readonly log: Log;
  /** Migrated (`migratePlatform`). */
  readonly database: Database<PlatformSchema>;
  readonly bus: Bus;
  /** For the API IoT, the payment service and the ticket webhook. */
  readonly http: Http;
  readonly mailer: Mailer;
  readonly pusher: Pusher;
  /** Absent in virtual time, where a turn takes none. */
  readonly eventLoop?: EventLoop;
  /** Metrics of the process (CPU, memory, event loop); absent in virtual time. */
  readonly otherMetrics?: readonly Metric[];
  /** Absent: nothing is recorded. */
  readonly tracing?: Tracing;
}

/** What differs between two platforms. Durations are in milliseconds, origins have no slash at their end. */
export interface PlatformSettings {
  /** Where the API is reached by everyone; the issuer of its tokens. */
  readonly publicUrl: string;
  /** Origins whose pages may call the API from a browser. */
  readonly allowedOrigins: readonly string[];
  readonly secrets: PlatformSecrets;
  readonly catalogue: Catalogue;
  readonly render: Render;
  readonly apiIot: {
    readonly origin: string;
    readonly clientId: string;
    readonly clientSecret: string;
    /** Describes an API IoT of another maker; without it, Fleetwake's own. */
    readonly adapter?: Adapter;
  };
  /** Null: there is none. What is to be paid waits. */
  readonly payments: { readonly origin: string; readonly apiKey: string; readonly timeoutMs: number } | null;
  /** A sentence for each service without which nothing can be sold. */
  readonly missingServices: readonly string[];
  readonly engine: EngineSettings;
  readonly dispatch: DispatchSettings;
  /** The time in which each vehicle is compared once with what its customers own; null: never. */
  readonly reconcileMs: number | null;
  readonly contradictions: ContradictionLimit;
  readonly desk: SupportDeskSettings;
  /** Purchases under way at once in this process at the most. */
  readonly purchasesMax: number;
  /** Null: nothing is removed by its age. */
  readonly retention: RetentionSettings | null;
  /** False: this process serves the API and leaves activations, SLA clocks and reconciliation to another. */
  readonly runsEngine: boolean;
}

/** The client secrets of the platform API by role, and the secret that signs the API IoT's callbacks (`whsec_` and base64). */
export interface PlatformSecrets {
  readonly developer: string;
  readonly shop: string;
  readonly support: string;
  readonly operator: string;
  readonly callbacks: string;
  /** Signs the payment service's webhook, as Stripe does. */
  readonly paymentsWebhook: string;
  /** Sign the links to a customer's page of a purchase: the first signs, each is accepted. */
  readonly links: LinkSecrets;
}

/** Changes what single parts are given. Tests plant bugs here; nothing that ships passes any. */
export interface PlatformOverrides extends SupportDeskOverrides {
  readonly engine?: (deps: EngineDeps) => EngineDeps;
}

export interface PlatformService {
  fetch(request: Request): Promise<Response>;
  /** Returns the refusal of a request under overload, before there is one for `fetch`; null: `fetch` answers it. */
  shed(method: string, target: string): ProblemError | null;
  /** What `GET /metrics` answers. */
  readonly metrics: Registry;
  /** Takes up the work that the database holds. */
  start(): Promise<void>;
  /** Ends the event streams, so that a server can close; their clients come back with Last-Event-ID. */
  drain(): void;
  /** Takes nothing new and finishes what is under way. The database, the bus and the mailer stay open. */
  stop(): Promise<void>;
}

/** Quota slots that revocations and deactivations leave to paid activations (docs/service-life.md). */
const reservedQuota = 2;

/**
 * Creates the platform: its API with the engine, payments, notifications and the support desk. This is the only place where
 * its parts are put together, live and virtual.
 */
export function createPlatformService(
  given: PlatformPorts,
  settings: PlatformSettings,
  overrides: PlatformOverrides = {},
): PlatformService {
  const ports = tracedPorts(given);
  const { database } = ports;
  const { catalogue } = settings;
  const { notifications, support } = settings.desk;
  const changes = newChanges();
  const onRecorded = () => {
    relay.wake();
    changes.notify();
  };
  const onCommitted = ({ notifications, tickets }: CommittedWork) => {
    if (notifications) dispatcher.wake();
    if (tickets) desk.wake();
    onRecorded();
  };
  const wakeAll = () => onCommitted(anyCommittedWork);
  const dispatcher = noticeDispatcher({
    ...ports,
    render: settings.render,
    ...notificationLinks(ports.secrets, {
      keys: settings.secrets.links,
      publicUrl: settings.publicUrl,
      webUrl: settings.desk.notifications.webUrl,
    }),
    settings: settings.dispatch,
    onRecorded,
  });
  const events = eventFigures();
  const relay = eventRelay({ ...ports, onPublished: events.count });
  const desk = supportDesk({ ...ports, settings: settings.desk, onRecorded: wakeAll }, overrides);
  const skews = clockSkews(ports.log);
  const adapter = settings.apiIot.adapter ?? ownAdapter();
  const vehicles = vehicleApi({
    ...ports,
    clockSkews: skews,
    ...settings.apiIot,
    adapter,
  });
  const payments =
    settings.payments === null ? noPayments : stripePayments({ ...ports, ...settings.payments });
  const restore = { ...ports, catalogue, vehicles, payments };
  const guard = restoreGuard({
    ...restore,
    compares: settings.runsEngine,
    onClear() {
      if (settings.runsEngine) reconciliation?.start();
    },
  });
  const engineDeps: EngineDeps = {
    ...ports,
    ...ticketProjections(ports, settings.desk),
    catalogue,
    vehicles,
    payments,
    gate: guard,
    modelOf: (vin) => modelOf(database, vin),
    callbackUrl: adapter.has('callback') ? `${settings.publicUrl}/callbacks/api-iot` : null,
    reservedQuota,
    settings: settings.engine,
    insertNotices: (transaction, { activation }, facts) =>
      insertNotices(transaction, { ...ports, settings: notifications }, activation, facts),
    onCommitted,
  };
  const engine = activationEngine(overrides.engine?.(engineDeps) ?? engineDeps);
  const { reconcileMs: everyMs } = settings;
  const begin = (id: string) => engine.begin(id);
  const contradictions: ContradictionDeps = {
    limit: settings.contradictions,
    diagnose: (activation) => diagnosticsOf(engineDeps, activation),
    openTicket: async (transaction, ...ticket) =>
      (await openTicket(transaction, { ...ports, settings: support }, ...ticket)).id,
  };
  const reconciliation =
    everyMs === null
      ? null
      : reconciler({ ...ports, catalogue, vehicles, everyMs, contradictions, begin, onCommitted });
  const pruning =
    settings.retention === null || !settings.runsEngine
      ? null
      : retention({
          ...ports,
          rules: platformRules(settings.desk.webhook !== null),
          settings: settings.retention,
          service: 'platform',
          mayPrune: () => guard.state() === 'clear',
        });
  const app = platform({
    ...ports,
    otherMetrics: [...(ports.otherMetrics ?? []), ...(pruning?.metrics ?? [])],
    engine,
    restore: { ...restore, settle: engine.settle, onResumed: () => guard.wake() },
    catalogue,
    changes,
    clockSkews: skews,
    events,
    desk: { settings: support, notices: notifications, onRecorded: wakeAll },
    ...(settings.apiIot.adapter === undefined ? {} : { adapter }),
    pages: purchasePages(purchaseLinks(ports.secrets, settings.secrets.links)),
    config: {
      origin: settings.publicUrl,
      allowedOrigins: settings.allowedOrigins,
      callbackSecret: settings.secrets.callbacks,
      paymentsWebhookSecret: settings.secrets.paymentsWebhook,
      purchasesMax: settings.purchasesMax,
      salesStops: () => [
        ...settings.missingServices,
        ...(guard.state() === 'stopped' ? [stoppedSentence] : []),
      ],
      clients: clientsOf(ports, settings),
    },
  });
  return {
    fetch: async (request) => app.fetch(request),
    shed: app.shed,
    metrics: app.metrics,
    drain: () => app.stop(),
    async start() {
      if (settings.missingServices.length > 0)
        ports.log.error('platform.cannot_sell', { reasons: settings.missingServices });
      dispatcher.start();
      relay.wake();
      await guard.start();
      if (!settings.runsEngine) return;
      desk.start();
      await engine.start();
      pruning?.start();
    },
    async stop() {
      // The other way round than work passes on: what an engine saves, dispatcher and relay still take.
      await guard.stop();
      await pruning?.stop();
      await reconciliation?.stop();
      for (const part of [engine, desk, dispatcher, relay]) await part.stop();
    },
  };
}

/** Writes tickets in the transactions of the engine. */
function ticketProjections(
  { ids }: PlatformPorts,
  { support, notifications }: SupportDeskSettings,
): Pick<Projections, 'openTicket' | 'resolveTicket' | 'noteOnTicket'> {
  return {
    openTicket: (transaction, { activation }, diagnostics, at) =>
      openTicket(transaction, { ids, settings: support }, activation, diagnostics, at),
    resolveTicket: (transaction, { activation }, at) =>
      resolveByRetry(transaction, { ids, notices: notifications }, activation, at),
    noteOnTicket: (transaction, id, text, at) => noteOnTicket(transaction, { ids }, id, text, at),
  };
}

function clientsOf({ secrets }: PlatformPorts, settings: PlatformSettings): OAuthClient[] {
  const { developer, ...byRole } = settings.secrets;
  const roles = [
    ['shop', 'service', byRole.shop],
    ['support', 'support', byRole.support],
    ['operator', 'operator', byRole.operator],
  ] as const;
  return [
    {
      clientId: 'developer',
      secretDigest: secrets.digest(developer),
      scopes: Object.keys(platformScopes),
    },
    ...roles.map(([clientId, role, secret]) => ({
      clientId,
      role,
      secretDigest: secrets.digest(secret),
      scopes: roleScopes[role],
    })),
  ];
}
