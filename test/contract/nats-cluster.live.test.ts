import { jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { expect, it } from 'vitest';
import { readConfig } from '../../gateway/config.ts';
import { openLiveBus } from '../../gateway/live/bus.ts';
import { wallClock } from '../../shared/live/clock.ts';
import { openNatsBus } from '../../shared/live/nats-bus.ts';
import { plainStorage } from '../../shared/live/nats-streams.ts';
import { silentLog } from '../../shared/ports/log.ts';
import { streams } from '../../shared/protocol/subjects.ts';
import { startNatsCluster } from '../helpers/nats-cluster.ts';
import { withTemporaryFolder } from '../helpers/temporary-folder.ts';
import { until } from '../helpers/until.ts';

const clusterStorage = { ...plainStorage, replicas: 3, maxBytes: 50_000_000 };

/** Publishes until it is acknowledged, as the engine's sweep does. */
const publishes = (bus: { publish(subject: string, payload: string): Promise<void> }) =>
  until(
    () =>
      bus.publish('fleetwake.events.test', '1').then(
        () => true,
        () => false,
      ),
    'a message is acknowledged',
  );

/** All members have every message of the stream: only then the loss of one leaves a majority. */
const isWhole = async (ports: readonly number[]) => {
  const servers = ports.map((port) => `127.0.0.1:${port}`);
  const connection = await connect({ servers, user: 'fw', pass: 'p@ss' }).catch(() => null);
  if (connection === null) return false;
  try {
    const manager = await jetstreamManager(connection);
    const { cluster } = await manager.streams.info(streams.events.name);
    const others = cluster?.replicas ?? [];
    return others.length === 2 && others.every(({ current, offline }) => current && offline !== true);
  } catch {
    return false;
  } finally {
    await connection.close();
  }
};

it(
  'keeps its streams in a cluster as configured, and continues when any member stops',
  () =>
    withTemporaryFolder(async (folder) => {
      const cluster = await startNatsCluster(folder);
      try {
        await expect(openNatsBus({ url: cluster.url, log: silentLog })).rejects.toThrow(
          /^JetStream at nats:\/\/127\.0\.0\.1:\d+,nats:\/\/127\.0\.0\.1:\d+,nats:\/\/127\.0\.0\.1:\d+ cannot be used: .*max bytes/,
        );
        const read = readConfig({}, { NATS_URL: cluster.url });
        if ('faults' in read) throw new Error(read.faults.join());
        const { bus } = await openLiveBus({
          natsUrl: read.config.natsUrl,
          natsAccess: {},
          storage: { ...clusterStorage, placement: { cluster: 'fleet', tags: [] } },
          prefix: 'fleetwake',
          installation: async () => 'ins_cluster',
          natsServer: 'none',
          install: false,
          dataFolder: folder,
          clock: wallClock,
          eventLoop: { busyMs: () => 0 },
          log: silentLog,
        });
        await publishes(bus);
        const connection = await connect({
          servers: cluster.ports.map((port) => `127.0.0.1:${port}`),
          user: 'fw',
          pass: 'p@ss',
        });
        const manager = await jetstreamManager(connection, { timeout: 60_000 });
        const { config } = await manager.streams.info(streams.events.name);
        expect([config.num_replicas, config.max_bytes, config.placement]).toEqual([
          3,
          50_000_000,
          { cluster: 'fleet' },
        ]);
        await connection.close();
        // A start while the first of the list is away: nothing has told it of the others yet.
        const [first = 0] = cluster.ports;
        const whole = () => until(() => isWhole(cluster.ports), 'every member has every message');
        await whole();
        await cluster.kill(first);
        let late: Awaited<ReturnType<typeof openNatsBus>> | null = null;
        await until(async () => {
          const opening = openNatsBus({ url: cluster.url, log: silentLog, storage: clusterStorage });
          late = await opening.catch(() => null);
          return late !== null;
        }, 'the bus is opened without the first member');
        const second = late as Awaited<ReturnType<typeof openNatsBus>> | null;
        if (second === null) throw new Error('it was opened');
        await publishes(second);
        await second.close();
        cluster.start(first);
        // One of the three is the one that it uses.
        for (const port of cluster.ports) {
          await whole();
          await cluster.kill(port);
          await publishes(bus);
          cluster.start(port);
          await publishes(bus);
        }
        await bus.close();
      } finally {
        await cluster.stop();
      }
    }),
  900_000,
);
