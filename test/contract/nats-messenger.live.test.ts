import { join } from 'node:path';
import { connect, type NatsConnection, RequestError } from '@nats-io/transport-node';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openNatsMessenger, waitingMax } from '../../shared/live/nats-messenger.ts';
import { type NatsServer, startNatsServer } from '../../shared/live/nats-server.ts';
import { silentLog } from '../../shared/ports/log.ts';
import { memoryMessages } from '../helpers/memory-messenger.ts';
import { newTemporaryFolder, removeFolder, withTemporaryFolder } from '../helpers/temporary-folder.ts';
import { until } from '../helpers/until.ts';
import { describeMessenger } from './messenger.ts';

let folder: string;
let server: NatsServer;
let client: NatsConnection;

const accountOf = (url: string) => {
  const { username: user, password: pass, host: servers } = new URL(url);
  return { user, pass, servers };
};

beforeAll(async () => {
  folder = await newTemporaryFolder();
  server = await startNatsServer({ dataFolder: folder, log: silentLog });
  client = await connect(accountOf(server.url));
});
afterAll(async () => {
  await client.close();
  await server.stop();
  await removeFolder(folder);
});

describeMessenger('NATS', () => ({
  connect: () => openNatsMessenger({ url: server.url, log: silentLog }),
  async heard(under) {
    const messages: [string, string][] = [];
    client.subscribe(`${under}.>`, {
      callback(_, message) {
        messages.push([message.subject, message.string()]);
      },
    });
    await client.flush();
    return () => messages;
  },
  async ask(subject, payload) {
    try {
      const reply = await client.request(subject, payload, { timeout: 30_000 });
      const headers = [...(reply.headers ?? [])].map(([name, [value]]) => [name, value]);
      return { payload: reply.string(), headers: Object.fromEntries(headers) };
    } catch (error) {
      if (error instanceof RequestError && error.isNoResponders()) return null;
      throw error;
    }
  },
}));

const memory = memoryMessages();
describeMessenger('in memory', () => ({
  connect: async () => memory.connect(),
  async heard(under) {
    const before = memory.sent.length;
    return () =>
      memory.sent
        .slice(before)
        .filter(({ subject }) => subject.startsWith(`${under}.`))
        .map(({ subject, payload }) => [subject, payload] as const);
  },
  ask: async (subject, payload) => memory.request(subject, payload),
}));

test('a NATS that stands still takes 10,000 messages at most: the others are refused at once, and taken again later', () =>
  withTemporaryFolder(async (dataFolder) => {
    const slow = await startNatsServer({ dataFolder: join(dataFolder, 'nats'), log: silentLog });
    const messenger = await openNatsMessenger({ url: slow.url, log: silentLog });
    try {
      process.kill(slow.pid, 'SIGSTOP');
      const publish = () => messenger.publish('fleetwake.x', 'x'.repeat(100));
      const taken = Array.from({ length: waitingMax + 500 }, publish).filter(Boolean).length;
      expect(taken).toBe(waitingMax);
      expect(messenger.problem()).toBe('NATS takes messages too slowly: 10000 already wait');
      process.kill(slow.pid, 'SIGCONT');
      await until(publish, 'messages are taken again');
      expect(messenger.problem()).toBeNull();
    } finally {
      await messenger.close();
      await slow.stop();
    }
  }));

test('a NATS that is away at start, and one that goes, are connected to as soon as they are there', () =>
  withTemporaryFolder(async (dataFolder) => {
    const first = await startNatsServer({ dataFolder, log: silentLog });
    await first.stop();
    const messenger = await openNatsMessenger({ url: first.url, log: silentLog });
    const reply = { payload: 'here', headers: {} };
    const answering = await messenger.answer({ subject: 'late.>', ping: 'late.ping' }, () => reply);
    expect([answering, messenger.publish('x', 'y')]).toEqual(['away', false]);
    expect(messenger.problem()).toMatch(/^NATS at nats:\/\/127\.0\.0\.1:\d+ cannot be used: .*ECONNREFUSED/);
    let running = await startNatsServer({ dataFolder, port: first.port, log: silentLog });
    try {
      for (const isRestarted of [false, true]) {
        if (isRestarted) {
          await running.kill();
          await until(() => messenger.problem() !== null, 'it is missed');
          expect(messenger.publish('x', 'y')).toBe(false);
          running = await startNatsServer({ dataFolder, port: first.port, log: silentLog });
        }
        await until(() => messenger.publish('x', 'y'), 'messages are taken');
        const asking = await connect(accountOf(running.url));
        const isAnswered = () =>
          asking.request('late.a', '', { timeout: 1_000 }).then(
            (message) => message.string() === 'here',
            () => false,
          );
        await until(isAnswered, 'requests are answered');
        await asking.close();
      }
    } finally {
      await messenger.close();
      await running.stop();
    }
  }));

test('a file of the credentials that cannot be read is named at once', async () => {
  const open = (access: object) => openNatsMessenger({ url: server.url, log: silentLog, ...access });
  for (const access of [
    { credentials: { credentialsFile: '/nowhere' } },
    { credentials: { nkeyFile: '/nowhere' } },
    { certificates: { caFile: '/nowhere' } },
    { certificates: { certFile: '/nowhere', keyFile: '/nowhere' } },
  ])
    await expect(open(access)).rejects.toThrow(
      '/nowhere cannot be read (there is no such file): correct the path',
    );
});
