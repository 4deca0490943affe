import type { Adapter } from '../../gateway/adapter/adapter.ts';
import { type ContradictionLimit, standardContradictions } from '../../gateway/entitlement/contradiction.ts';
import { standardPurchasesMax } from '../../gateway/platform/purchase-admission.ts';
import {
  createPlatformService,
  type PlatformPorts,
  type PlatformService,
  type PlatformSettings,
} from '../../gateway/platform-service.ts';
import type { RetentionSettings } from '../../gateway/retention/retention.ts';
import { alwaysOnDuty } from '../../gateway/support/roster.ts';
import { standardSupport } from '../../gateway/support/support-settings.ts';
import { standardWebhook, type WebhookSettings } from '../../gateway/support/ticket-webhook.ts';
import type { DependencyOverrides } from './dependency-overrides.ts';
import { origins, testSecrets } from './settings.ts';
import { shippedTemplates } from './shipped-files.ts';

/** What differs between the platforms of two runs. */
export type VirtualPlatformSettings = Pick<
  PlatformSettings,
  'catalogue' | 'engine' | 'dispatch' | 'reconcileMs'
> & {
  readonly contradictions?: ContradictionLimit;
  /** How the engine speaks to the API IoT; without it, as to Fleetwake's own. */
  readonly adapter?: Adapter;
  readonly slaPollMs: number;
  /** Ages of the platform's rows; without them nothing is removed. */
  readonly retention?: RetentionSettings;
  /** Purchases under way at once at the most (64). */
  readonly purchasesMax?: number;
  /** Divides the tickets' times (1). */
  readonly slaScale?: number;
  /** Ticket events go to the outside ticket system. */
  readonly hasTicketWebhook?: boolean;
};

const contact = 'support@caas.example';
const paymentsTimeoutMs = 10_000;
const ticketWebhookSettings: WebhookSettings = {
  ...standardWebhook,
  url: `${origins.tickets}/events`,
  secret: testSecrets.ticketWebhook,
  format: 'standard',
};

/** Starts the platform's process. */
export async function bootPlatform(
  ports: PlatformPorts,
  settings: VirtualPlatformSettings,
  overrides: DependencyOverrides = {},
): Promise<PlatformService> {
  const service = createPlatformService(
    overrides.platform?.(ports) ?? ports,
    settingsOf(settings),
    overrides,
  );
  await service.start();
  return service;
}

function settingsOf({
  slaPollMs,
  slaScale = 1,
  hasTicketWebhook = false,
  adapter,
  ...varying
}: VirtualPlatformSettings): PlatformSettings {
  return {
    contradictions: standardContradictions,
    purchasesMax: standardPurchasesMax,
    // No run in virtual time lasts as long as the shortest age.
    retention: null,
    ...varying,
    publicUrl: origins.platform,
    allowedOrigins: [],
    secrets: testSecrets.platform,
    render: shippedTemplates(),
    apiIot: {
      ...{ origin: origins.apiIot, clientId: 'engine', clientSecret: testSecrets.engine },
      ...(adapter === undefined ? {} : { adapter }),
    },
    payments: { origin: origins.payments, apiKey: testSecrets.payments, timeoutMs: paymentsTimeoutMs },
    missingServices: [],
    desk: {
      support: standardSupport(alwaysOnDuty(['technician-1', 'technician-2', 'technician-3']), slaScale),
      webhook: hasTicketWebhook ? ticketWebhookSettings : null,
      slaPollMs,
      notifications: { contact, webUrl: origins.platform },
    },
    runsEngine: true,
  };
}
