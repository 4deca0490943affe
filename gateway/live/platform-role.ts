import { join } from 'node:path';
import { readTextFile } from '../../shared/files/text-file.ts';
import { wallClock } from '../../shared/live/clock.ts';
import { liveHttp } from '../../shared/live/http.ts';
import { systemIds } from '../../shared/live/ids.ts';
import { smtpMailer } from '../../shared/live/mailer.ts';
import { webPusher } from '../../shared/live/pusher.ts';
import { systemRandom } from '../../shared/live/random.ts';
import { systemSecrets } from '../../shared/live/secrets.ts';
import type { Database } from '../../shared/ports/database.ts';
import type { Http } from '../../shared/ports/http.ts';
import type { Catalogue } from '../catalogue/catalogue.ts';
import { catalogueFolder, shippedCatalogueFolder } from '../catalogue/folder.ts';
import { loadCatalogue } from '../catalogue/load.ts';
import { compressCatalogue } from '../catalogue/policies.ts';
import type { GatewayConfig } from '../config.ts';
import { activationEngine, type Engine } from '../engine/engine.ts';
import { eventRelay } from '../engine/event-relay.ts';
import { vehicleApi } from '../engine/vehicle-api.ts';
import { reconciler } from '../entitlement/reconciler.ts';
import { noticeDispatcher } from '../notifications/dispatcher.ts';
import { insertNotices } from '../notifications/notice-insertion.ts';
import { loadTemplates } from '../notifications/renderer.ts';
import { stripePayments } from '../payments/stripe-payments.ts';
import { platform } from '../platform/app.ts';
import { newChanges } from '../platform/changes.ts';
import { platformScopes, roleScopes } from '../platform/scopes.ts';
import { migratePlatform } from '../store/migrations.ts';
import type { PlatformSchema } from '../store/schema.ts';
import {
  compressedDispatch,
  compressedEngine,
  compressedReconciliation,
  httpTimeoutMs,
} from '../time-scale.ts';
import { accessTokens, allowedHosts } from './access-tokens.ts';
import type { RoleDeps } from './api-iot-role.ts';
import type { LiveBus } from './bus.ts';
import { listen } from './listen.ts';
import { preparedPostgres, preparedSqlite } from './prepared-database.ts';
import { supportDesk } from './support-desk.ts';
import { closeAll, undoneOnFailure } from './undo.ts';

export interface PlatformRole {
  readonly origin: string;
  readonly database: Database<PlatformSchema>;
  readonly engine: Engine;
  stop(): Promise<void>;
}

export interface PlatformRoleDeps extends RoleDeps {
  readonly bus: LiveBus;
  readonly apiIotOrigin: string;
  /** The engine's way to the API IoT; a scenario puts its faults here. */
  readonly vehicleHttp: Http;
  /** The engine's way to the payment service. */
  readonly paymentsHttp: Http;
  readonly adapt: (catalogue: Catalogue) => Catalogue;
}

const supportContact = 'support@caas.example';

/** The platform API with the engine, payments, notices and tickets, over the platform's database. */
export function startPlatform(deps: PlatformRoleDeps): Promise<PlatformRole> {
  return undoneOnFailure((undo) => start(deps, undo));
}

async function start(
  deps: PlatformRoleDeps,
  undo: (close: () => Promise<unknown>) => void,
): Promise<PlatformRole> {
  const { config, keys, http, log, bus } = deps;
  const scale = config.timeScale;
  const database = config.databaseUrl
    ? await preparedPostgres<PlatformSchema>(config.databaseUrl, migratePlatform, log)
    : await preparedSqlite<PlatformSchema>(join(config.data, 'platform.db'), migratePlatform);
  undo(() => database.close());
  const catalogue = deps.adapt(compressCatalogue(readCatalogue(config), scale));
  const server = await listen(http, {
    hostname: config.host,
    port: config.port,
    allowedHosts: allowedHosts(config),
  });
  undo(() => server.close());
  const publicUrl = config.publicUrl ?? server.origin;
  const ids = systemIds();
  const changes = newChanges();
  const noticeSettings = { contact: supportContact, webUrl: config.webUrl ?? publicUrl };
  const vapid = JSON.parse(keys.vapidKeys) as { publicKey: string; privateKey: string };
  const mailer = smtpMailer({
    url: config.smtpUrl ?? 'smtp://127.0.0.1:1025',
    from: config.mailFrom,
    maxConnections: 8,
    timeoutMs: config.mailTimeoutMs,
  });
  const notices = noticeDispatcher({
    database,
    clock: wallClock,
    ids,
    log,
    mailer,
    pusher: webPusher({
      // A customer's browser says where its push service is.
      http: config.pushPrivate === 'yes' ? http.http : publicHttp(),
      vapid: { ...vapid, subject: `mailto:${supportContact}` },
      ttlSeconds: 24 * 3_600,
    }),
    render: loadTemplates(readTemplate, { domain: 'caas.example' }),
    settings: compressedDispatch(scale, Math.max(config.mailTimeoutMs, httpTimeoutMs)),
    onRecorded() {
      relay.wake();
      changes.notify();
    },
  });
  const relay = eventRelay({ database, bus: bus.bus, clock: wallClock, log });
  const onCommitted = (mayHaveNotices: boolean) => {
    if (mayHaveNotices) notices.wake();
    relay.wake();
    desk.wake();
    changes.notify();
  };
  const wakeAll = () => onCommitted(true);
  const desk = supportDesk({
    config,
    database,
    ids,
    http: http.http,
    log,
    notices: noticeSettings,
    onRecorded: wakeAll,
  });
  const models = modelLookUp(database);
  const vehicles = vehicleApi({
    http: deps.vehicleHttp,
    clock: wallClock,
    origin: deps.apiIotOrigin,
    credentials: {
      tokenUrl: `${deps.apiIotOrigin}/oauth/token`,
      clientId: config.apiIotClientId,
      clientSecret: config.apiIotClientSecret ?? keys.engineSecret,
      scope: 'vehicle:configure vehicle:read',
    },
  });
  const engine = activationEngine({
    database,
    bus: bus.bus,
    clock: wallClock,
    random: systemRandom,
    ids,
    secrets: systemSecrets,
    log,
    catalogue,
    modelOf: models,
    callbackUrl: `${publicUrl}/callbacks/api-iot`,
    reservedQuota: 2,
    settings: compressedEngine(scale),
    vehicles,
    payments: stripePayments({
      http: deps.paymentsHttp,
      clock: wallClock,
      log,
      origin: config.paymentsUrl ?? 'http://127.0.0.1:8082',
      apiKey: config.paymentsKey ?? keys.paymentsKey,
      timeoutMs: httpTimeoutMs,
    }),
    ...desk.projections,
    insertNotices: (transaction, { activation }, facts) =>
      insertNotices(transaction, { ids, settings: noticeSettings }, activation, facts),
    onCommitted,
  });
  const everyMs = compressedReconciliation(scale, config.reconcileMs);
  const reconciliation =
    everyMs === null
      ? null
      : reconciler({
          database,
          clock: wallClock,
          ids,
          log,
          catalogue,
          vehicles,
          everyMs,
          begin: (id) => engine.begin(id),
          onCommitted,
        });
  const app = platform({
    database,
    engine,
    catalogue,
    changes,
    clock: wallClock,
    ids,
    secrets: systemSecrets,
    tokens: await accessTokens(
      { config, keys, http: http.http },
      { issuer: publicUrl, acceptsOwnKeyAlone: config.publicUrl === null },
    ),
    log,
    desk: { settings: desk.settings, notices: noticeSettings, onRecorded: wakeAll },
    config: {
      origin: publicUrl,
      allowedOrigins: config.allowedOrigins,
      callbackSecret: config.apiIotCallbackSecret ?? keys.callbackSecret,
      clients: [
        {
          clientId: 'developer',
          secretDigest: systemSecrets.digest(keys.developerSecret),
          scopes: Object.keys(platformScopes),
        },
        ...(
          [
            ['shop', 'service', keys.shopSecret],
            ['support', 'support', keys.supportSecret],
            ['operator', 'operator', keys.operatorSecret],
          ] as const
        ).map(([clientId, role, secret]) => ({
          clientId,
          role,
          secretDigest: systemSecrets.digest(secret),
          scopes: roleScopes[role],
        })),
      ],
    },
  });
  server.handle(app.fetch);
  // The other way round than they close: what an engine saves, notices and relay still take.
  undo(() => mailer.close());
  undo(() => relay.stop());
  undo(() => notices.stop());
  undo(() => desk.stop());
  undo(() => engine.stop());
  undo(async () => reconciliation?.stop());
  notices.start();
  relay.wake();
  desk.wake();
  if (config.roles.includes('engine')) {
    desk.start();
    await engine.start();
    reconciliation?.start();
  }
  return {
    origin: server.origin,
    database,
    engine,
    stop() {
      app.stop();
      const parts = [engine, desk, notices, relay].map((part) => () => part.stop());
      const first = async () => reconciliation?.stop();
      return closeAll([() => server.close(), first, ...parts, () => mailer.close(), () => database.close()]);
    },
  };
}

function publicHttp(): Http {
  return liveHttp({ clock: wallClock, timeoutMs: httpTimeoutMs, reach: 'public' }).http;
}

function readCatalogue(config: GatewayConfig): Catalogue {
  return loadCatalogue(catalogueFolder(config.catalogue ?? shippedCatalogueFolder()));
}

function readTemplate(name: string): string {
  return readTextFile(join(shippedCatalogueFolder(), '..', 'notifications', 'templates', name));
}

/** Models do not change while a process lives, so each VIN is read once; at most this many are remembered. */
const modelMax = 100_000;

function modelLookUp(database: Database<PlatformSchema>): (vin: string) => Promise<string> {
  const known = new Map<string, string>();
  return async (vin) => {
    const remembered = known.get(vin);
    if (remembered !== undefined) return remembered;
    const row = await database.reader
      .selectFrom('vehicles')
      .select('model')
      .where('vin', '=', vin)
      .executeTakeFirstOrThrow();
    if (known.size >= modelMax) known.clear();
    known.set(vin, row.model);
    return row.model;
  };
}
