import { join } from 'node:path';
import { openNatsBus } from '../../shared/live/nats-bus.ts';
import { type NatsAccess, NatsAccessUnusable } from '../../shared/live/nats-connection.ts';
import { installNatsServer, NatsFolderInUse, NatsServerMissing } from '../../shared/live/nats-server.ts';
import { type FleetAccess, fleetAccessOf, serverInboxPrefix } from '../../shared/live/nats-server-files.ts';
import { plainStorage, type StreamStorage, StreamsOfAnother } from '../../shared/live/nats-streams.ts';
import { memoryBus } from '../../shared/memory/bus.ts';
import type { Bus } from '../../shared/ports/bus.ts';
import type { Clock } from '../../shared/ports/clock.ts';
import type { Log } from '../../shared/ports/log.ts';
import type { Address } from '../../shared/protocol/address.ts';
import { lateBus } from './late-bus.ts';
import { type OwnNatsServer, type OwnNatsServerOptions, ownNatsServer } from './own-nats-server.ts';
import { closeAll } from './undo.ts';

export interface LiveBus {
  readonly bus: Bus;
  /** For the run's report: which bus it was. */
  readonly kind: 'nats' | 'in-process';
  /** One sentence for the operator. */
  readonly notice: string;
  /** How a fleet and the tests of a team are let in; null where the server is not our own. */
  readonly fleetAccess: FleetAccess | null;
  stop(): Promise<void>;
}

export interface BusOptions {
  readonly natsUrl: Address | null;
  /** How the gateway is let in at `natsUrl`. */
  readonly natsAccess: NatsAccess;
  readonly storage: StreamStorage;
  /** Of the streams and subjects at `natsUrl`; a server of its own has the standard names. */
  readonly prefix: string;
  /** Returns the installation that owns the streams at `natsUrl`. */
  readonly installation: () => Promise<string>;
  /** What to start without a URL. */
  readonly natsServer: string;
  readonly install: boolean;
  readonly dataFolder: string;
  readonly clock: Clock;
  /** Of this process: a server of its own is not judged while it is busy. */
  readonly eventLoop: OwnNatsServerOptions['eventLoop'];
  readonly log: Log;
}

/** No waiting ends these: the program is missing, or the data folder or the streams belong to another gateway. */
const isFinal = (error: unknown) =>
  error instanceof NatsServerMissing ||
  error instanceof NatsFolderInUse ||
  error instanceof StreamsOfAnother ||
  error instanceof NatsAccessUnusable ||
  error instanceof InstallationUnknown;

/** The database that knows whose streams they are cannot be read: the gateway cannot start. */
class InstallationUnknown extends Error {
  override readonly name = 'InstallationUnknown';
}

/**
 * NATS by URL, else a server of its own, else (said aloud) a bus inside this process. A NATS that is away is no reason not to start:
 * the database is the truth in each case.
 */
export async function openLiveBus(options: BusOptions): Promise<LiveBus> {
  const { natsUrl, natsAccess, storage, prefix, clock, log } = options;
  if (natsUrl !== null) {
    const url = natsUrl.reveal();
    const installation = () =>
      options.installation().catch((error: unknown) => {
        throw new InstallationUnknown(error instanceof Error ? error.message : String(error), {
          cause: error,
        });
      });
    const open = () => openNatsBus({ ...natsAccess, url, storage, prefix, installation, log });
    const bus = await lateBus({ open, isFinal, clock, log });
    return {
      bus,
      kind: 'nats',
      notice: noticeOf('NATS JetStream by NATS_URL', bus),
      fleetAccess: null,
      stop: () => bus.close(),
    };
  }
  try {
    return await ownServer(options);
  } catch (error) {
    if (!(error instanceof NatsServerMissing)) throw error;
    if (options.install) return installed(options);
    return inProcess(options, error.message);
  }
}

async function ownServer(options: BusOptions): Promise<LiveBus> {
  const { natsServer: program, storage, clock, eventLoop, log } = options;
  let server: OwnNatsServer | null = null;
  const open = async () => {
    const dataFolder = join(options.dataFolder, 'nats');
    server ??= await ownNatsServer({ program, dataFolder, eventLoop, log });
    return openNatsBus({
      ...{ url: server.url, inboxPrefix: serverInboxPrefix, log },
      storage: { ...plainStorage, maxBytes: storage.maxBytes },
    });
  };
  const late = await lateBus({ open, isFinal, clock, log });
  const bus = { ...late, problem: () => server?.problem() ?? late.problem() };
  const started = server as OwnNatsServer | null;
  return {
    bus,
    kind: 'nats',
    notice: noticeOf(
      `NATS JetStream on a nats-server of its own${started ? ` (port ${started.port})` : ''}`,
      bus,
    ),
    fleetAccess: started && fleetAccessOf(started.url),
    stop: () => closeAll([() => bus.close(), async () => server?.stop()]),
  };
}

function noticeOf(what: string, bus: Bus): string {
  const problem = bus.problem();
  return problem === null
    ? what
    : `${what}, which is away (${problem}): purchases are taken, and the engine works by its sweep until it answers`;
}

async function installed(options: BusOptions): Promise<LiveBus> {
  try {
    await installNatsServer(options.log);
    return await ownServer(options);
  } catch (error) {
    return inProcess(
      options,
      `nats-server could not be installed (${error instanceof Error ? error.message : String(error)})`,
    );
  }
}

function inProcess({ clock, log }: BusOptions, why: string): LiveBus {
  const bus = memoryBus({ clock, log });
  return {
    bus,
    kind: 'in-process',
    notice: `a bus inside this process, because ${why}`,
    fleetAccess: null,
    stop: () => bus.close(),
  };
}
