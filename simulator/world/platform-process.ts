import {
  createPlatformService,
  type PlatformPorts,
  type PlatformService,
  type PlatformSettings,
} from '../../gateway/platform-service.ts';
import { alwaysOnDuty } from '../../gateway/support/roster.ts';
import { standardSupport } from '../../gateway/support/support-settings.ts';
import { origins, type PlatformFigures, testSecrets } from './figures.ts';
import { shippedTemplates } from './shipped-files.ts';
import type { Tampers } from './tampers.ts';

const contact = 'support@caas.example';
const paymentsTimeoutMs = 10_000;

/** Starts the platform's process. */
export async function bootPlatform(
  ports: PlatformPorts,
  figures: PlatformFigures,
  tampers: Tampers = {},
): Promise<PlatformService> {
  const service = createPlatformService(tampers.platform?.(ports) ?? ports, settingsOf(figures), tampers);
  await service.start();
  return service;
}

function settingsOf({ slaPollMs, ...figures }: PlatformFigures): PlatformSettings {
  return {
    ...figures,
    publicUrl: origins.platform,
    allowedOrigins: [],
    secrets: testSecrets.platform,
    render: shippedTemplates(),
    apiIot: { origin: origins.apiIot, clientId: 'engine', clientSecret: testSecrets.engine },
    payments: { origin: origins.payments, apiKey: testSecrets.payments, timeoutMs: paymentsTimeoutMs },
    desk: {
      support: standardSupport(alwaysOnDuty(['technician-1', 'technician-2', 'technician-3'])),
      webhook: null,
      slaPollMs,
      notifications: { contact, webUrl: origins.platform },
    },
    runsEngine: true,
  };
}
