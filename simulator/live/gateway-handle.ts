import { join } from 'node:path';
import type { ApiIotSchema } from '../../gateway/api-iot/store/schema.ts';
import type { GatewayConfig } from '../../gateway/config.ts';
import { openApiIotDatabase } from '../../gateway/live/api-iot-database.ts';
import { startGateway } from '../../gateway/live/gateway.ts';
import type { Keys } from '../../gateway/live/keys.ts';
import type { PlatformSchema } from '../../gateway/store/schema.ts';
import type { FleetAccess } from '../../shared/live/nats-server-files.ts';
import { openPostgres } from '../../shared/live/postgres.ts';
import { openSqlite } from '../../shared/live/sqlite.ts';
import type { Bus } from '../../shared/ports/bus.ts';
import type { Database } from '../../shared/ports/database.ts';
import type { Log } from '../../shared/ports/log.ts';
import type { HttpFaults } from '../faults/http-faults.ts';
import { apiIotThread } from './api-iot-thread.ts';

/** Handle of a running gateway, in this or other processes. Its values stay valid after a restart. */
export interface GatewayHandle {
  readonly platform: string;
  readonly apiIot: string;
  readonly mqttUrl: string;
  /** For the report: which bus it has. */
  readonly bus: 'nats' | 'in-process';
  /** How the run's vehicles publish their events at a nats-server of its own; left out or null: there is none. */
  readonly fleetAccess?: FleetAccess | null;
  /** A connection to its bus for a reader of the events. */
  openBus(): Promise<Bus>;
  /** How often one of its processes died so far. */
  crashes(): number;
  /** Faults of its components; left out: it has none. */
  readonly components?: FaultyGatewayComponents;
  /** Stops its services and leaves its bus, so that what databases and bus say is of one moment. Left out: it cannot be had. */
  freeze?(): Promise<void>;
  /** Ends it politely. */
  stop(): Promise<void>;
}

/** The components of a gateway, as a run lets them fail. */
export interface FaultyGatewayComponents {
  /** The first moment of the workload is now. */
  begin(): void;
  /** From now on nothing fails. */
  end(): void;
  /** None is away. */
  isStill(): boolean;
  /** One is away, or will fail at work that is still to come. */
  isPending(): boolean;
  /** Events that were in the stream when a fault emptied it. */
  wipedEvents(): readonly string[];
  /** How long a refusal may be unknown to the platform, with the time for which its components were away. */
  refusalDelayMaxMs(): number;
}

export interface LaunchRequest {
  /** Complete: data folder, ports, catalogue, time scale, stand-ins. */
  readonly config: GatewayConfig;
  readonly keys: Keys;
  /** Faults of the API IoT, for a gateway that runs in this process. */
  readonly apiIotFaults: Pick<HttpFaults, 'around'>;
  readonly platformFaults: Pick<HttpFaults, 'around'>;
  readonly log: Log;
}

export type Launch = (wish: LaunchRequest) => Promise<GatewayHandle>;

/** All roles in this process, the API IoT perhaps in a thread, with the faults in front of it. */
export const launchHere: Launch = async ({ config, apiIotFaults, platformFaults, log }) => {
  const gateway = await startGateway({
    ...{ config, log, startApiIot: apiIotThread(config, { hasFaults: true }) },
    wrapApiIot: apiIotFaults.around,
    wrapPlatform: platformFaults.around,
  });
  const { platform, apiIot, bus } = gateway;
  if (!platform || !apiIot || !bus) {
    await gateway.stop();
    throw new Error('a run needs every role of the gateway');
  }
  return {
    platform: platform.origin,
    apiIot: gateway.apiIotOrigin,
    mqttUrl: apiIot.mqttUrl,
    bus: bus.kind,
    fleetAccess: bus.fleetAccess,
    openBus: async () => ({ ...bus.bus, close: async () => {} }),
    crashes: () => 0,
    freeze: gateway.stopRoles,
    stop: gateway.stop,
  };
};

/** The gateway's two databases, by connections of the run's own. */
export function openDatabases(config: Pick<GatewayConfig, 'data' | 'databaseUrl' | 'apiIotDatabaseUrl'>): {
  platform: Database<PlatformSchema>;
  apiIot: Database<ApiIotSchema>;
  close(): Promise<void>;
} {
  const { data, databaseUrl } = config;
  const platform = databaseUrl
    ? openPostgres<PlatformSchema>(databaseUrl.reveal())
    : openSqlite<PlatformSchema>(join(data, 'platform.db'));
  const apiIot = openApiIotDatabase(config);
  return {
    platform,
    apiIot,
    async close() {
      await platform.close();
      await apiIot.close();
    },
  };
}
