import type { ApiIotSchema } from '../../gateway/api-iot/store/schema.ts';
import type { PlatformSchema } from '../../gateway/store/schema.ts';
import type { Bus } from '../../shared/ports/bus.ts';
import type { Clock } from '../../shared/ports/clock.ts';
import type { Database } from '../../shared/ports/database.ts';
import type { DeviceLink } from '../../shared/ports/device-link.ts';
import type { Http } from '../../shared/ports/http.ts';
import type { Ids } from '../../shared/ports/ids.ts';
import type { Log } from '../../shared/ports/log.ts';
import type { Mailer } from '../../shared/ports/mailer.ts';
import type { Pusher } from '../../shared/ports/pusher.ts';
import type { Random } from '../../shared/ports/random.ts';
import type { Secrets } from '../../shared/ports/secrets.ts';
import type { Tokens } from '../../shared/ports/tokens.ts';

/** All that the platform's process reaches out to. */
export interface PlatformPorts {
  readonly clock: Clock;
  readonly random: Random;
  readonly ids: Ids;
  readonly secrets: Secrets;
  readonly tokens: Tokens;
  readonly log: Log;
  readonly database: Database<PlatformSchema>;
  readonly bus: Bus;
  readonly http: Http;
  readonly mailer: Mailer;
  readonly pusher: Pusher;
}

/** All that the API IoT's process reaches out to. */
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
