import { jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openNatsBus, removeStreams } from '../../shared/live/nats-bus.ts';
import { type NatsServer, startNatsServer } from '../../shared/live/nats-server.ts';
import { StreamsOfAnother } from '../../shared/live/nats-streams.ts';
import type { Bus } from '../../shared/ports/bus.ts';
import { silentLog } from '../../shared/ports/log.ts';
import { streams, subjects } from '../../shared/protocol/subjects.ts';
import { newTemporaryFolder, removeFolder } from '../helpers/temporary-folder.ts';
import { until } from '../helpers/until.ts';

let folder = '';
let server: NatsServer;
beforeAll(async () => {
  folder = await newTemporaryFolder();
  server = await startNatsServer({ dataFolder: folder, log: silentLog });
});
afterAll(async () => {
  await server.stop();
  await removeFolder(folder);
});

const open = (prefix: string, installation?: string): Promise<Bus> =>
  openNatsBus({
    ...{ url: server.url, prefix, log: silentLog },
    ...(installation === undefined ? {} : { installation: async () => installation }),
  });

/** Gathers what a bus delivers of the wake-ups: `subject payload`. */
async function inboxOf(bus: Bus): Promise<string[]> {
  const got: string[] = [];
  await bus.consume(
    {
      ...{ stream: streams.wakeUps.name, durable: 'engine', subject: subjects.allWakeUps },
      ...{ ackWaitMs: 30_000, concurrency: 10 },
    },
    async ({ subject, payload, ack }) => {
      got.push(`${subject} ${payload}`);
      ack();
    },
  );
  return got;
}

async function descriptionsOf(): Promise<Record<string, string | undefined>> {
  const { username: user, password: pass, host } = new URL(server.url);
  const connection = await connect({ servers: host, user, pass });
  try {
    const manager = await jetstreamManager(connection);
    const found: Record<string, string | undefined> = {};
    for await (const { config } of manager.streams.list()) found[config.name] = config.description;
    return found;
  } finally {
    await connection.close();
  }
}

it('delivers under each prefix what was published under it, by the plain subject, to processes of one installation in turns', async () => {
  const one = await open('one', 'ins_one');
  const sameAgain = await open('one', 'ins_one');
  const two = await open('two', 'ins_two');
  try {
    const inboxes = [await inboxOf(one), await inboxOf(sameAgain), await inboxOf(two)] as const;
    for (let count = 0; count < 20; count += 1) await one.publish(`fleetwake.wake.${count}`, 'of one');
    await two.publish('fleetwake.wake.0', 'of two');
    await until(() => inboxes.flat().length === 21, 'all came');
    expect(inboxes[2]).toEqual(['fleetwake.wake.0 of two']);
    expect([...inboxes[0], ...inboxes[1]].toSorted()).toEqual(
      Array.from({ length: 20 }, (_, count) => `fleetwake.wake.${count} of one`).toSorted(),
    );
    expect(await descriptionsOf()).toMatchObject({
      ONE_WAKEUPS: 'Fleetwake installation ins_one',
      ONE_EVENTS: 'Fleetwake installation ins_one',
      TWO_WAKEUPS: 'Fleetwake installation ins_two',
      TWO_EVENTS: 'Fleetwake installation ins_two',
    });
  } finally {
    for (const bus of [one, sameAgain, two]) await bus.close();
  }
});

it('takes streams of an older version, which have no owner, with what they hold, and refuses the next installation with a sentence', async () => {
  const old = await open('fleetwake');
  await old.publish('fleetwake.wake.a', 'of the old version');
  await old.close();
  const first = await open('fleetwake', 'ins_first');
  try {
    const got = await inboxOf(first);
    await until(() => got.length === 1, 'the old wake-up came');
    expect(got).toEqual(['fleetwake.wake.a of the old version']);
    const refused = await open('fleetwake', 'ins_second').catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(StreamsOfAnother);
    expect((refused as Error).message).toBe(
      'the stream FLEETWAKE_WAKEUPS belongs to another installation of Fleetwake (ins_first): give this one a prefix of its own with --nats-prefix (NATS_PREFIX), or a NATS of its own',
    );
    expect((await descriptionsOf()).FLEETWAKE_WAKEUPS).toBe('Fleetwake installation ins_first');
  } finally {
    await first.close();
  }
});

it('gives streams that two installations create at one moment to one of them, and refuses the other', async () => {
  for (let round = 0; round < 5; round += 1) {
    const names = ['ins_a', 'ins_b'];
    const opened = await Promise.allSettled(names.map((name) => open(`race-${round}`, name)));
    const buses = opened.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
    for (const bus of buses) await bus.close();
    const refusals = opened.flatMap((one) => (one.status === 'rejected' ? [one.reason as unknown] : []));
    expect([buses.length, refusals.map((error) => (error as Error).name)]).toEqual([1, ['StreamsOfAnother']]);
  }
});

it('removes the streams of a prefix, and no others', async () => {
  await (await open('gone', 'ins_gone')).close();
  await (await open('stays', 'ins_stays')).close();
  await removeStreams({ url: server.url, prefix: 'gone' });
  const left = Object.keys(await descriptionsOf()).filter((name) => /^(GONE|STAYS)_/.test(name));
  expect(left.toSorted()).toEqual(['STAYS_EVENTS', 'STAYS_WAKEUPS']);
});
