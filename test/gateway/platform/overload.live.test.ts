import { connect } from 'node:net';
import { describe, expect, it } from 'vitest';
import {
  standardPurchasesMax as underWayMax,
  waitMaxMs,
} from '../../../gateway/platform/purchase-admission.ts';
import { wallClock } from '../../../shared/live/clock.ts';
import { liveHttp } from '../../../shared/live/http.ts';
import { order, register, type World, withPlatform } from '../../helpers/platform-under-test.ts';
import { until } from '../../helpers/until.ts';

const vinOf = (index: number) => `1M8GDM9AXKP04${1_000 + index}`;

/** The platform on a socket, with this many vehicles, its engine held back until `release`. */
async function withHeldPlatform(
  vehicles: number,
  work: (held: {
    readonly world: World;
    readonly origin: string;
    readonly port: number;
    readonly release: () => void;
    readonly buy: (index: number, signal?: AbortSignal) => Promise<Response>;
  }) => Promise<void>,
): Promise<void> {
  await withPlatform(async (world) => {
    await register(world);
    const fleet = Array.from({ length: vehicles }, (_, index) => ({
      vin: vinOf(index),
      model: 'aurora-2026',
      modelName: 'Aurora',
    }));
    expect((await world.call('POST', '/registrations', { customers: [], vehicles: fleet })).status).toBe(200);
    let release = () => {};
    world.engine.hold = new Promise((resolve) => {
      release = resolve;
    });
    const live = liveHttp({ clock: wallClock, timeoutMs: 20_000 });
    const server = await live.serve(world.app.fetch, { port: 0, shed: world.app.shed });
    const authorization = `Bearer ${await world.token('purchases:write', 'events:read')}`;
    const buy = (index: number, signal?: AbortSignal) =>
      live.http(
        new Request(`${server.origin}/purchases`, {
          method: 'POST',
          headers: { authorization, 'content-type': 'application/json' },
          body: JSON.stringify({ ...order, vin: vinOf(index) }),
          ...(signal === undefined ? {} : { signal }),
        }),
      );
    try {
      await work({ world, origin: server.origin, port: server.port, release, buy });
    } finally {
      release();
      await server.close(0);
    }
  });
}

const purchases = async ({ database }: World) =>
  (await database.reader.selectFrom('purchases').select('id').execute()).length;

describe('a platform with more purchases than it can take', () => {
  it('refuses the rest with 503 before anything of them exists, and answers /livez meanwhile', () =>
    withHeldPlatform(200, async ({ world, origin, release, buy }) => {
      const answers = Array.from({ length: 200 }, (_, index) => buy(index));
      let refused = 0;
      for (const answer of answers)
        void answer.then(({ status }) => {
          if (status === 503) refused += 1;
        });
      await until(() => refused === 200 - 2 * underWayMax, 'what finds no place is refused');
      const live = await fetch(`${origin}/livez`, { headers: { connection: 'close' } });
      expect([live.status, await live.json()]).toEqual([200, { status: 'ok' }]);
      await world.clock.advance(waitMaxMs);
      await until(() => refused === 200 - underWayMax, 'what waited too long is refused');
      release();
      const statuses = (await Promise.all(answers)).map(({ status }) => status);
      expect(statuses.filter((status) => status === 201).length).toBe(underWayMax);
      expect([await purchases(world), world.engine.begun.length]).toEqual([underWayMax, underWayMax]);
      expect((await world.call('GET', '/metrics')).body).toContain(
        `\nfleetwake_purchases_refused_total{reason="overload"} ${200 - underWayMax}\n`,
      );
      const last = (await Promise.all(answers)).find(({ status }) => status === 503);
      expect([last?.headers.get('retry-after'), await last?.json()]).toEqual([
        '1',
        {
          type: 'urn:fleetwake:problem:unavailable',
          title: 'The service is not available now',
          status: 503,
          detail:
            'Too many purchases are under way. This request bought nothing; send it again after a second.',
        },
      ]);
    }));

  it('begins no purchase whose client has left while it waited', () =>
    withHeldPlatform(underWayMax + 1, async ({ world, release, buy }) => {
      const first = Array.from({ length: underWayMax }, (_, index) => buy(index));
      await until(() => world.engine.begun.length === underWayMax, 'all places are taken');
      const pending = world.clock.pending().length;
      const client = new AbortController();
      const left = buy(underWayMax, client.signal).catch((error: Error) => error.name);
      await until(() => world.clock.pending().length > pending, 'it waits');
      client.abort();
      expect(await left).toBe('TransportError');
      await until(() => world.clock.pending().length === pending, 'it has left the queue');
      release();
      await Promise.all(first);
      expect(await purchases(world)).toBe(underWayMax);
    }));
});

it('frees the place of a stream as soon as its client closes the connection', () =>
  withHeldPlatform(0, async ({ world, port }) => {
    const token = await world.token('events:read');
    const open = () =>
      new Promise<{ line: string; close: () => void }>((resolve, reject) => {
        const socket = connect(port, '127.0.0.1');
        socket.on('error', reject);
        socket.once('data', (data: Buffer) =>
          resolve({ line: data.toString().split('\r\n')[0] ?? '', close: () => socket.destroy() }),
        );
        socket.write(`GET /events HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${token}\r\n\r\n`);
      });
    for (let round = 0; round < 5; round += 1) {
      const clients = await Promise.all(Array.from({ length: 10 }, open));
      expect(clients.map(({ line }) => line)).toEqual(clients.map(() => 'HTTP/1.1 200 OK'));
      const refused = await open();
      expect(refused.line).toBe('HTTP/1.1 429 Too Many Requests');
      for (const { close } of [...clients, refused]) close();
      const metrics = async () => (await world.call('GET', '/metrics')).body as string;
      await until(
        async () => (await metrics()).includes('\nfleetwake_event_streams 0\n'),
        'all places are free',
        5_000,
      );
    }
  }));
