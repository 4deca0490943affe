import { apiIot } from '../../gateway/api-iot/app.ts';
import { apiIotDefaults } from '../../gateway/api-iot/config.ts';
import type { ApiIotSchema } from '../../gateway/api-iot/store/schema.ts';
import type { Clock } from '../../shared/ports/clock.ts';
import type { Database } from '../../shared/ports/database.ts';
import type { DeviceLink } from '../../shared/ports/device-link.ts';
import type { Http } from '../../shared/ports/http.ts';
import type { Ids } from '../../shared/ports/ids.ts';
import type { Log } from '../../shared/ports/log.ts';
import type { Secrets } from '../../shared/ports/secrets.ts';
import type { Tokens } from '../../shared/ports/tokens.ts';
import { origins, secretsOfTheWorld } from './figures.ts';
import type { Schedule } from './schedule.ts';
import type { Tampers } from './tampers.ts';

export interface ApiIotPorts {
  readonly clock: Clock;
  readonly ids: Ids;
  readonly secrets: Secrets;
  readonly tokens: Tokens;
  readonly log: Log;
  readonly database: Database<ApiIotSchema>;
  readonly link: DeviceLink;
  readonly http: Http;
}

/** The API IoT as a process of its own, wired as gateway/live/api-iot-role.ts does it; the broker is the world's. */
export async function bootApiIot(given: ApiIotPorts, schedule: Schedule, tampers: Tampers): Promise<Http> {
  const ports = tampers.apiIot?.(given) ?? given;
  const service = apiIot({
    ...ports,
    config: {
      ...apiIotDefaults,
      commandTimeoutMs: schedule.policy.commandTimeoutMs,
      origin: origins.apiIot,
      clients: [
        {
          clientId: 'engine',
          secretDigest: ports.secrets.digest(secretsOfTheWorld.engine),
          scopes: ['vehicle:configure', 'vehicle:read'],
        },
      ],
      callbackSecret: secretsOfTheWorld.callbacks,
      link: { clientId: 'api-iot', username: 'api-iot', password: secretsOfTheWorld.link },
    },
  });
  await service.start();
  return (request) => service.fetch(request);
}
