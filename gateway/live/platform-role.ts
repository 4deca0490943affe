import { readTextFile } from '../../shared/files/text-file.ts';
import { wallClock } from '../../shared/live/clock.ts';
import { liveHttp } from '../../shared/live/http.ts';
import { systemIds } from '../../shared/live/ids.ts';
import { smtpMailer } from '../../shared/live/mailer.ts';
import { webPusher } from '../../shared/live/pusher.ts';
import { systemRandom } from '../../shared/live/random.ts';
import { systemSecrets } from '../../shared/live/secrets.ts';
import type { Bus } from '../../shared/ports/bus.ts';
import type { Database } from '../../shared/ports/database.ts';
import type { EventLoop } from '../../shared/ports/event-loop.ts';
import type { Http } from '../../shared/ports/http.ts';
import type { Mailer } from '../../shared/ports/mailer.ts';
import type { Pusher } from '../../shared/ports/pusher.ts';
import type { Catalogue } from '../catalogue/catalogue.ts';
import { catalogueFolder, shippedCatalogueFolder } from '../catalogue/folder.ts';
import { loadCatalogue } from '../catalogue/load.ts';
import { shortenCatalogueTimes } from '../catalogue/policies.ts';
import type { GatewayConfig } from '../config.ts';
import { senderDomain } from '../options/payment-and-mail-options.ts';
import { configuredAges } from '../options/policy-options.ts';
import { linkSecretsOf } from '../options/process-options.ts';
import { createPlatformService, type PlatformSettings } from '../platform-service.ts';
import { retentionAtTimeScale } from '../retention/retention.ts';
import type { PlatformSchema } from '../store/schema.ts';
import { readSla } from '../support/sla-text.ts';
import { standardSupport } from '../support/support-settings.ts';
import { standardWebhook, type WebhookSettings } from '../support/ticket-webhook.ts';
import {
  contradictionsAtTimeScale,
  dispatchAtTimeScale,
  engineAtTimeScale,
  httpTimeoutMs,
  reconciliationAtTimeScale,
} from '../time-scale.ts';
import { accessTokens, allowedHosts } from './access-tokens.ts';
import type { RoleDeps } from './api-iot-role.ts';
import type { LiveBus } from './bus.ts';
import { configuredAdapter } from './configured-adapter.ts';
import { unreachableLinks } from './customer-links.ts';
import type { Keys } from './keys.ts';
import { listen } from './listen.ts';
import type { MetricFamilies } from './metrics-server.ts';
import { missingMailer, missingServices } from './missing-services.ts';
import { noticeTemplates } from './notice-templates.ts';
import { processMetrics } from './process-metrics.ts';
import { supportRoster } from './support-roster.ts';
import { openTraces } from './traces.ts';
import { closeAll, undoneOnFailure } from './undo.ts';

export interface PlatformRole {
  readonly origin: string;
  readonly database: Database<PlatformSchema>;
  metrics(): Promise<MetricFamilies>;
  stop(): Promise<void>;
}

/** What the platform publishes and sends with. */
export interface SendingPorts {
  readonly bus: Bus;
  readonly mailer: Mailer;
  readonly pusher: Pusher;
}

export type WrapPorts = (ports: SendingPorts) => SendingPorts;

export interface PlatformRoleDeps extends RoleDeps {
  readonly bus: LiveBus;
  readonly eventLoop: EventLoop;
  /** Prepared, and closed by the caller. */
  readonly database: Database<PlatformSchema>;
  readonly apiIotOrigin: string;
  /** The platform's way to the API IoT, the payment service and the ticket webhook; a scenario puts its faults here. */
  readonly outgoing: Http;
  readonly wrapPorts: WrapPorts;
  /** Puts something in front of what answers at the listener. */
  readonly wrapPlatform: (fetch: Http) => Http;
  readonly adapt: (catalogue: Catalogue) => Catalogue;
}

/** Starts the platform on a socket, over the platform's database. */
export function startPlatform(deps: PlatformRoleDeps): Promise<PlatformRole> {
  return undoneOnFailure((undo) => start(deps, undo));
}

async function start(
  deps: PlatformRoleDeps,
  undo: (close: () => Promise<unknown>) => void,
): Promise<PlatformRole> {
  const { config, keys, http, log, bus, database } = deps;
  const catalogue = deps.adapt(shortenCatalogueTimes(readCatalogue(config), config.timeScale));
  const server = await listen(http, {
    hostname: config.host,
    port: config.port,
    allowedHosts: allowedHosts(config),
  });
  undo(() => server.close());
  const publicUrl = config.publicUrl ?? server.origin;
  const linkFault = unreachableLinks(config);
  if (linkFault !== null) log.warn('notifications.links_unreachable', { message: linkFault });
  const traces = await openTraces('fleetwake-platform', log);
  undo(() => traces.stop());
  const mailer = openMailer(config);
  undo(() => mailer.close());
  const service = createPlatformService(
    {
      clock: wallClock,
      random: systemRandom,
      ids: systemIds(),
      secrets: systemSecrets,
      tokens: await accessTokens(
        { config, keys, http: http.http },
        { issuer: publicUrl, acceptsOwnKeyAlone: config.publicUrl === null },
      ),
      log,
      eventLoop: deps.eventLoop,
      otherMetrics: [...processMetrics(), ...traces.metrics],
      tracing: traces.tracing,
      database,
      http: deps.outgoing,
      ...deps.wrapPorts({ bus: bus.bus, mailer, pusher: openPusher(config, keys, http.http) }),
    },
    settingsOf(deps, catalogue, publicUrl),
  );
  undo(() => service.stop());
  server.handle(
    deps.wrapPlatform(async (request) => service.fetch(request)),
    service.shed,
  );
  await service.start();
  return {
    origin: server.origin,
    database,
    metrics: async () => await service.metrics.getMetricsAsJSON(),
    stop() {
      service.drain();
      return closeAll([
        () => server.close(),
        () => service.stop(),
        () => mailer.close(),
        () => traces.stop(),
      ]);
    },
  };
}

function settingsOf(
  { config, keys, apiIotOrigin }: PlatformRoleDeps,
  catalogue: Catalogue,
  publicUrl: string,
): PlatformSettings {
  const scale = config.timeScale;
  const adapter = configuredAdapter(config);
  const reconcileMs = reconciliationAtTimeScale(scale, config.reconcileMs);
  const templates = noticeTemplates(config.templates, senderDomain(config.mailFrom) ?? 'localhost');
  return {
    publicUrl,
    allowedOrigins: config.allowedOrigins,
    secrets: {
      developer: keys.developerSecret,
      shop: keys.shopSecret,
      support: keys.supportSecret,
      operator: keys.operatorSecret,
      callbacks: config.apiIotCallbackSecret ?? keys.callbackSecret,
      paymentsWebhook: config.paymentsWebhookSecret ?? keys.paymentsWebhookSecret,
      links: linkSecretsOf(config.linkSecret) ?? [keys.linkSecret],
    },
    catalogue,
    render: templates.render,
    apiIot: {
      origin: apiIotOrigin,
      clientId: config.apiIotClientId,
      clientSecret: config.apiIotClientSecret ?? keys.engineSecret,
      ...(adapter === null ? {} : { adapter }),
    },
    payments:
      config.paymentsUrl === null
        ? null
        : {
            origin: config.paymentsUrl,
            apiKey: config.paymentsKey ?? keys.paymentsKey,
            timeoutMs: httpTimeoutMs,
          },
    missingServices: missingServices(config),
    engine: engineAtTimeScale(scale),
    dispatch: dispatchAtTimeScale(scale, Math.max(config.mailTimeoutMs, httpTimeoutMs), config.mailLimit),
    reconcileMs,
    contradictions: contradictionsAtTimeScale(scale, reconcileMs, config.reconcileRepeats),
    desk: {
      support: standardSupport(
        supportRoster(config.supportRoster),
        scale,
        readSla(config.supportSla) ?? undefined,
      ),
      webhook: webhookOf(config),
      slaPollMs: Math.max(1_000, Math.round(60_000 / scale)),
      notifications: {
        contact: config.supportContact,
        webUrl: config.webUrl ?? publicUrl,
        languages: templates.languages,
        timeZone: config.timeZone,
      },
    },
    purchasesMax: config.purchasesMax,
    retention: retentionAtTimeScale(scale, configuredAges(config.keep)),
    runsEngine: config.roles.includes('engine'),
  };
}

function webhookOf(config: GatewayConfig): WebhookSettings | null {
  const { ticketWebhookUrl: url, ticketWebhookSecret: secret, ticketWebhookFormat: format } = config;
  if (url === null || secret === null) return null;
  const retryBaseMs = Math.max(50, Math.round(standardWebhook.retryBaseMs / config.timeScale));
  return { ...standardWebhook, url: url.reveal(), secret, format, retryBaseMs };
}

function openMailer(config: GatewayConfig): Mailer {
  if (config.smtpUrl === null) return missingMailer();
  return smtpMailer({
    url: config.smtpUrl.reveal(),
    from: config.mailFrom,
    maxConnections: 8,
    timeoutMs: config.mailTimeoutMs,
    ...(config.mailCa === null ? {} : { ca: readTextFile(config.mailCa) }),
  });
}

function openPusher(config: GatewayConfig, keys: Keys, http: Http): Pusher {
  const vapid = JSON.parse(keys.vapidKeys) as { publicKey: string; privateKey: string };
  return webPusher({
    // A customer's browser says where its push service is.
    http: config.pushPrivate === 'yes' ? http : publicHttp(),
    vapid: { ...vapid, subject: config.pushContact ?? `mailto:no-reply@${senderDomain(config.mailFrom)}` },
    ttlSeconds: 24 * 3_600,
  });
}

function publicHttp(): Http {
  return liveHttp({ clock: wallClock, timeoutMs: httpTimeoutMs, reach: 'public' }).http;
}

function readCatalogue(config: GatewayConfig): Catalogue {
  return loadCatalogue(catalogueFolder(config.catalogue ?? shippedCatalogueFolder()));
}
