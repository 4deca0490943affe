import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { furtherListeners, noFurtherListeners } from '../../../shared/live/further-listeners.ts';
import { until } from '../../helpers/until.ts';

const clients = 100;
const program = `
const { connect } = require('node:net');
const { writeFileSync } = require('node:fs');
let connected = 0;
for (let index = 0; index < ${clients}; index += 1)
  connect(Number(process.argv[1]), '127.0.0.1', () => {
    connected += 1;
    if (connected === ${clients}) writeFileSync(process.argv[2], '');
  });
`;

/** Returns in how many turns of the event loop a server accepts 100 connections that are all there at once. */
async function turnsToAccept(further: number): Promise<number> {
  const accepted = new Set<Socket>();
  const server = createServer((socket) => accepted.add(socket));
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  const listeners =
    further === 0
      ? noFurtherListeners
      : await furtherListeners(
          server,
          further,
          (socket) => server.emit('connection', socket),
          new AbortController().signal,
        );
  const folder = mkdtempSync(join(tmpdir(), 'further-listeners-'));
  const file = join(folder, 'connected');
  const client = spawn(process.execPath, ['-e', program, String(port), file], { stdio: 'ignore' });
  // This process has no turn until all of them are connected.
  while (!existsSync(file));
  let turns = 0;
  while (accepted.size < clients) {
    turns += 1;
    await new Promise<void>((resolve) => setImmediate(resolve));
  }
  client.kill();
  await once(client, 'exit');
  for (const socket of accepted) socket.destroy();
  await Promise.all([listeners.close(), new Promise((resolve) => server.close(resolve))]);
  rmSync(folder, { recursive: true });
  return turns;
}

it('accepts one connection in a turn without further listeners, and one more for each of them', async () => {
  expect(await turnsToAccept(0)).toBeGreaterThanOrEqual(clients);
  expect(await turnsToAccept(31)).toBeLessThanOrEqual(2 * Math.ceil(clients / 32));
});

it('rejects with the reason when no handle can be copied', async () => {
  const server = createServer();
  const closing = new AbortController();
  closing.abort();
  await once(server.listen(0, '127.0.0.1'), 'listening');
  await expect(furtherListeners(server, 3, () => {}, closing.signal)).rejects.toThrow('aborted');
  server.close();
  await once(server, 'close');
});

it('leaves the port free when its server closes while copies arrive', async () => {
  const server = createServer();
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  const openFiles = () => readdirSync('/proc/self/fd').length;
  const before = openFiles();
  const closing = new AbortController();
  // More than can arrive in the time in which this test looks.
  const listeners = furtherListeners(server, 100_000, () => {}, closing.signal);
  const refused = expect(listeners).rejects.toThrow('aborted');
  await until(() => openFiles() > before + 20, 'copies arrive');
  closing.abort();
  await refused;
  server.close();
  await once(server, 'close');
  await until(async () => {
    const next = createServer();
    next.listen(port, '127.0.0.1');
    // `once` rejects with the error of a port that is taken.
    const isFree = await once(next, 'listening').then(
      () => true,
      () => false,
    );
    if (isFree) next.close();
    return isFree;
  }, `port ${port} is free`);
});
