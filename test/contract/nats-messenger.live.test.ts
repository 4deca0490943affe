import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { connect, type NatsConnection, nkeys, RequestError } from '@nats-io/transport-node';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openNatsMessenger, waitingMax } from '../../shared/live/nats-messenger.ts';
import { type NatsServer, startNatsServer } from '../../shared/live/nats-server.ts';
import { fleetAccessOf } from '../../shared/live/nats-server-files.ts';
import { type Log, silentLog } from '../../shared/ports/log.ts';
import type { Messenger } from '../../shared/ports/messenger.ts';
import { freePort } from '../helpers/free-port.ts';
import { memoryMessages } from '../helpers/memory-messenger.ts';
import { silentNats } from '../helpers/silent-nats.ts';
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

/** Messengers at the server, which are closed at the end. */
async function withMessengers(
  work: (
    open: (address?: { readonly url: string; readonly log: Log }) => Promise<Messenger>,
  ) => Promise<void>,
): Promise<void> {
  const opened: Messenger[] = [];
  try {
    await work(async (address = { url: server.url, log: silentLog }) => {
      const messenger = await openNatsMessenger(address);
      opened.push(messenger);
      return messenger;
    });
  } finally {
    for (const messenger of opened) await messenger.close();
  }
}

const here = () => ({ payload: 'here', headers: {} });

test('an answer goes to an inbox only: a request with another reply subject is ignored', () =>
  withMessengers(async (open) => {
    const messenger = await open();
    await messenger.answer({ subject: 'inbox.>', ping: 'inbox.ping' }, here);
    const heard: string[] = [];
    client.subscribe('elsewhere.>', { callback: (_, message) => void heard.push(message.subject) });
    client.publish('inbox.a', '', { reply: 'elsewhere.a' });
    expect((await client.request('inbox.a', '', { timeout: 30_000 })).string()).toBe('here');
    expect(heard).toEqual([]);
  }));

test('a file of credentials that goes while NATS is away is waited for, as NATS is', () =>
  withTemporaryFolder(async (folder) => {
    const nkeyFile = join(folder, 'fleet.nk');
    const seed = new TextDecoder().decode(nkeys.createUser().getSeed());
    await writeFile(nkeyFile, seed);
    const port = await freePort();
    const messenger = await openNatsMessenger({
      ...{ url: `nats://127.0.0.1:${port}`, credentials: { nkeyFile }, log: silentLog },
    });
    await rm(nkeyFile);
    await until(
      () => messenger.problem() === `${nkeyFile} cannot be read (there is no such file): correct the path`,
      'the file is missed',
    );
    const nats = await silentNats(port);
    nats.speak();
    try {
      await writeFile(nkeyFile, seed);
      await until(() => messenger.publish('x', 'y'), 'it is connected');
    } finally {
      await messenger.close();
      await nats.stop();
    }
  }));

test('what is to be answered since an interruption is answered, once, when NATS is back', () =>
  withTemporaryFolder(async (dataFolder) => {
    let running = await startNatsServer({ dataFolder, log: silentLog });
    const { port } = running;
    const messenger = await openNatsMessenger({ url: running.url, log: silentLog });
    try {
      for (const time of ['first', 'second']) {
        await running.kill();
        await until(() => messenger.problem() !== null, 'it is missed');
        if (time === 'first')
          expect(await messenger.answer({ subject: 'cut.>', ping: 'cut.ping' }, here)).toBe('away');
        running = await startNatsServer({ dataFolder, port, log: silentLog });
        const asking = await connect(accountOf(running.url));
        const isAnswered = () =>
          asking.request('cut.a', '', { timeout: 1_000 }).then(
            () => true,
            () => false,
          );
        await until(isAnswered, 'requests are answered');
        const answers: string[] = [];
        asking.subscribe('_INBOX.own', { callback: (_, message) => void answers.push(message.string()) });
        asking.publish('cut.a', '', { reply: '_INBOX.own' });
        // Answered after the one before it.
        await asking.request('cut.a', '', { timeout: 30_000 });
        expect(answers).toEqual(['here']);
        await asking.close();
      }
    } finally {
      await messenger.close();
      await running.stop();
    }
  }));

test('a program that hears the ping and is slow to answer still has the subjects', () =>
  withMessengers(async (open) => {
    const messenger = await open();
    for (const silentTimes of [1, Number.POSITIVE_INFINITY]) {
      let pings = 0;
      const slow = client.subscribe('slow.ping', {
        callback: (_, message) => {
          pings += 1;
          if (pings > silentTimes) message.respond('here');
        },
      });
      await client.flush();
      expect(await messenger.answer({ subject: 'slow.>', ping: 'slow.ping' }, here)).toBe('taken');
      slow.unsubscribe();
    }
  }));

test('messages that the account may not publish are logged once, not each', () =>
  withMessengers(async (open) => {
    const errors: string[] = [];
    const log: Log = {
      ...silentLog,
      error: (event, fields) => void errors.push(`${event} ${fields?.error}`),
    };
    const messenger = await open({ url: fleetAccessOf(server.url).fleetUrl, log });
    for (let count = 0; count < 5; count += 1) messenger.publish(`shop.x${count}`, 'y');
    const [subject, ping] = ['fleetwake.fleet.control.>', 'fleetwake.fleet.control.ping'];
    expect(await messenger.answer({ subject, ping }, here)).toBe('answers');
    expect(errors).toEqual([
      'fleet_bus.server_error PermissionViolationError: Permissions Violation for Publish to "shop.x0"',
    ]);
  }));

test('a NATS that takes the connection and says nothing delays neither start nor end, and is connected to when it speaks', async () => {
  const port = await freePort();
  const nats = await silentNats(port);
  const open = () => openNatsMessenger({ url: `nats://127.0.0.1:${port}`, log: silentLog });
  const [kept, closed] = [await open(), await open()];
  try {
    expect([nats.accepted(), nats.open()]).toEqual([2, 2]);
    expect([kept.problem(), kept.publish('x', 'y')]).toEqual([
      `NATS at nats://127.0.0.1:${port} has not answered yet`,
      false,
    ]);
    await closed.close();
    expect([nats.accepted(), nats.open()]).toEqual([2, 2]);
    nats.speak();
    await until(() => kept.publish('x', 'y'), 'it is connected');
    await until(() => nats.open() === 1, 'the connection of the closed one has ended');
  } finally {
    await kept.close();
    await nats.stop();
  }
});
