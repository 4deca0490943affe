import { hostname } from 'node:os';
import type { Metric } from 'prom-client';
import { wallClock } from '../../shared/live/clock.ts';
import type { LiveHttp } from '../../shared/live/http.ts';
import { systemIds } from '../../shared/live/ids.ts';
import { mqttLink } from '../../shared/live/mqtt-link.ts';
import { openFilesFault, openFilesMax, vehicleConnectionMax } from '../../shared/live/open-files.ts';
import { isRunning, processSpace } from '../../shared/live/processes.ts';
import { systemSecrets } from '../../shared/live/secrets.ts';
import type { Database } from '../../shared/ports/database.ts';
import type { Http } from '../../shared/ports/http.ts';
import type { Log } from '../../shared/ports/log.ts';
import { maskedText } from '../../shared/protocol/address.ts';
import { apiIotDefaults } from '../api-iot/config.ts';
import { takeProcessLease } from '../api-iot/process-lease.ts';
import { isOwnerGone, ownerName } from '../api-iot/process-owner.ts';
import { clientIdOf, shardOfText, wholeFleet } from '../api-iot/shard.ts';
import type { ApiIotSchema } from '../api-iot/store/schema.ts';
import { countVehicles, findCredentialDigest } from '../api-iot/store/vehicles.ts';
import { type ApiIotSettings, createApiIotService } from '../api-iot-service.ts';
import { brokerMetrics } from '../broker/broker-metrics.ts';
import { type EmbeddedBroker, embeddedBroker } from '../broker/embedded-broker.ts';
import type { GatewayConfig } from '../config.ts';
import { configuredAges } from '../options/policy-options.ts';
import { retentionAtTimeScale } from '../retention/retention.ts';
import { callbackRetryAtTimeScale } from '../time-scale.ts';
import { accessTokens, allowedHosts } from './access-tokens.ts';
import { preparedApiIotDatabase } from './api-iot-database.ts';
import type { Keys } from './keys.ts';
import { listen } from './listen.ts';
import type { MetricFamilies } from './metrics-server.ts';
import { openTraces } from './traces.ts';
import { undoneOnFailure } from './undo.ts';

export interface ApiIotRole {
  readonly origin: string;
  readonly mqttUrl: string;
  /** Null when the broker is elsewhere: at MQTT_URL, or in a thread of its own. */
  readonly broker: EmbeddedBroker | null;
  readonly database: Database<ApiIotSchema>;
  metrics(): Promise<MetricFamilies>;
  /** Names the origin of the platform in this thread, for an API IoT in another: its callbacks then need no socket. */
  mountPlatform?(origin: string): void;
  stop(): Promise<void>;
}

export interface RoleDeps {
  readonly config: GatewayConfig;
  readonly keys: Keys;
  readonly http: LiveHttp;
  readonly log: Log;
}

export interface ApiIotRoleDeps extends RoleDeps {
  /** Wraps what answers at the listener; it may reject with `TransportError`, and the caller then gets no answer. */
  readonly wrap?: ((fetch: Http) => Http) | undefined;
  /** Metrics of the process (CPU, memory, event loop), where no platform has them. */
  readonly otherMetrics?: readonly Metric[];
}

/** The API IoT with its own database, and the broker unless MQTT_URL names one. */
export function startApiIot(deps: ApiIotRoleDeps): Promise<ApiIotRole> {
  return undoneOnFailure((undo) => start(deps, undo));
}

async function start(
  deps: ApiIotRoleDeps,
  undo: (close: () => Promise<unknown>) => void,
): Promise<ApiIotRole> {
  const { config, keys, http, log, wrap = (fetch) => fetch, otherMetrics = [] } = deps;
  const database = await preparedApiIotDatabase(config, log);
  undo(() => database.close());
  const shard = shardOfText(config.apiIotShard) ?? wholeFleet;
  const lease = database.dialect === 'postgres' ? await ownLease({ database, log, shard }) : null;
  undo(async () => lease?.release());
  const broker = config.mqttUrl === null ? openBroker(database, deps) : null;
  if (broker !== null) await warnOfFiles(database, log);
  await broker?.start();
  undo(async () => broker?.stop());
  const server = await listen(http, {
    hostname: config.host,
    port: config.apiIotPort,
    flag: '--api-iot-port',
    allowedHosts: allowedHosts(config),
  });
  undo(() => server.close());
  const origin = config.apiIotPublicUrl ?? server.origin;
  const traces = await openTraces('fleetwake-api-iot', log);
  undo(() => traces.stop());
  const service = createApiIotService(
    {
      database,
      link: broker?.link ?? mqttLink({ url: config.mqttUrl?.reveal() ?? '', log }),
      clock: wallClock,
      ids: systemIds(),
      secrets: systemSecrets,
      tokens: await accessTokens(
        { config, keys, http: http.http },
        { issuer: origin, acceptsOwnKeyAlone: false },
      ),
      http: http.http,
      log,
      onCredentialReplaced: (vin) => broker?.replaceCredential(vin),
      otherMetrics: [...(broker === null ? [] : brokerMetrics(broker)), ...otherMetrics, ...traces.metrics],
      tracing: traces.tracing,
    },
    settingsOf(deps, origin),
  );
  server.handle(wrap(async (request) => service.fetch(request)));
  undo(() => service.stop());
  await service.start();
  return {
    origin: server.origin,
    mqttUrl: broker?.url ?? String(config.mqttUrl ?? ''),
    broker,
    database,
    metrics: async () => await service.metrics.getMetricsAsJSON(),
    async stop() {
      await server.close();
      // Both at once: a message of a vehicle must not be acknowledged when no subscriber receives it any more.
      await Promise.all([service.stop(), broker?.stop()]);
      await lease?.release().catch((error: unknown) => leaseKept(log, error));
      await database.close();
      await traces.stop();
    },
  };
}

function settingsOf({ config, keys }: RoleDeps, origin: string): ApiIotSettings {
  const shard = shardOfText(config.apiIotShard) ?? wholeFleet;
  const compress = (ms: number) => Math.max(1, Math.round(ms / config.timeScale));
  return {
    ...{ origin, shard },
    checkDigit: config.checkDigit,
    hasWillsOfAllSessions: config.mqttUrl !== null,
    clients: {
      engine: {
        clientId: config.apiIotClientId,
        clientSecret: config.apiIotClientSecret ?? keys.engineSecret,
      },
      developer: { clientId: 'developer', clientSecret: keys.developerSecret },
      provisioner: { clientId: 'provisioner', clientSecret: keys.provisionerSecret },
      monitor: { clientId: 'monitor', clientSecret: keys.monitorSecret },
    },
    telemetrySamples: { ...apiIotDefaults.telemetrySamples, count: config.telemetrySamples },
    retention: retentionAtTimeScale(config.timeScale, configuredAges(config.keep)),
    quotaPerHour: config.quotaLimit,
    quotaWindowMs: compress(config.quotaWindowMs),
    commandTimeoutMs: compress(config.commandTimeoutMs),
    callbackRetry: callbackRetryAtTimeScale(config.timeScale),
    callbackSecret: config.apiIotCallbackSecret ?? keys.callbackSecret,
    link: {
      clientId: clientIdOf(shard),
      username: config.mqttUsername,
      password: config.mqttPassword ?? keys.brokerServicePassword,
      // An address with an account in it says which one is meant.
      ...config.mqttUrl?.credentials(),
    },
  };
}

/** The place of this process on a database that others reach too. */
function ownLease(deps: Pick<Parameters<typeof takeProcessLease>[0], 'database' | 'log' | 'shard'>) {
  const here = { host: hostname(), pid: process.pid, space: processSpace() };
  return takeProcessLease({
    ...{ ...deps, clock: wallClock, owner: ownerName(here) },
    isGone: (owner) => isOwnerGone(owner, here, isRunning),
    // As by its supervisor, which starts it again: then it waits for its place, or is refused by name.
    onLost: () => process.kill(process.pid, 'SIGTERM'),
  });
}

/** The next process of this shard waits until the lease has been silent for its time. */
function leaseKept(log: Log, error: unknown): void {
  log.warn('api_iot.lease_not_released', { reason: maskedText(String(error)) });
}

/** Logs, before the vehicles connect, that the limit of open files is too low for all registered vehicles. */
async function warnOfFiles(database: Database<ApiIotSchema>, log: Log): Promise<void> {
  const fault = openFilesFault(openFilesMax(), await countVehicles(database.reader), 1);
  if (fault !== null) log.warn('gateway.open_files_low', { message: fault });
}

function openBroker(database: Database<ApiIotSchema>, { config, keys, log }: RoleDeps): EmbeddedBroker {
  return embeddedBroker({
    clock: wallClock,
    secrets: systemSecrets,
    log,
    hostname: config.host,
    port: config.mqttPort,
    // A vehicle that cannot connect tries again; a database that cannot open its file stops the whole gateway.
    connectionMax: Math.min(20_000, vehicleConnectionMax(openFilesMax())),
    serviceCredential: {
      username: config.mqttUsername,
      password: config.mqttPassword ?? keys.brokerServicePassword,
    },
    monitorCredential: { username: 'monitor', password: keys.brokerMonitorPassword },
    lookUp: (vin) => findCredentialDigest(database, vin),
  });
}
