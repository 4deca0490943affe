import type { ApiIot } from '../../gateway/api-iot/app.ts';
import { type ApiIotPorts, type ApiIotSettings, createApiIotService } from '../../gateway/api-iot-service.ts';
import type { DependencyOverrides } from './dependency-overrides.ts';
import { origins, testSecrets } from './settings.ts';

/** Settings of the API IoT for one run; by default the specification's. */
export type VirtualApiIotSettings = Pick<
  Partial<ApiIotSettings>,
  'commandTimeoutMs' | 'quotaPerHour' | 'quotaWindowMs' | 'callbackRetry' | 'retention'
>;

/** Starts the API IoT's process; the broker is elsewhere. */
export async function bootApiIot(
  ports: ApiIotPorts,
  figures: VirtualApiIotSettings,
  overrides: DependencyOverrides = {},
): Promise<ApiIot> {
  const { engine, developer, provisioner, monitor, callbacks, link } = testSecrets;
  const service = createApiIotService(overrides.apiIot?.(ports) ?? ports, {
    ...figures,
    origin: origins.apiIot,
    clients: {
      engine: { clientId: 'engine', clientSecret: engine },
      developer: { clientId: 'developer', clientSecret: developer },
      provisioner: { clientId: 'provisioner', clientSecret: provisioner },
      monitor: { clientId: 'monitor', clientSecret: monitor },
    },
    callbackSecret: callbacks,
    // No run in virtual time reads past telemetry.
    telemetrySamples: { everyMs: 60_000, count: 0 },
    link: { clientId: 'api-iot', username: 'api-iot', password: link },
  });
  await service.start();
  return service;
}
