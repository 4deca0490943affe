import { join } from 'node:path';
import { wallClock } from '../../shared/live/clock.ts';
import { liveHttp } from '../../shared/live/http.ts';
import { type Keyring, openKeyring } from '../../shared/live/keyring.ts';
import { systemRandom } from '../../shared/live/random.ts';
import { systemSecrets } from '../../shared/live/secrets.ts';
import type { Log } from '../../shared/ports/log.ts';
import { controlApp } from '../control/control-app.ts';
import { faultDesk, type ServiceFaults } from '../control/fault-desk.ts';
import type { Fleet } from '../fleet/fleet.ts';

/** Where faults are controlled unless told otherwise: Toxiproxy's own port. */
export const controlPortDefault = 8474;

export const controlKeysFile = 'control.json';

/** The one credential of the control surface, made once and readable by this user alone. */
export function openControlKeys(dataFolder: string): Promise<Keyring<'secret'>> {
  return openKeyring(join(dataFolder, controlKeysFile), { secret: () => systemSecrets.newToken() });
}

/** Serves the control of faults on this machine's loopback, and nowhere else. */
export async function startControl(options: {
  readonly cars: Fleet;
  readonly services: ServiceFaults | null;
  readonly mqttUrl: string;
  readonly dataFolder: string;
  readonly port: number;
  readonly log: Log;
}): Promise<{ readonly origin: string; stop(): Promise<void> }> {
  const { cars, services, mqttUrl, dataFolder, port, log } = options;
  const { secret } = await openControlKeys(dataFolder);
  const app = controlApp({
    desk: faultDesk({ fleet: cars, services, clock: wallClock, random: systemRandom }),
    lines: { vins: () => cars.states().map(({ vin }) => vin), upstream: mqttUrl },
    secrets: systemSecrets,
    credentialDigest: systemSecrets.digest(secret),
    log,
  });
  const http = liveHttp({ clock: wallClock, timeoutMs: 10_000 });
  const server = await http.serve((request) => app.fetch(request), {
    hostname: '127.0.0.1',
    port,
    flag: '--control-port',
  });
  return { origin: server.origin, stop: () => server.close() };
}
