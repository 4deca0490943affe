import { wallClock } from '../../shared/live/clock.ts';
import { mqttLink } from '../../shared/live/mqtt-link.ts';
import { systemRandom } from '../../shared/live/random.ts';
import { silentLog } from '../../shared/ports/log.ts';
import type { PushSubscription } from '../../shared/ports/pusher.ts';
import { type Fleet, fleet } from '../../simulator/fleet/fleet.ts';
import { startStandIns } from '../../simulator/live/stand-ins.ts';
import { cpuMs, serveParent } from './child.ts';
import { benchFleet } from './fleet.ts';

export interface WorldArgument {
  readonly dataFolder: string;
  readonly paymentsKey: string;
  readonly vapidPublicKey: string;
  readonly customers: number;
}

export interface WorldReady {
  readonly paymentsUrl: string;
  readonly smtpUrl: string;
  /** One a customer. */
  readonly subscriptions: readonly PushSubscription[];
}

/** Different ones that have arrived; a repeat of one is not counted. */
export interface NoticeCounts {
  readonly mails: number;
  readonly pushes: number;
  readonly repeated: number;
}

function distinct({ total, duplicates }: { readonly total: number; readonly duplicates: number }): number {
  return total - duplicates;
}

/** Telemetry that is not measured here only takes part in the noise, so it is rare; an ECU that is quick makes rounds short. */
const telemetryMs = 60_000;
const applyMs = 20;

/** Everything around the gateways, in a process of its own: payments, mail and push stand-ins, and a fleet for each broker. */
serveParent(async ({ dataFolder, paymentsKey, vapidPublicKey, customers }: WorldArgument) => {
  const ports = { payments: 0, smtp: 0, mail: 0, push: 0 };
  const standIns = await startStandIns({ dataFolder, paymentsKey, vapidPublicKey, log: silentLog, ports });
  const fleets = new Map<string, Fleet>();
  const ready: WorldReady = {
    paymentsUrl: standIns.paymentsUrl,
    smtpUrl: standIns.smtpUrl.reveal(),
    subscriptions: Array.from({ length: customers }, () => standIns.pushes.subscribe()),
  };
  return {
    ready,
    operations: {
      async connect({ name, url, vehicles }: { name: string; url: string; vehicles: number }) {
        const link = mqttLink({ url, log: silentLog });
        const deps = { link, clock: wallClock, random: systemRandom, log: silentLog };
        const cars = fleet(deps, benchFleet(vehicles), { telemetryMs, applyMs });
        fleets.set(name, cars);
        await cars.start();
        const away = cars.states().filter((state) => !state.connected).length;
        if (away > 0) throw new Error(`${away} vehicles did not connect to ${url}`);
      },
      connected: ({ name }: { name: string }) =>
        (fleets.get(name)?.states() ?? []).filter((state) => state.connected).length,
      async disconnect({ name }: { name: string }) {
        await fleets.get(name)?.stop();
        fleets.delete(name);
      },
      counts(): NoticeCounts {
        const [mails, pushes] = [standIns.mailbox.counts(), standIns.pushes.counts()];
        const repeated = mails.duplicates + pushes.duplicates;
        return { mails: distinct(mails), pushes: distinct(pushes), repeated };
      },
      cpuMs,
      async stop() {
        for (const cars of fleets.values()) await cars.stop();
        await standIns.stop();
      },
    },
  };
});
