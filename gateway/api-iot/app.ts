import type { Metric, Registry } from 'prom-client';
import type { Clock } from '../../shared/ports/clock.ts';
import type { Database } from '../../shared/ports/database.ts';
import type { DeviceLink, LinkConnection } from '../../shared/ports/device-link.ts';
import type { Http } from '../../shared/ports/http.ts';
import type { Ids } from '../../shared/ports/ids.ts';
import type { Log } from '../../shared/ports/log.ts';
import type { Secrets } from '../../shared/ports/secrets.ts';
import type { Tokens } from '../../shared/ports/tokens.ts';
import type { Tracing } from '../../shared/ports/tracing.ts';
import { topics } from '../../shared/protocol/topics.ts';
import { tracedHttp } from '../../shared/tracing/traced-ports.ts';
import { newApp } from '../http/app.ts';
import type { App } from '../http/app-env.ts';
import { newAuthenticator } from '../http/authenticate.ts';
import { newIdempotencyStore } from '../http/idempotency-store.ts';
import { mountMetricsRoute } from '../http/metrics-route.ts';
import { requestFigures } from '../http/request-figures.ts';
import { mountOAuth } from '../oauth/mount.ts';
import { retention } from '../retention/retention.ts';
import { newBackground } from './background.ts';
import { mountParkedCallbacks } from './callback-routes.ts';
import { newCallbackSender } from './callbacks.ts';
import type { ApiIotConfig } from './config.ts';
import { mountConfigure } from './configure-route.ts';
import type { Ending } from './endings.ts';
import { newIngest } from './ingest.ts';
import { openFleetLink } from './link.ts';
import { type ApiIotCounters, type ApiIotMetrics, apiIotMetrics } from './metrics.ts';
import { mountProvisioning, provisioningBodyBytes, provisioningPath } from './provisioning-route.ts';
import { newPublisher } from './publisher.ts';
import { mountReadiness } from './readiness-route.ts';
import { newRefusals } from './refusals.ts';
import { roleScopes, scopes } from './routes-shared.ts';
import { listEnded } from './store/commands.ts';
import { apiIotRules } from './store/retention-rules.ts';
import type { ApiIotSchema } from './store/schema.ts';
import { markAllOffline } from './store/vehicles.ts';
import { newTelemetryStore } from './telemetry.ts';
import { newTimeouts } from './timeouts.ts';
import { mountVehicleHistory } from './vehicle-history-routes.ts';
import { mountVehicleList } from './vehicle-list-route.ts';
import { newVehicleQueue } from './vehicle-queue.ts';
import { mountVehicleRoutes } from './vehicle-routes.ts';
import { newWaiters } from './waiters.ts';

export interface ApiIotDeps {
  /** Migrated (`migrateApiIot`), the service's own. */
  readonly database: Database<ApiIotSchema>;
  readonly link: DeviceLink;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly secrets: Secrets;
  readonly tokens: Tokens;
  /** For callbacks. */
  readonly http: Http;
  readonly log: Log;
  readonly config: ApiIotConfig;
  /** A vehicle was registered again with another password: its old one must end at the broker. */
  readonly onCredentialReplaced?: (vin: string) => void;
  /** Metrics of the embedded broker and of the process. */
  readonly otherMetrics?: readonly Metric[];
  /** Absent: nothing is recorded. */
  readonly tracing?: Tracing;
}

export interface ApiIot {
  fetch(request: Request): Promise<Response>;
  /** Takes up what the database holds (time-outs, callbacks, commands to be sent) and connects to the broker. */
  start(): Promise<void>;
  /** Disconnects from the broker, saves the values in memory and waits for the work in progress. */
  stop(): Promise<void>;
  counters(): ApiIotCounters;
  /** What `GET /metrics` answers. */
  readonly metrics: Registry;
}

/** Background jobs of the API IoT, started and stopped together. */
function newService(deps: ApiIotDeps, requests: Metric) {
  const { database, clock, log, config, otherMetrics = [], tracing } = deps;
  const http = tracing?.isOn ? tracedHttp(deps.http, tracing) : deps.http;
  let connection: LinkConnection | null = null;
  let isLeaving: boolean = false;
  const background = newBackground(log);
  const queue = newVehicleQueue();
  const refusals = newRefusals(log);
  const { shard } = config;
  const isShared = shard.of > 1;
  const waiters = newWaiters(clock, isShared ? (ids) => listEnded(database.reader, ids) : null);
  const { callbackSecret: secret, callbackRetry: retry, telemetryFlushMs: flushMs } = config;
  const callbacks = newCallbackSender({ database, http, clock, log, secret, retry, isShared });
  const publisher = newPublisher({
    ...{ database, clock, log, background },
    ...(tracing ? { tracing } : {}),
    connection: () => connection,
  });
  const counters = (): ApiIotCounters => ({
    refusedMessages: refusals.counts(),
    partsLeftOut: refusals.leftOutCounts(),
    parkedCommands: publisher.parkedCount(),
    callbacks: callbacks.counters(),
  });
  const { retention: ages } = config;
  const pruning =
    ages === null
      ? null
      : retention({ database, clock, log, rules: apiIotRules, settings: ages, service: 'api_iot' });
  const others = [requests, ...(pruning?.metrics ?? []), ...otherMetrics];
  const metrics = apiIotMetrics({ database, counters, others });
  const onEnded = (endings: readonly Ending[]) => {
    for (const ending of endings) noteEnding(ending, { log, waiters, callbacks, metrics });
  };
  const timeouts = newTimeouts({ database, clock, log, onEnded, isShared });
  const telemetry = newTelemetryStore({
    database,
    clock,
    background,
    flushMs,
    samples: config.telemetrySamples,
    onLeftOut(vin, paths) {
      const parts = paths.map((part) => ({ reason: 'signal_limit' as const, part }));
      refusals.leaveOut(parts, topics.telemetry(vin));
    },
  });
  const onOnline = publisher.publishWaitingOf;
  const ingest = newIngest({
    ...{ database, clock, refusals, queue, telemetry, onEnded, onOnline, shard },
    ...(tracing ? { tracing } : {}),
    hasWillsOfAllSessions: config.hasWillsOfAllSessions,
  });
  return {
    ...{ callbacks, waiters, telemetry, publisher, timeouts, counters, metrics },
    isConnected: () => connection?.connected ?? false,
    async start() {
      callbacks.start();
      await timeouts.start();
      pruning?.start();
      isLeaving = false;
      connection = openFleetLink({
        link: deps.link,
        signIn: config.link,
        ingest,
        log,
        background,
        isLeaving: () => isLeaving,
        onForgotten: () => database.write((transaction) => markAllOffline(transaction, clock.now(), shard)),
        onReady: publisher.sweep,
      });
    },
    async stop() {
      const loopsStopped = Promise.all([timeouts.stop(), callbacks.stop(), pruning?.stop()]);
      waiters.release();
      isLeaving = true;
      await connection?.close();
      connection = null;
      await queue.idle();
      telemetry.stop();
      await telemetry.flush();
      await background.idle();
      await loopsStopped;
    },
  };
}

/** Tells of a command's end: the log, who waits for it, and the client of its callback. */
function noteEnding(
  { command, callback }: Ending,
  parts: {
    readonly log: Log;
    readonly waiters: ReturnType<typeof newWaiters>;
    readonly callbacks: ReturnType<typeof newCallbackSender>;
    readonly metrics: ApiIotMetrics;
  },
): void {
  const { id: commandId, vin, state, late } = command;
  parts.log.info('api_iot.command_ended', { commandId, vin, state, late: late === 1 });
  parts.metrics.ended(command);
  parts.waiters.ended(command);
  if (callback !== null) parts.callbacks.offer(callback);
}

function mountRoutes(app: App, deps: ApiIotDeps, service: ReturnType<typeof newService>): void {
  const { database, clock, ids, secrets, tokens, log, config } = deps;
  const { origin } = config;
  mountOAuth(
    app,
    { tokens, secrets, clock, ids, log, issuer: origin, audience: origin, clients: config.clients },
    scopes,
  );
  const authenticator = newAuthenticator({ tokens, clock, log, audience: origin, roleScopes });
  const limits = { limit: config.quotaPerHour, windowMs: config.quotaWindowMs };
  mountConfigure(
    app,
    {
      database,
      clock,
      ids,
      secrets,
      limits,
      keys: newIdempotencyStore(),
      commandTimeoutMs: config.commandTimeoutMs,
      preferWaitMaxMs: config.preferWaitMaxMs,
      waiters: service.waiters,
      onAccepted(command) {
        log.info('api_iot.command_accepted', { commandId: command.id, vin: command.vin });
        service.metrics.accepted();
        service.publisher.publish(command);
        service.timeouts.watch(command.expires_at);
      },
      onQuotaRefused: service.metrics.quotaRefused,
    },
    authenticator,
  );
  mountParkedCallbacks(app, { database, clock, log, callbacks: service.callbacks }, authenticator);
  mountVehicleRoutes(app, { database, clock, telemetry: service.telemetry, limits }, authenticator);
  mountVehicleList(app, { database }, authenticator);
  mountVehicleHistory(app, { database, clock, samples: config.telemetrySamples }, authenticator);
  mountMetricsRoute(app, service.metrics.registry, authenticator);
  mountReadiness(app, { database, log, isConnected: service.isConnected });
  mountProvisioning(
    app,
    {
      ...{ database, log, telemetry: service.telemetry },
      checkDigit: config.checkDigit,
      onCredentialReplaced: deps.onCredentialReplaced ?? (() => {}),
    },
    authenticator,
  );
}

/** The API IoT: a Hono app over its own database and one connection to the broker. Without `start` it answers, but reaches no vehicle. */
export function apiIot(deps: ApiIotDeps): ApiIot {
  const requests = requestFigures({ ...deps, service: 'api_iot' });
  const app = newApp({
    log: deps.log,
    observe: requests.observe,
    title: 'Fleetwake API IoT',
    version: '1',
    description: 'Configuration commands to vehicles, and what vehicles report.',
    largerBodies: { [provisioningPath]: provisioningBodyBytes },
  });
  const service = newService(deps, requests.metric);
  mountRoutes(app, deps, service);
  return {
    fetch: async (request) => app.fetch(request),
    start: service.start,
    stop: service.stop,
    counters: service.counters,
    metrics: service.metrics.registry,
  };
}
