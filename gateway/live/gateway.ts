import { join } from 'node:path';
import { claim } from '../../shared/live/claim.ts';
import { steadyTime, wallClock } from '../../shared/live/clock.ts';
import { watchClock } from '../../shared/live/clock-jumps.ts';
import { watchEventLoop } from '../../shared/live/event-loop.ts';
import { startHealthServer } from '../../shared/live/health-server.ts';
import { type LiveHttp, liveHttp } from '../../shared/live/http.ts';
import { shareTime } from '../../shared/live/shared-time.ts';
import type { EventLoop } from '../../shared/ports/event-loop.ts';
import type { Http } from '../../shared/ports/http.ts';
import type { Log } from '../../shared/ports/log.ts';
import { reachableHost } from '../../shared/protocol/url-host.ts';
import { clientIdOf, shardOfText, wholeFleet } from '../api-iot/shard.ts';
import type { Catalogue } from '../catalogue/catalogue.ts';
import type { GatewayConfig } from '../config.ts';
import { allowedHosts } from './access-tokens.ts';
import { type ApiIotRole, type ApiIotRoleDeps, startApiIot as startApiIotHere } from './api-iot-role.ts';
import { type LiveBus, openLiveBus } from './bus.ts';
import { configuredAdapter } from './configured-adapter.ts';
import { type Keys, openKeys } from './keys.ts';
import { type MetricsSource, startMetricsServer } from './metrics-server.ts';
import { natsAccessOf } from './nats-access.ts';
import { type PlatformDatabase, platformDatabase } from './platform-database.ts';
import { type PlatformRole, startPlatform, type WrapPorts } from './platform-role.ts';
import { processMetrics } from './process-metrics.ts';
import { roleFault } from './roles.ts';
import { closeAll } from './undo.ts';

export interface Gateway {
  readonly keys: Keys;
  readonly http: LiveHttp;
  /** Null where the role runs elsewhere. */
  readonly apiIot: ApiIotRole | null;
  readonly platform: PlatformRole | null;
  readonly apiIotOrigin: string;
  readonly bus: LiveBus | null;
  /** Stops platform and API IoT as `stop` does, and leaves the bus: what they published last can still be read. */
  stopRoles(): Promise<void>;
  /** Drains: takes nothing new, finishes what is under way, closes what it opened. */
  stop(): Promise<void>;
}

export interface GatewayOptions {
  readonly config: GatewayConfig;
  readonly log: Log;
  /** A longer wait than the API IoT's own answers need. */
  readonly httpTimeoutMs?: number;
  /** Wraps what answers at the API IoT's listener: every caller meets it, in this process and over the socket. */
  readonly wrapApiIot?: (fetch: Http) => Http;
  /** Starts API IoT and broker in a thread of their own. Default: in this one. */
  readonly startApiIot?: ((deps: ApiIotRoleDeps) => Promise<ApiIotRole>) | undefined;
  /** Wraps what answers at the platform's listener. */
  readonly wrapPlatform?: (fetch: Http) => Http;
  /** Wraps the engine's requests to the API IoT. */
  readonly disturb?: (http: Http) => Http;
  /** Wraps the engine's requests to the payment service. */
  readonly disturbPayments?: (http: Http) => Http;
  /** Puts something between the platform and its bus, mail server and push service. */
  readonly wrapPorts?: WrapPorts;
  /** Changes the catalogue once it is loaded and compressed; a scenario puts its retry policy here. */
  readonly adapt?: (catalogue: Catalogue) => Catalogue;
}

/** Starts the roles that the configuration names, in this process. Rejects with a sentence when one cannot start. */
export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  const {
    config,
    log,
    wrapApiIot,
    startApiIot = startApiIotHere,
    wrapPlatform = (fetch) => fetch,
    disturb,
    disturbPayments,
    httpTimeoutMs = 15_000,
    wrapPorts = (ports) => ports,
    adapt = (catalogue) => catalogue,
  } = options;
  const fault = roleFault(config);
  if (fault !== null) throw new Error(fault);
  // Before anything is started or created.
  configuredAdapter(config);
  const keys = await openKeys(config.data);
  const eventLoop = watchEventLoop();
  const http = liveHttp({ clock: wallClock, timeoutMs: httpTimeoutMs, log, eventLoop });
  const started: { stop(): Promise<void> }[] = [
    eventLoop,
    watchClock(log),
    shareTime(steadyTime, config.data),
  ];
  const stopFrom = (first: number) =>
    closeAll(
      started
        .splice(first)
        .reverse()
        .map((part) => () => part.stop()),
    );
  const stop = () => stopFrom(0);
  try {
    // An engine listens as well: it takes the callbacks of the commands that it sent.
    if (config.healthPort > 0)
      started.push(
        await startHealthServer({
          ...{ hostname: config.host, port: config.healthPort },
          allowedHosts: allowedHosts(config),
        }),
      );
    const hasPlatform = config.roles.includes('platform') || config.roles.includes('engine');
    const runsApiIot = config.apiIotUrl === null && config.roles.includes('api-iot');
    // First, because these refuse a data folder that another gateway owns, before any of its files is changed.
    if (runsApiIot) started.push(claimApiIot(config));
    const database = platformDatabase(config, log);
    started.push(database);
    const bus = hasPlatform ? await openBus(config, database, eventLoop, log) : null;
    if (bus !== null) started.push(bus);
    const firstRole = started.length;
    const stopRoles = () => stopFrom(firstRole);
    let apiIot: ApiIotRole | null = null;
    if (runsApiIot) {
      const otherMetrics = hasPlatform ? [] : processMetrics();
      apiIot = await startApiIot({ config, keys, http, log, wrap: wrapApiIot, otherMetrics });
      started.push(apiIot);
    }
    const serveMetrics = async (...services: readonly (MetricsSource | null)[]) => {
      const sources = services.filter((service) => service !== null);
      if (config.metricsPort === 0) return;
      const server = await startMetricsServer({ http, log, port: config.metricsPort }, sources);
      started.push({ stop: () => server.close() });
    };
    const apiIotOrigin =
      config.apiIotUrl ?? apiIot?.origin ?? `http://${reachableHost(config.host)}:${config.apiIotPort}`;
    if (bus === null) {
      await serveMetrics(apiIot);
      return { keys, http, apiIot, platform: null, apiIotOrigin, bus, stopRoles, stop };
    }
    const outgoing = byOrigin(http.http, [
      [apiIotOrigin, disturb],
      [config.paymentsUrl, disturbPayments],
    ]);
    const platform = await startPlatform({
      ...{ config, keys, http, log, bus, apiIotOrigin, outgoing, wrapPorts, wrapPlatform, adapt, eventLoop },
      database: await database.open(),
    });
    started.push(platform);
    apiIot?.mountPlatform?.(platform.origin);
    await serveMetrics(platform, apiIot);
    return { keys, http, apiIot, platform, apiIotOrigin, bus, stopRoles, stop };
  } catch (error) {
    await stop().catch(() => {});
    throw error;
  }
}

/** Sends each request the way of its origin; others go straight. */
function byOrigin(
  http: Http,
  ways: readonly (readonly [string | null, ((http: Http) => Http) | undefined])[],
): Http {
  const byOrigin = new Map(
    ways.flatMap(([url, disturb]) => (url && disturb ? [[new URL(url).origin, disturb(http)]] : [])),
  );
  return (request) => (byOrigin.get(new URL(request.url).origin) ?? http)(request);
}

/** One API IoT a data folder, or one of each shard: two would send every command twice, and each would give the vehicles passwords that the other knows. */
function claimApiIot({ data: dataFolder, apiIotShard }: GatewayConfig): { stop(): Promise<void> } {
  const claimed = claim(join(dataFolder, clientIdOf(shardOfText(apiIotShard) ?? wholeFleet)));
  if (!claimed.isOurs) {
    const owner = claimed.owner === null ? 'another process' : `process ${claimed.owner}`;
    throw new Error(
      `the API IoT of the data folder ${dataFolder} runs in ${owner}: stop that one, choose another folder with --data, or leave the API IoT to it with --roles platform,engine and API_IOT_URL`,
    );
  }
  return {
    async stop() {
      claimed.release();
    },
  };
}

function openBus(
  config: GatewayConfig,
  { installation }: PlatformDatabase,
  eventLoop: EventLoop,
  log: Log,
): Promise<LiveBus> {
  const { natsUrl, natsPrefix: prefix, natsServer, install, data } = config;
  const { natsPlacementCluster: cluster, natsPlacementTags: tags } = config;
  return openLiveBus({
    ...{ natsUrl, prefix, installation },
    natsAccess: natsAccessOf(config),
    storage: {
      replicas: config.natsReplicas,
      maxBytes: config.natsMaxBytes,
      placement: { cluster, tags: tags?.split(',').map((tag) => tag.trim()) ?? [] },
    },
    natsServer,
    install: install === 'yes',
    dataFolder: data,
    clock: wallClock,
    eventLoop,
    log,
  });
}
