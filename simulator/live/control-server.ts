import { join } from 'node:path';
import { listen } from '../../gateway/live/listen.ts';
import { wallClock } from '../../shared/live/clock.ts';
import { liveHttp } from '../../shared/live/http.ts';
import type { Handler } from '../../shared/live/http-server.ts';
import { type Keyring, openKeyring } from '../../shared/live/keyring.ts';
import { systemRandom } from '../../shared/live/random.ts';
import { systemSecrets } from '../../shared/live/secrets.ts';
import type { Log } from '../../shared/ports/log.ts';
import { controlApp } from '../control/control-app.ts';
import { type FaultDesk, faultDesk, type ObserveFaults, type ServiceFaults } from '../control/fault-desk.ts';
import { type FaultTargets, faultTargets } from '../control/fault-targets.ts';
import type { Fleet } from '../fleet/fleet.ts';
import type { LineProxy } from './line-proxy.ts';

/** Default port of the fault control: Toxiproxy's own port. */
export const controlPortDefault = 8474;

export const controlKeysFile = 'control.json';

/** The one credential of the control surface, made once and readable by this user alone. */
export function openControlKeys(dataFolder: string): Promise<Keyring<'secret'>> {
  return openKeyring(join(dataFolder, controlKeysFile), { secret: () => systemSecrets.newToken() });
}

export interface Control {
  readonly origin: string;
  /** Until then every request is answered 503. */
  begin(controlled: Controlled): FaultDesk;
  stop(): Promise<void>;
}

export interface Controlled {
  /** Null in a process without vehicles. */
  readonly cars: Pick<Fleet, 'states' | 'faults'> | null;
  readonly services: ServiceFaults | null;
  readonly mqttUrl: string;
  readonly observe?: ObserveFaults | undefined;
  /** Vehicles that other programs play; without it there are none. */
  readonly lineProxy?: LineProxy | null;
}

/**
 * Serves the control of faults on this machine's loopback, and nowhere else. It takes its port before there is a fleet, so
 * that one that is taken stops the program at its start.
 */
export async function openControl(options: {
  readonly dataFolder: string;
  readonly port: number;
  readonly log: Log;
  /** Whether requests need no secret. */
  readonly isOpen?: boolean;
}): Promise<Control> {
  const { dataFolder, port, log, isOpen = false } = options;
  const http = liveHttp({ clock: wallClock, timeoutMs: 10_000 });
  const server = await listen(http, { hostname: '127.0.0.1', port, flag: '--control-port' });
  const { secret } = await openControlKeys(dataFolder).catch(async (error: unknown) => {
    await server.close();
    throw error;
  });
  return {
    origin: server.origin,
    begin(controlled) {
      const targets = faultTargets(controlled.cars ?? noVehicles, controlled.lineProxy?.lines ?? null);
      const desk = faultDesk({
        targets,
        services: controlled.services,
        clock: wallClock,
        random: systemRandom,
        observe: controlled.observe,
      });
      server.handle(appOf(desk, { ...controlled, targets }, { secret, log, isOpen }));
      return desk;
    },
    stop: () => server.close(),
  };
}

const noVehicles: Pick<Fleet, 'states' | 'faults'> = {
  states: () => [],
  faults(vin) {
    throw new Error(`no vehicle ${vin} is in this process`);
  },
};

function appOf(
  desk: FaultDesk,
  { targets, mqttUrl, lineProxy }: Controlled & { readonly targets: FaultTargets },
  { secret, log, isOpen }: { readonly secret: string; readonly log: Log; readonly isOpen: boolean },
): Handler {
  const app = controlApp({
    desk,
    vehicles: () => targets.all(),
    lines: {
      vins: () => targets.all().map(({ vin }) => vin),
      upstream: mqttUrl,
      listenOf: (vin) => (lineProxy?.lines.has(vin) ? lineProxy.listenOf(vin) : null),
    },
    secrets: systemSecrets,
    credentialDigest: systemSecrets.digest(secret),
    log,
    isOpen,
  });
  return (request) => app.fetch(request);
}
