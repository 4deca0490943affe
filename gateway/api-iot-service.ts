import type { Secrets } from '../shared/ports/secrets.ts';
import { type ApiIot, type ApiIotDeps, apiIot } from './api-iot/app.ts';
import { type ApiIotConfig, apiIotDefaults } from './api-iot/config.ts';

/** Ports of the API IoT. */
export type ApiIotPorts = Omit<ApiIotDeps, 'config'>;

/** What differs between two API IoTs; what is left out has the specification's value. */
export interface ApiIotSettings
  extends Pick<ApiIotConfig, 'origin' | 'callbackSecret' | 'link'>,
    Partial<
      Pick<
        ApiIotConfig,
        | 'quotaPerHour'
        | 'quotaWindowMs'
        | 'commandTimeoutMs'
        | 'callbackRetry'
        | 'checkDigit'
        | 'hasWillsOfAllSessions'
        | 'telemetrySamples'
        | 'retention'
        | 'shard'
      >
    > {
  /** Client ids and secrets: the engine's, a developer's, the one that registers vehicles, and a monitoring system's. */
  readonly clients: Readonly<Record<ClientName, ClientCredentials>>;
}

interface ClientCredentials {
  readonly clientId: string;
  readonly clientSecret: string;
}

const scopesOf = {
  engine: ['vehicle:configure', 'vehicle:read'],
  developer: ['vehicle:configure', 'vehicle:read', 'callbacks:operate', 'metrics:read'],
  provisioner: ['vehicle:provision'],
  monitor: ['metrics:read'],
} as const;

type ClientName = keyof typeof scopesOf;

/** Creates the API IoT. This is the only place where its parts are put together, live and virtual. */
export function createApiIotService(ports: ApiIotPorts, settings: ApiIotSettings): ApiIot {
  const { clients, ...config } = settings;
  return apiIot({
    ...ports,
    config: { ...apiIotDefaults, ...config, clients: clientsOf(ports.secrets, clients) },
  });
}

function clientsOf(secrets: Secrets, clients: ApiIotSettings['clients']) {
  return (Object.keys(scopesOf) as ClientName[]).map((name) => ({
    clientId: clients[name].clientId,
    secretDigest: secrets.digest(clients[name].clientSecret),
    scopes: scopesOf[name],
  }));
}
