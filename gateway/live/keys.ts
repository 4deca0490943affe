import { join } from 'node:path';
import webPush from 'web-push';
import { type Keyring, openKeyring } from '../../shared/live/keyring.ts';
import { systemSecrets } from '../../shared/live/secrets.ts';
import { newSigningKey } from '../../shared/live/tokens.ts';

const token = () => systemSecrets.newToken();

/** What an installation keeps secret. Each is made at first start and stays in `keys.json`, readable by its user alone. */
const makers = {
  /** Client secrets: the engine's at the API IoT, a developer's at both, who registers vehicles and customers. */
  engineSecret: token,
  developerSecret: token,
  /** A client of each role at the platform API. */
  shopSecret: token,
  supportSecret: token,
  operatorSecret: token,
  provisionerSecret: token,
  /** Of a monitoring system at the API IoT: it reads the metrics and nothing else. */
  monitorSecret: token,
  /** Standard Webhooks: `whsec_` and base64. */
  callbackSecret: () => `whsec_${Buffer.from(token(), 'base64url').toString('base64')}`,
  brokerServicePassword: token,
  brokerMonitorPassword: token,
  paymentsKey: () => `sk_test_${token()}`,
  paymentsWebhookSecret: () => `whsec_${token()}`,
  /** Signs the links of notifications. */
  linkSecret: token,
  /** JWK, as JSON. */
  signingKey: async () => JSON.stringify(await newSigningKey()),
  /** `{publicKey, privateKey}`, as JSON. */
  vapidKeys: () => JSON.stringify(webPush.generateVAPIDKeys()),
};

export const keyNames = Object.keys(makers) as readonly (keyof typeof makers)[];

export type Keys = Keyring<keyof typeof makers>;

export function openKeys(dataFolder: string): Promise<Keys> {
  return openKeyring(join(dataFolder, 'keys.json'), makers);
}
