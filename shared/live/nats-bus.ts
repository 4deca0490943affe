import { type JetStreamManager, jetstreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { type Bus, BusUnavailable } from '../ports/bus.ts';
import type { Log } from '../ports/log.ts';
import { maskedAddress } from '../protocol/address.ts';
import { natsNames, standardPrefix } from '../protocol/nats-names.ts';
import type { JetStreamRemedy } from './jetstream-errors.ts';
import { connectTo, type NatsAddress, reasonOf } from './nats-connection.ts';
import { type LiveConsumption, PullConsumption, within } from './nats-consumption.ts';
import { type LinkState, linkState } from './nats-link-state.ts';
import { acknowledgementTimeoutMs, publisher } from './nats-publishing.ts';
import {
  deleteStreams,
  ensureConsumer,
  ensureStreams,
  plainStorage,
  recreateStream,
  type StreamSettings,
  type StreamStorage,
  StreamsOfAnother,
} from './nats-streams.ts';

const flushMaxMs = 2_000;

export interface NatsBusOptions extends NatsAddress {
  readonly storage?: StreamStorage;
  /** Of the streams and subjects; default `fleetwake`. */
  readonly prefix?: string;
  /** Returns the installation that owns the streams, asked once NATS answers. Default: the streams have no owner. */
  readonly installation?: () => Promise<string>;
  readonly log: Log;
}

/**
 * The bus on NATS JetStream. Creates the streams, and again when the server lost them. Reconnects for ever once it was
 * connected; the first connection must succeed, else `BusUnavailable` says why. Rejects with `StreamsOfAnother` where the streams of
 * this prefix belong to another installation.
 */
export async function openNatsBus(options: NatsBusOptions): Promise<Bus> {
  const { storage = plainStorage, prefix = standardPrefix, installation, inboxPrefix } = options;
  const names = natsNames(prefix);
  const connection = await connectTo(options);
  const { manager, settings } = await prepared(connection, options.url, async () => ({
    ...{ storage, names },
    installation: installation ? await installation() : null,
  }));
  const { log } = options;
  const link = linkState(acknowledgementTimeoutMs);
  const repairs = {
    create: () => ensureStreams(manager, settings),
    recreate: (stream: string) => recreateStream(manager, stream, settings),
  };
  const publishing = publisher({ connection, names, repairs, link, log });
  const consumptions = new Set<LiveConsumption & { abandon(): void }>();
  void followStatus(connection, log, link, () => {
    publishing.reconnected();
    for (const consumption of consumptions) consumption.recover();
  });
  return {
    publish: publishing.publish,
    problem: () => link.problem() ?? publishing.problem(),
    async consume(consumeOptions, handle) {
      const named = {
        ...consumeOptions,
        stream: names.stream(consumeOptions.stream),
        subject: names.subject(consumeOptions.subject),
      };
      const prepare = async (remedy: JetStreamRemedy) => {
        await (remedy === 'recreate' ? repairs.recreate(consumeOptions.stream) : repairs.create());
        await ensureConsumer(manager, named);
      };
      await prepare('create');
      const consumption = new PullConsumption({ connection, inboxPrefix, log, prepare }, named, (delivery) =>
        handle({ ...delivery, subject: names.plainSubject(delivery.subject) }),
      );
      consumptions.add(consumption);
      return {
        async stop() {
          await consumption.stop();
          consumptions.delete(consumption);
        },
      };
    },
    async close() {
      for (const consumption of consumptions) consumption.abandon();
      if (!connection.isClosed()) await within(flushMaxMs, connection.flush());
      await connection.close();
    },
  };
}

/** Deletes the streams of a prefix with their messages, for a removed installation. */
export async function removeStreams(options: NatsAddress & { readonly prefix: string }): Promise<void> {
  const connection = await connectTo(options);
  try {
    const manager = await jetstreamManager(connection, { timeout: acknowledgementTimeoutMs });
    await deleteStreams(manager, natsNames(options.prefix));
  } finally {
    await connection.close();
  }
}

async function prepared(
  connection: NatsConnection,
  url: string,
  settingsOf: () => Promise<StreamSettings>,
): Promise<{ manager: JetStreamManager; settings: StreamSettings }> {
  const settings = await settingsOf().catch(async (error: unknown) => {
    await connection.close();
    throw error;
  });
  try {
    const manager = await jetstreamManager(connection, { timeout: acknowledgementTimeoutMs });
    await ensureStreams(manager, settings);
    return { manager, settings };
  } catch (error) {
    await connection.close();
    if (error instanceof StreamsOfAnother) throw error;
    throw new BusUnavailable(`JetStream at ${maskedAddress(url)} cannot be used: ${reasonOf(error)}`, {
      cause: error,
    });
  }
}

async function followStatus(
  connection: NatsConnection,
  log: Log,
  link: LinkState,
  onReconnect: () => void,
): Promise<void> {
  for await (const status of connection.status()) {
    if (status.type === 'disconnect') {
      link.disconnected();
      log.warn('bus.disconnected', { server: status.server });
    }
    if (status.type === 'reconnect') {
      link.connected();
      log.info('bus.reconnected', { server: status.server });
      onReconnect();
    }
    if (status.type === 'error') log.error('bus.server_error', { error: String(status.error) });
  }
}
