import { join } from 'node:path';
import { openNatsBus } from '../../shared/live/nats-bus.ts';
import { installNatsServer, NatsServerMissing } from '../../shared/live/nats-server.ts';
import { plainStorage, type StreamStorage } from '../../shared/live/nats-streams.ts';
import { memoryBus } from '../../shared/memory/bus.ts';
import type { Bus } from '../../shared/ports/bus.ts';
import type { Clock } from '../../shared/ports/clock.ts';
import type { Log } from '../../shared/ports/log.ts';
import type { Address } from '../../shared/protocol/address.ts';
import { ownNatsServer } from './own-nats-server.ts';
import { closeAll } from './undo.ts';

export interface LiveBus {
  readonly bus: Bus;
  /** For the run's report: which bus it was. */
  readonly kind: 'nats' | 'in-process';
  /** One sentence for whoever started it. */
  readonly notice: string;
  stop(): Promise<void>;
}

export interface BusWishes {
  readonly natsUrl: Address | null;
  readonly storage: StreamStorage;
  /** What to start without a URL. */
  readonly natsServer: string;
  readonly install: boolean;
  readonly dataFolder: string;
  readonly clock: Clock;
  readonly log: Log;
}

/** NATS by URL, else a server of its own, else (said aloud) a bus inside this process: the database is the truth in each case. */
export async function openLiveBus(wishes: BusWishes): Promise<LiveBus> {
  const { natsUrl, storage, log } = wishes;
  if (natsUrl !== null) {
    const bus = await openNatsBus({ url: natsUrl.reveal(), storage, log });
    return { bus, kind: 'nats', notice: 'NATS JetStream by NATS_URL', stop: () => bus.close() };
  }
  try {
    return await ownServer(wishes);
  } catch (error) {
    if (!(error instanceof NatsServerMissing)) throw error;
    if (wishes.install) return installed(wishes);
    return inProcess(wishes, error.message);
  }
}

async function ownServer({ natsServer, storage, dataFolder, log }: BusWishes): Promise<LiveBus> {
  const server = await ownNatsServer({ program: natsServer, dataFolder: join(dataFolder, 'nats'), log });
  const bus = await openNatsBus({
    url: server.url,
    storage: { ...plainStorage, maxBytes: storage.maxBytes },
    log,
  }).catch(async (error: unknown) => {
    await server.stop();
    throw error;
  });
  return {
    bus,
    kind: 'nats',
    notice: `NATS JetStream on a nats-server of its own (port ${server.port})`,
    stop: () => closeAll([() => bus.close(), () => server.stop()]),
  };
}

async function installed(wishes: BusWishes): Promise<LiveBus> {
  try {
    await installNatsServer(wishes.log);
    return await ownServer(wishes);
  } catch (error) {
    return inProcess(
      wishes,
      `nats-server could not be installed (${error instanceof Error ? error.message : String(error)})`,
    );
  }
}

function inProcess({ clock, log }: BusWishes, why: string): LiveBus {
  const bus = memoryBus({ clock, log });
  return {
    bus,
    kind: 'in-process',
    notice: `a bus inside this process, because ${why}`,
    stop: () => bus.close(),
  };
}
