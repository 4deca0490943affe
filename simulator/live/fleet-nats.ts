import { rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { GatewayConfig } from '../../gateway/config.ts';
import { natsAccessOf } from '../../gateway/live/nats-access.ts';
import { ownNatsServer } from '../../gateway/live/own-nats-server.ts';
import { closeAll } from '../../gateway/live/undo.ts';
import { wallClock } from '../../shared/live/clock.ts';
import { watchEventLoop } from '../../shared/live/event-loop.ts';
import { systemIds } from '../../shared/live/ids.ts';
import type { NatsAddress } from '../../shared/live/nats-connection.ts';
import { openNatsMessenger } from '../../shared/live/nats-messenger.ts';
import { NatsServerMissing } from '../../shared/live/nats-server.ts';
import { type FleetAccess, fleetAccessOf } from '../../shared/live/nats-server-files.ts';
import { makeFilePrivate } from '../../shared/live/private-files.ts';
import type { Log } from '../../shared/ports/log.ts';
import { fleetSubjects } from '../../shared/protocol/fleet-subjects.ts';
import { standardPrefix } from '../../shared/protocol/nats-names.ts';
import type { FaultDesk } from '../control/fault-desk.ts';
import type { Fleet } from '../fleet/fleet.ts';
import { type FleetBus, fleetBus } from '../fleet-bus/fleet-bus.ts';

/** What a client of the fleet needs to know. */
export interface FleetNatsPlace {
  /** Without credentials. */
  readonly url: string;
  /** Of our own nats-server; another NATS has users of its own. */
  readonly user?: string;
  readonly password?: string;
  readonly events: string;
  readonly telemetry: string;
  readonly control: string;
}

export interface FleetNats extends Pick<FleetBus, 'observeFleet' | 'observeFaults'> {
  readonly place: FleetNatsPlace;
  /** The file that holds the place with its password, readable by this user alone; null for a NATS with users of its own. */
  readonly file: string | null;
  /** Why events are dropped now; null when they are not. */
  problem(): string | null;
  /** Answers requests from now on. Rejects when another fleet answers those of this prefix. */
  serve(fleet: Pick<Fleet, 'states'>, desk: FaultDesk): Promise<void>;
  stop(): Promise<void>;
}

export interface FleetNatsOptions {
  readonly config: GatewayConfig;
  /** Of the gateway's own nats-server; null without one. */
  readonly access: FleetAccess | null;
  /** Whether a nats-server is started where there is no URL and no server yet. */
  readonly mayStart: boolean;
  readonly hasTelemetry: boolean;
  /** Whether no other fleet may have written the file with the password that is in the data folder. */
  readonly ownsFolder: boolean;
  readonly log: Log;
}

/** Connects a fleet to NATS: that of the configuration, else the gateway's own, else one of its own. Null where there is none. */
export async function openFleetNats(options: FleetNatsOptions): Promise<FleetNats | null> {
  const { config, hasTelemetry, log } = options;
  const found = await findNats(options);
  if (found === null) return null;
  try {
    const prefix = config.natsUrl === null ? standardPrefix : config.natsPrefix;
    const messenger = await openNatsMessenger({ ...found.address, log });
    const startId = systemIds().next('flt');
    const bus = fleetBus({ messenger, prefix, clock: wallClock, log, startId, hasTelemetry });
    const { allEvents: events, allTelemetry: telemetry, fault } = fleetSubjects(prefix);
    const place = { ...found.shown, events, telemetry, control: fault('*') };
    const file = await writePlace(join(config.data, 'fleet-nats.json'), place, options.ownsFolder);
    return {
      ...{ observeFleet: bus.observeFleet, observeFaults: bus.observeFaults, place, file },
      problem: messenger.problem,
      async serve(fleet, desk) {
        if ((await bus.serve(fleet, desk)) === 'taken') throw new Error(takenText(prefix));
      },
      stop: () => closeAll([() => bus.stop(), found.stop]),
    };
  } catch (error) {
    await found.stop();
    throw error;
  }
}

/** Returns the file with the password, or null where there is none; the file of an earlier start is removed then. */
async function writePlace(file: string, place: FleetNatsPlace, ownsFolder: boolean): Promise<string | null> {
  if (place.password === undefined) {
    if (ownsFolder) await rm(file, { force: true });
    return null;
  }
  // The file of an earlier start may be open to others, or linked to by them: it is replaced.
  const draft = `${file}.new`;
  makeFilePrivate(draft);
  await writeFile(draft, `${JSON.stringify(place, null, 2)}\n`, { mode: 0o600 });
  await rename(draft, file);
  return file;
}

const takenText = (prefix: string) =>
  `another fleet answers on ${fleetSubjects(prefix).fault('*')} at this NATS: give this one a prefix of its own with --nats-prefix (NATS_PREFIX), or a NATS of its own`;

interface FoundNats {
  readonly address: NatsAddress;
  readonly shown: Pick<FleetNatsPlace, 'url' | 'user' | 'password'>;
  stop(): Promise<void>;
}

async function findNats({ config, access, mayStart, log }: FleetNatsOptions): Promise<FoundNats | null> {
  if (config.natsUrl !== null) {
    const address = { ...natsAccessOf(config), url: config.natsUrl.reveal() };
    return { address, shown: { url: String(config.natsUrl) }, stop: async () => {} };
  }
  if (access !== null) return foundOwn(access, async () => {});
  return mayStart ? startNats(config, log) : null;
}

async function startNats({ data, natsServer: program }: GatewayConfig, log: Log): Promise<FoundNats | null> {
  const eventLoop = watchEventLoop();
  try {
    const server = await ownNatsServer({ program, dataFolder: join(data, 'nats'), eventLoop, log });
    return foundOwn(fleetAccessOf(server.url), () => closeAll([server.stop, eventLoop.stop]));
  } catch (error) {
    await eventLoop.stop();
    if (error instanceof NatsServerMissing) return null;
    throw error;
  }
}

function foundOwn({ fleetUrl, url, user, password }: FleetAccess, stop: FoundNats['stop']): FoundNats {
  return { address: { url: fleetUrl }, shown: { url, user, password }, stop };
}
