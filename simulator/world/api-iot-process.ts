import { apiIot } from '../../gateway/api-iot/app.ts';
import { type ApiIotConfig, apiIotDefaults } from '../../gateway/api-iot/config.ts';
import type { Http } from '../../shared/ports/http.ts';
import { origins, secretsOfTheWorld } from './figures.ts';
import type { ApiIotPorts } from './process-ports.ts';
import type { Tampers } from './tampers.ts';

/** What differs between the API IoTs of two runs; the specification's figures without it. */
export type ApiIotFigures = Partial<
  Pick<ApiIotConfig, 'commandTimeoutMs' | 'quotaPerHour' | 'quotaWindowMs' | 'callbackRetry'>
>;

/** The API IoT as a process of its own, wired as gateway/live/api-iot-role.ts does it; the broker is the world's. */
export async function bootApiIot(
  given: ApiIotPorts,
  figures: ApiIotFigures,
  tampers: Tampers = {},
): Promise<Http> {
  const ports = tampers.apiIot?.(given) ?? given;
  const service = apiIot({
    ...ports,
    config: {
      ...apiIotDefaults,
      ...figures,
      origin: origins.apiIot,
      clients: [
        {
          clientId: 'engine',
          secretDigest: ports.secrets.digest(secretsOfTheWorld.engine),
          scopes: ['vehicle:configure', 'vehicle:read'],
        },
        {
          clientId: 'provisioner',
          secretDigest: ports.secrets.digest(secretsOfTheWorld.provisioner),
          scopes: ['vehicle:provision'],
        },
      ],
      callbackSecret: secretsOfTheWorld.callbacks,
      link: { clientId: 'api-iot', username: 'api-iot', password: secretsOfTheWorld.link },
    },
  });
  await service.start();
  return (request) => service.fetch(request);
}
