import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { beforeAll, expect, test } from 'vitest';
import { openNatsBus } from '../../shared/live/nats-bus.ts';
import { type NatsServer, startNatsServer } from '../../shared/live/nats-server.ts';
import { silentLog } from '../../shared/ports/log.ts';
import { Address } from '../../shared/protocol/address.ts';
import { streams, subjects } from '../../shared/protocol/subjects.ts';
import { type Bought, buy, type Platform, withPlatform } from '../helpers/running-platform.ts';
import { withTemporaryFolder } from '../helpers/temporary-folder.ts';
import { until } from '../helpers/until.ts';
import { buildWhenOutdated } from './build.ts';
import { fleetwake } from './command.ts';
import { success } from './expected.ts';
import { storyOf } from './story.ts';

beforeAll(buildWhenOutdated, 300_000);

const withNats = (work: (server: NatsServer, folder: string) => Promise<void>) =>
  withTemporaryFolder(async (folder) => {
    const server = await startNatsServer({ dataFolder: join(folder, 'nats'), log: silentLog });
    try {
      await work(server, folder);
    } finally {
      await server.stop();
    }
  });

/** The activations of which the events of a prefix speak. */
async function activationsIn(server: NatsServer, prefix: string, atLeast: number): Promise<Set<string>> {
  const bus = await openNatsBus({ url: server.url, prefix, log: silentLog });
  const found = new Set<string>();
  try {
    await bus.consume(
      {
        ...{ stream: streams.events.name, durable: 'reader', subject: subjects.allEvents },
        ...{ ackWaitMs: 30_000, concurrency: 10 },
      },
      async ({ payload, ack }) => {
        const { data } = JSON.parse(payload) as { data: { activationId: string | null } };
        if (data.activationId !== null) found.add(data.activationId);
        ack();
      },
    );
    await until(() => found.size >= atLeast, 'the events came');
    return found;
  } finally {
    await bus.close();
  }
}

async function streamsAt(server: NatsServer): Promise<string[]> {
  const { username: user, password: pass, host } = new URL(server.url);
  const connection = await connect({ servers: host, user, pass });
  try {
    const names: string[] = [];
    for await (const { config } of (await jetstreamManager(connection)).streams.list())
      names.push(config.name);
    return names.filter((name) => name !== 'FLEETWAKE_CHECK').toSorted();
  } finally {
    await connection.close();
  }
}

const services = ['heated-seats', 'ambient-light'];
const vehicles = [{}, {}, {}, {}, {}];

async function buyAll(platform: Platform): Promise<Bought[]> {
  const bought: Bought[] = [];
  for (const serviceId of services)
    for (const vehicle of vehicles.keys()) bought.push(await buy(platform, { serviceId, vehicle }));
  return bought;
}

test(
  'two installations with a prefix each share one NATS, and each does its own work and tells its own events',
  () =>
    withNats(async (server) => {
      const natsUrl = new Address(server.url);
      await withPlatform({ vehicles, config: { natsUrl } }, (one) =>
        withPlatform({ vehicles, config: { natsUrl, natsPrefix: 'shop-b' } }, async (two) => {
          const [ofOne, ofTwo] = await Promise.all([buyAll(one), buyAll(two)]);
          for (const [platform, all] of [
            [one, ofOne],
            [two, ofTwo],
          ] as const)
            for (const bought of all) expect((await storyOf(platform, bought)).phase).toBe(success.phase);
          const ids = (all: readonly Bought[]) => new Set(all.map(({ activation }) => activation.id));
          expect(await activationsIn(server, 'fleetwake', ofOne.length)).toEqual(ids(ofOne));
          expect(await activationsIn(server, 'shop-b', ofTwo.length)).toEqual(ids(ofTwo));
          // No engine got a wake-up for an activation that is not in its own database.
          for (const { log } of [one, two])
            expect(log.filter(({ event }) => /unknown_id/.test(event))).toEqual([]);
        }),
      );
    }),
  180_000,
);

test('a second installation without a prefix of its own does not start, and the first one works on', () =>
  withNats(async (server, folder) => {
    await withPlatform({ config: { natsUrl: new Address(server.url) } }, async (platform) => {
      const ports = ['--port', '0', '--api-iot-port', '0', '--mqtt-port', '0'];
      const second = await fleetwake(folder, ['gateway', ...ports], {
        NATS_URL: server.url,
        FLEETWAKE_LOG_LEVEL: 'error',
      });
      expect([second.exitCode, second.stdout]).toEqual([2, '']);
      expect(second.stderr).toMatch(
        /^fleetwake: the stream FLEETWAKE_WAKEUPS belongs to another installation of Fleetwake \(ins_\w{26}\): give this one a prefix of its own with --nats-prefix \(NATS_PREFIX\), or a NATS of its own\n$/,
      );
      expect(await storyOf(platform, await buy(platform))).toEqual({ ...success, attempts: [null] });
    });
  }));

const scenario = `name: small
description: Six cars, six purchases.
timeScale: 200
vehicles: { count: 6 }
purchases: { count: 6, overMs: 500 }
`;

test(
  'a live run on the NATS of a gateway takes none of its work, leaves no stream, and refuses a folder that a run has used',
  () =>
    withNats(async (server, folder) => {
      writeFileSync(join(folder, 'small.yaml'), scenario);
      const data = join(folder, 'data');
      const run = () =>
        fleetwake(folder, ['run', 'small.yaml', '--live', '--data', data, '--nats-url', server.url]);
      await withPlatform({ vehicles, config: { natsUrl: new Address(server.url) } }, async (platform) => {
        const before = await streamsAt(server);
        const [first, bought] = await Promise.all([run(), buyAll(platform)]);
        expect([first.exitCode, first.stdout]).toEqual([0, expect.stringContaining('All 11 rules hold.')]);
        for (const one of bought) expect((await storyOf(platform, one)).phase).toBe(success.phase);
        expect(await streamsAt(server)).toEqual(before);
        expect(before).toEqual(['FLEETWAKE_EVENTS', 'FLEETWAKE_WAKEUPS']);
      });
      const again = await run();
      expect([again.exitCode, again.stdout, again.stderr]).toEqual([
        2,
        '',
        `fleetwake: --data ${data} holds the data of an earlier run or of a gateway (platform.db, api-iot.db, payments.db), which the verdict would judge as well: name a new or an empty folder, or leave --data out\n`,
      ]);
    }),
  240_000,
);
