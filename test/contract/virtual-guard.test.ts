import { expect, it } from 'vitest';
import { sleep } from '../../shared/ports/clock.ts';
import { virtualStorage } from '../../shared/virtual/database.ts';
import { virtualBroker } from '../../shared/virtual/device-link.ts';
import { virtualNetwork } from '../../shared/virtual/http.ts';
import { virtualIds } from '../../shared/virtual/ids.ts';
import { virtualLoop } from '../../shared/virtual/loop.ts';
import { virtualStream } from '../../shared/virtual/process-bus.ts';
import { seededRandom } from '../../shared/virtual/random.ts';
import { virtualSecrets } from '../../shared/virtual/secrets.ts';
import { virtualTokens } from '../../shared/virtual/tokens.ts';
import { virtualTrace } from '../../shared/virtual/trace.ts';

const startAt = 1_800_000_000_000;
const claims = { iss: 'https://a.test', sub: 'e', client_id: 'e', scope: '', iat: 0, exp: 2e9, jti: 't' };

interface Options {
  readonly seed: number;
  readonly drainDepth?: number;
  readonly batchMs?: number;
}

/**
 * A hundred orders through every virtual port: HTTP to a server that checks a token and saves the order, a
 * wake-up by the bus, a command by the broker, an answer saved.
 */
async function runEveryPort({ seed, drainDepth = 1, batchMs = 0 }: Options) {
  const loop = virtualLoop({ startAt, drainDepth, batchMs });
  const random = seededRandom(seed);
  const trace = virtualTrace({ now: loop.now });
  const storage = virtualStorage<{ orders: { id: string; state: string } }>();
  const network = virtualNetwork({ loop, random });
  const stream = virtualStream({ loop });
  const broker = virtualBroker({ loop, random });
  const gateway = loop.process('gateway', 40);
  const database = storage.connect(gateway);
  const bus = stream.connect(gateway);
  const tokens = virtualTokens({ clock: gateway.clock, issuer: claims.iss, key: 'k' });
  const [ids, secrets, log] = [
    virtualIds(gateway, random),
    virtualSecrets(gateway, random),
    trace.log(gateway),
  ];
  await database.write((transaction) =>
    transaction.schema.createTable('orders').addColumn('id', 'text').addColumn('state', 'text').execute(),
  );
  const save = (id: string, state: string) =>
    database.write(async (transaction) => {
      await transaction.insertInto('orders').values({ id, state }).execute();
    });
  network.listen('http://gateway.test', {
    process: gateway,
    async handle(request) {
      const verdict = await tokens.verify(request.headers.get('authorization') ?? '', { audience: 'g' });
      const id = ids.next('act');
      log.info('order.taken', { id, ok: verdict.ok, body: await request.text(), key: secrets.newToken() });
      await save(id, 'ordered');
      await bus.publish('fleetwake.wake.order', id, { messageId: id });
      return Response.json({ id });
    },
  });
  const link = (name: string, onMessage: (payload: string) => Promise<void>) =>
    broker.connect(loop.process(name)).open({
      clientId: name,
      username: name,
      password: '',
      cleanSession: false,
      keepAliveSeconds: 60,
      onMessage: ({ payload }) => onMessage(payload),
    });
  const service = link('gateway', (payload) => save(payload, 'answered'));
  const vehicle = link('vehicle', async (payload) => {
    await sleep(loop.clock('vehicle'), 200);
    await vehicle.publish({ topic: 'evt', payload, qos: 1, retain: false });
  });
  void service.subscribe(['evt']);
  void vehicle.subscribe(['cmd']);
  const consumed = bus.consume(
    {
      stream: 'FLEETWAKE_WAKEUPS',
      durable: 'e',
      subject: 'fleetwake.wake.>',
      ackWaitMs: 30_000,
      concurrency: 4,
    },
    async (delivery) => {
      await service.publish({ topic: 'cmd', payload: delivery.payload, qos: 1, retain: false });
      delivery.ack();
    },
  );
  await loop.run(startAt + 1_000);
  await consumed;
  const http = network.client(loop.process('customer'));
  const authorization = await tokens.sign({ ...claims, aud: 'g' });
  const statuses: number[] = [];
  for (let index = 0; index < 100; index += 1) {
    loop.clock('customer').setTimer(index * 7, () => {
      const body = JSON.stringify({ index });
      void http(
        new Request('http://gateway.test/', { method: 'POST', body, headers: { authorization } }),
      ).then(({ status }) => statuses.push(status));
    });
  }
  const end = await loop.run(() => false);
  const rows = storage.read<{ id: string; state: string }>('select id, state from orders order by rowid');
  for (const row of rows) trace.record('world', 'row', { ...row });
  storage.close();
  return { loop, end, hash: trace.hash(), statuses, rows, lines: trace.lines };
}

it('finds no real time, thread pool or socket in any virtual port', async () => {
  const { loop, end, statuses, rows, lines } = await runEveryPort({ seed: 1 });
  expect(loop.foreign).toEqual([]);
  expect(loop.unhandled).toEqual([]);
  expect(end).toEqual({ ended: 'empty', open: [] });
  expect(statuses).toEqual(Array.from({ length: 100 }, () => 200));
  expect(rows.filter(({ state }) => state === 'answered')).toHaveLength(100);
  expect(lines.filter(({ event, fields }) => event === 'order.taken' && fields.ok === true)).toHaveLength(
    100,
  );
});

it('gives the same trace for the same seed, with any depth of drain, and another trace for another seed', async () => {
  const { hash } = await runEveryPort({ seed: 1 });
  expect((await runEveryPort({ seed: 1 })).hash).toBe(hash);
  expect((await runEveryPort({ seed: 1, drainDepth: 7 })).hash).toBe(hash);
  expect((await runEveryPort({ seed: 2 })).hash).not.toBe(hash);
  const batched = await runEveryPort({ seed: 1, batchMs: 10 });
  expect((await runEveryPort({ seed: 1, batchMs: 10, drainDepth: 7 })).hash).toBe(batched.hash);
  expect(batched.hash).not.toBe(hash);
});
