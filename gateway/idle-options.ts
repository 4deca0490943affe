import type { GatewayConfig } from './config.ts';

/** Options that have an effect only while something holds, and what that is. */
interface Condition {
  readonly options: readonly (keyof GatewayConfig)[];
  readonly holds: (config: GatewayConfig) => boolean;
  readonly otherwise: string;
}

const hasPlatform = ({ roles }: GatewayConfig) => roles.includes('platform') || roles.includes('engine');
const hasApiIot = ({ roles, apiIotUrl }: GatewayConfig) => roles.includes('api-iot') && apiIotUrl === null;

const natsAccess = [
  ...(['natsUser', 'natsPassword', 'natsCredentials', 'natsNkey'] as const),
  ...(['natsCa', 'natsCertificate', 'natsKey'] as const),
];

const conditions: readonly Condition[] = [
  {
    options: ['apiIotPort'],
    holds: ({ apiIotUrl }) => apiIotUrl === null,
    otherwise: 'the API IoT is the one at --api-iot-url',
  },
  {
    options: [
      ...(['apiIotPublicUrl', 'quotaLimit', 'quotaWindowMs', 'commandTimeoutMs', 'checkDigit'] as const),
      ...(['telemetrySamples', 'mqttUrl', 'mqttUsername', 'mqttPassword'] as const),
      ...(['apiIotDatabaseUrl', 'apiIotShard'] as const),
    ],
    holds: hasApiIot,
    otherwise: 'no API IoT runs in this process',
  },
  {
    options: ['apiIotThread'],
    holds: (config) => hasApiIot(config) && hasPlatform(config),
    otherwise: 'platform and API IoT do not both run in this process',
  },
  {
    options: ['mqttPort'],
    holds: (config) => hasApiIot(config) && config.mqttUrl === null,
    otherwise: 'no broker runs in this process',
  },
  {
    options: [
      ...([
        'port',
        'publicUrl',
        'allowedOrigins',
        'webUrl',
        'linkSecret',
        'databaseUrl',
        'catalogue',
        'purchasesMax',
        'apiIotAdapter',
      ] as const),
      ...([
        'natsUrl',
        ...natsAccess,
        'natsServer',
        'install',
        'paymentsUrl',
        'paymentsKey',
        'paymentsWebhookSecret',
      ] as const),
      ...(['smtpUrl', 'mailFrom', 'mailCa', 'mailTimeoutMs', 'mailLimit'] as const),
      ...(['pushPrivate', 'pushContact', 'templates'] as const),
      ...(['supportContact', 'timeZone', 'supportRoster', 'supportSla'] as const),
      ...(['ticketWebhookUrl', 'ticketWebhookSecret'] as const),
    ],
    holds: hasPlatform,
    otherwise: 'neither platform nor engine runs in this process',
  },
  {
    options: ['keep'],
    holds: (config) => config.roles.includes('engine') || hasApiIot(config),
    otherwise: 'neither engine nor API IoT runs in this process',
  },
  {
    options: ['reconcileMs', 'reconcileRepeats'],
    holds: ({ roles }) => roles.includes('engine'),
    otherwise: 'no engine runs in this process',
  },
  {
    options: [
      ...(['natsPrefix', 'natsReplicas', 'natsPlacementCluster', 'natsPlacementTags'] as const),
      ...natsAccess,
    ],
    holds: ({ natsUrl }) => natsUrl !== null,
    otherwise: 'a nats-server that is started here is alone: give --nats-url as well',
  },
  {
    options: ['natsServer', 'install'],
    holds: ({ natsUrl }) => natsUrl === null,
    otherwise: 'NATS is the one at --nats-url',
  },
  {
    options: ['paymentsKey'],
    holds: ({ paymentsUrl }) => paymentsUrl !== null,
    otherwise: 'no --payments-url is given',
  },
  {
    options: ['mailCa', 'mailTimeoutMs'],
    holds: ({ smtpUrl }) => smtpUrl !== null,
    otherwise: 'no --smtp-url is given',
  },
  {
    options: ['tokenLeewaySeconds'],
    holds: ({ trustedIssuer }) => trustedIssuer !== null,
    otherwise: 'no --trusted-issuer is given',
  },
  {
    options: ['ticketWebhookFormat'],
    holds: ({ ticketWebhookUrl }) => ticketWebhookUrl !== null,
    otherwise: 'no --ticket-webhook-url is given',
  },
];

/** Returns why an option has no effect in a configuration, or null where it has one. */
export function whyIdle(option: keyof GatewayConfig, config: GatewayConfig): string | null {
  const broken = conditions.find(({ options, holds }) => options.includes(option) && !holds(config));
  return broken?.otherwise ?? null;
}
