import { join } from 'node:path';
import type { Command } from 'commander';
import type { GatewayConfig } from '../../gateway/config.ts';
import { type Clients, clientsOf } from '../live/clients.ts';
import { type ApiAnswer, type ApiClient, ClientRefused } from '../run/api-client.ts';
import { type AddressFlags, addressOf, withAddress } from './addresses.ts';
import { UsageError } from './exit.ts';
import { knownKeys } from './known-keys.ts';
import { gatewayConfig, type Meanings, withGatewayOptions } from './options.ts';

export const apiIotDefaultUrl = 'http://127.0.0.1:8081';

export type PlatformFlags = AddressFlags & Readonly<Record<string, unknown>>;

/** Which of the two a command asks. */
export type Surface = 'platform' | 'apiIot';

/** A running platform and its API IoT, with the secrets of a data folder to ask them with. */
export interface AskedPlatform {
  readonly config: GatewayConfig;
  readonly apiIotUrl: string;
  readonly clients: Clients;
  /** Resolves with the platform's answer; throws a `UsageError` with a sentence if no server answers, or if it refuses the secrets. */
  ask(question: (client: ApiClient) => Promise<ApiAnswer>, surface?: Surface): Promise<ApiAnswer>;
}

/** Gives a command the options that say which platform it asks, and others of the gateway's that it needs. */
export function withPlatformOptions(
  command: Command,
  names: readonly (keyof GatewayConfig)[] = [],
  meanings: Meanings = {},
): Command {
  return withGatewayOptions(withAddress(command, 'platformUrl'), ['data', ...names], {
    data: { help: 'data folder of the gateway, whose secrets are used' },
    apiIotUrl: { help: 'URL of the API IoT', fallback: apiIotDefaultUrl },
    ...meanings,
  });
}

/** Rejects with a `UsageError` when the data folder holds no secrets. */
export async function askedPlatform(flags: PlatformFlags): Promise<AskedPlatform> {
  const config = gatewayConfig(flags, process.env);
  const platformUrl = addressOf('platformUrl', flags);
  const apiIotUrl = config.apiIotUrl ?? apiIotDefaultUrl;
  const clients = clientsOf(await knownKeys(config.data), { platform: platformUrl, apiIot: apiIotUrl });
  return {
    config,
    apiIotUrl,
    clients,
    ask: (question, surface = 'platform') =>
      withSecretsOf(config.data, question(clients[surface])).catch((error: unknown) => {
        if (error instanceof UsageError) throw error;
        const reason = error instanceof Error ? error.message : String(error);
        throw noPlatform(surface, surface === 'platform' ? platformUrl : apiIotUrl, reason);
      }),
  };
}

/** No server answers at the address of a surface. */
export function noPlatform(surface: Surface, url: string, reason: string): UsageError {
  const [name, flag] =
    surface === 'platform' ? ['platform API', '--platform-url'] : ['API IoT', '--api-iot-url'];
  return new UsageError(
    `no ${name} answers at ${url} (${reason}): start it with "fleetwake up", or give its address with ${flag}`,
  );
}

/** A server answers and refuses the secrets: it is another gateway, and the sentence names this. */
export function withSecretsOf<T>(dataFolder: string, answer: Promise<T>): Promise<T> {
  return answer.catch((error: unknown) => {
    if (!(error instanceof ClientRefused)) throw error;
    throw new UsageError(
      `${error.origin} does not accept the secrets in ${join(dataFolder, 'keys.json')}, which belong to another gateway: give the data folder of the gateway at this address with --data, or the address of the other gateway with --platform-url`,
    );
  });
}
