import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { GatewayConfig } from '../../gateway/config.ts';
import type { LocalSystem } from './local-system.ts';

/** What an engine of the user's own needs to know: addresses, credentials, the secret that signs callbacks. */
export type EngineSettings = Readonly<Record<string, string>>;

/** Returns the settings by the names that Fleetwake's own gateway reads. */
export function engineSettings(
  config: GatewayConfig,
  { gateway, standIns, keys }: Pick<LocalSystem, 'gateway' | 'standIns' | 'keys'>,
): EngineSettings {
  const vapid = JSON.parse(keys.vapidKeys) as { publicKey: string; privateKey: string };
  return {
    API_IOT_URL: gateway.apiIotOrigin,
    API_IOT_CLIENT_ID: config.apiIotClientId,
    API_IOT_CLIENT_SECRET: config.apiIotClientSecret ?? keys.engineSecret,
    API_IOT_CALLBACK_SECRET: config.apiIotCallbackSecret ?? keys.callbackSecret,
    PAYMENTS_URL: standIns.paymentsUrl,
    PAYMENTS_KEY: config.paymentsKey ?? keys.paymentsKey,
    SMTP_URL: standIns.smtpUrl.reveal(),
    PUSH_URL: standIns.pushUrl,
    VAPID_PUBLIC_KEY: vapid.publicKey,
    VAPID_PRIVATE_KEY: vapid.privateKey,
  };
}

/**
 * Writes the settings for `set -a; . FILE` of a shell or `node --env-file FILE`, readable by this user alone. Resolves with the
 * path. The file stays: addresses on fixed ports and secrets are the same the next time.
 */
export async function writeEngineSettings(dataFolder: string, settings: EngineSettings): Promise<string> {
  const file = join(dataFolder, 'engine.env');
  await writeFile(file, environmentText(settings), { mode: 0o600 });
  return file;
}

/** Most values need no quotes in a shell: addresses, and keys of letters, digits, `_` and `-`. Others are quoted. */
export function environmentText(environment: EngineSettings): string {
  const quoted = (value: string) =>
    /^[\w@%+=:,./-]*$/.test(value) ? value : `'${value.replaceAll("'", "'\\''")}'`;
  return Object.entries(environment)
    .map(([name, value]) => `${name}=${quoted(value)}\n`)
    .join('');
}
