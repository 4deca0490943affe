import { join } from 'node:path';
import type { KyselyPlugin } from 'kysely';
import { describe, expect, it } from 'vitest';
import { streamMax, streamsPerCallerMax } from '../../../gateway/platform/event-stream.ts';
import { asPruning, notePruned } from '../../../gateway/retention/pruning-table.ts';
import type { PlatformSchema } from '../../../gateway/store/schema.ts';
import { openSqlite } from '../../../shared/live/sqlite.ts';
import { settle } from '../../helpers/manual-clock.ts';
import { idOf, order, register, type World, withPlatform } from '../../helpers/platform-under-test.ts';
import { withTemporaryFolder } from '../../helpers/temporary-folder.ts';
import { problem } from './problem.ts';

interface Client {
  /** The next blocks of the stream, as they are on the wire. */
  next(count: number): Promise<string[]>;
  /** Every whole block that comes without waiting for more. */
  drain(): Promise<string[]>;
  ended(): Promise<boolean>;
  leave(): Promise<void>;
}

async function follow(
  { fetch, tokenWith }: World,
  headers: Record<string, string> = {},
  query = '',
  clientId = 'developer',
): Promise<Client> {
  const authorization = `Bearer ${await tokenWith({ client_id: clientId }, 'events:read')}`;
  const answer = await fetch(`/events${query}`, { headers: { authorization, ...headers } });
  expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'text/event-stream']);
  const reader = (answer.body as ReadableStream<Uint8Array>).getReader();
  const decoder = new TextDecoder();
  let text = '';
  let done = false;
  let pending: Promise<void> | null = null;
  const pull = () => {
    pending ??= reader.read().then((part) => {
      pending = null;
      done = part.done;
      if (part.value) text += decoder.decode(part.value, { stream: true });
    });
    return pending;
  };
  const take = () => {
    const blocks = text.split('\n\n');
    text = blocks.pop() ?? '';
    return blocks;
  };
  const client: Client = {
    async next(count) {
      const blocks: string[] = [];
      while (blocks.length < count) {
        blocks.push(...take());
        if (blocks.length < count) await pull();
      }
      return blocks;
    },
    async drain() {
      const blocks: string[] = [];
      for (let round = 0; round < 50; round += 1) {
        void pull();
        await settle();
        blocks.push(...take());
      }
      return blocks;
    },
    async ended() {
      while (!done) await pull();
      return true;
    },
    leave: () => reader.cancel(),
  };
  const [first = ''] = await client.next(1);
  expect(first).toMatch(/^id: \d+\nretry: 1000$/);
  expect(answer.headers.get('last-event-id')).toBe(first.slice(4, first.indexOf('\n')));
  return client;
}

/** The answer of a stream that is refused; one that is opened instead is closed, because it has no end to read. */
async function refused(world: World): Promise<[status: number, retryAfter: string | null, body: unknown]> {
  const authorization = `Bearer ${await world.tokenWith({ client_id: 'developer' }, 'events:read')}`;
  const answer = await world.fetch('/events', { headers: { authorization } });
  if (answer.status === 200) await answer.body?.cancel();
  const body = answer.status === 200 ? null : await answer.json();
  return [answer.status, answer.headers.get('retry-after'), body];
}

const headOf = (block: string) =>
  block
    .split('\n')
    .filter((line) => !line.startsWith('data:'))
    .join(' ');

const buy = (world: World, serviceId: string) => world.call('POST', '/purchases', { ...order, serviceId });

describe('the stream of events', () => {
  it('begins with what comes next, each with its sequence, its type and the line of the record', () =>
    withPlatform(async (world) => {
      await register(world);
      await buy(world, 'heated-seats');
      const client = await follow(world);
      await buy(world, 'ambient-light');
      const blocks = await client.next(4);
      expect(blocks.map(headOf)).toEqual([
        'event: purchase.created id: 5',
        'event: payment.authorised id: 6',
        'event: activation.payment_confirmed id: 7',
        'event: activation.queued_for_activation id: 8',
      ]);
      const data = blocks[0]?.split('\n').find((line) => line.startsWith('data: ')) ?? '';
      expect(JSON.parse(data.slice(6))).toMatchObject({
        sequence: 5,
        type: 'purchase.created',
        actor: 'customer',
        at: 1_800_000_000_000,
        activationId: expect.stringMatching(/^act_/),
        data: { serviceId: 'ambient-light', price: { amountMinor: 590, currency: 'EUR' } },
      });
      await client.leave();
    }));

  it('continues after Last-Event-ID, without a gap and without a repeat, also as ?after', () =>
    withPlatform(async (world) => {
      await register(world);
      const client = await follow(world);
      await buy(world, 'heated-seats');
      expect((await client.next(4)).map(headOf).at(-1)).toBe('event: activation.queued_for_activation id: 4');
      await client.leave();
      await buy(world, 'ambient-light');
      const ids = async (again: Client) => {
        const heads = (await again.next(6)).map((block) => Number(/id: (\d+)/.exec(block)?.[1]));
        await again.leave();
        return heads;
      };
      expect(await ids(await follow(world, { 'last-event-id': '2' }))).toEqual([3, 4, 5, 6, 7, 8]);
      expect(await ids(await follow(world, {}, '?after=2'))).toEqual([3, 4, 5, 6, 7, 8]);
    }));

  it('brings a client that is far behind up to date, batch by batch', () =>
    withPlatform(async (world) => {
      await world.database.write((transaction) =>
        transaction
          .insertInto('record')
          .values(
            Array.from({ length: 250 }, (_, index) => ({
              id: idOf('rec', 10_000 + index),
              purchase_id: null,
              activation_id: null,
              at: index,
              type: 'test.row',
              actor: 'engine',
              data: '{}',
            })),
          )
          .execute(),
      );
      const client = await follow(world, { 'last-event-id': '0' });
      const sequences = (await client.next(250)).map((block) => Number(/id: (\d+)/.exec(block)?.[1]));
      expect(sequences).toEqual(Array.from({ length: 250 }, (_, index) => index + 1));
      await client.leave();
    }));

  it('sends events that are written between a read and the next wait', () =>
    withTemporaryFolder((folder) => {
      let afterRead: (() => Promise<void>) | null = null;
      const open = () => {
        const database = openSqlite<PlatformSchema>(join(folder, 'platform.db'));
        const plugin: KyselyPlugin = {
          transformQuery: ({ node }) => node,
          async transformResult({ result }) {
            const act = afterRead;
            afterRead = null;
            await act?.();
            return result;
          },
        };
        return { ...database, reader: database.reader.withPlugin(plugin) };
      };
      return withPlatform(
        async (world) => {
          await register(world);
          const client = await follow(world);
          await settle();
          // The stream finds nothing new, and before it waits the purchase is saved and told.
          afterRead = async () => {
            await buy(world, 'heated-seats');
          };
          world.changes.notify();
          expect((await client.next(4)).map(headOf)[0]).toBe('event: purchase.created id: 1');
          await client.leave();
        },
        { open },
      );
    }));

  it('sends a heartbeat after 15 s of silence, and finds events without a local notification', () =>
    withPlatform(async (world) => {
      await register(world);
      const client = await follow(world);
      void client.drain();
      await world.clock.advance(14_999);
      await world.database.write((transaction) =>
        transaction
          .insertInto('record')
          .values({
            id: 'rec_x',
            purchase_id: null,
            activation_id: null,
            at: 0,
            type: 'test.untold',
            actor: 'engine',
            data: '{}',
          })
          .execute(),
      );
      const second = await follow(world, { 'last-event-id': '0' });
      expect((await second.next(1)).map(headOf)).toEqual(['event: test.untold id: 1']);
      await world.clock.advance(15_000);
      expect((await second.next(1)).map(headOf)).toEqual([': still here']);
      await second.leave();
      await client.leave();
    }));

  it('leaves nothing behind when a client goes', () =>
    withPlatform(async (world) => {
      await register(world);
      const client = await follow(world);
      await settle();
      // The next heartbeat, and the end of the token.
      expect(world.clock.pending().length).toBe(2);
      await client.leave();
      await settle();
      expect(world.clock.pending()).toEqual([]);
      expect((await world.call('GET', '/metrics')).body).toContain('\nfleetwake_event_streams 0\n');
    }));

  it('cuts a client that takes nothing for a minute, and keeps the others', () =>
    withPlatform(async (world) => {
      await register(world);
      const { fetch, token } = world;
      const authorization = `Bearer ${await token('events:read')}`;
      const stuck = await fetch('/events', { headers: { authorization } });
      const client = await follow(world);
      await buy(world, 'heated-seats');
      await client.next(4);
      const reading = client.drain();
      await world.clock.advance(60_000);
      expect(world.log.filter(({ event }) => event === 'platform.stream_stalled').length).toBe(1);
      await reading;
      expect((await world.call('GET', '/metrics')).body).toContain('\nfleetwake_event_streams 1\n');
      await stuck.body?.cancel();
      await client.leave();
    }));

  it('ends when the platform stops', () =>
    withPlatform(async (world) => {
      const client = await follow(world);
      world.app.stop();
      expect(await client.ended()).toBe(true);
      expect(world.clock.pending()).toEqual([]);
    }));

  it('refuses the eleventh stream of a caller with 429, and lets others follow', () =>
    withPlatform(async (world) => {
      const clients: Client[] = [];
      for (let index = 0; index < streamsPerCallerMax; index += 1) clients.push(await follow(world));
      expect(await refused(world)).toEqual([
        429,
        '10',
        problem('too-many-streams', 'You follow 10 streams already. End one, or wait until one ends.'),
      ]);
      clients.push(await follow(world, {}, '', 'another'));
      await clients.shift()?.leave();
      clients.push(await follow(world));
      for (const client of clients) await client.leave();
    }));

  it('opens by a ticket as the caller who asked for it, for 60 s, until the token expires', () =>
    withPlatform(async (world) => {
      await register(world);
      const expiresAt = world.clock.now() + 120_000;
      const claims = { sub: 'ana', roles: ['customer'], exp: expiresAt / 1_000 };
      const authorization = `Bearer ${await world.tokenWith(claims, 'events:read')}`;
      const answer = await world.call('POST', '/events/tickets', undefined, { authorization });
      expect([answer.status, answer.headers.get('cache-control'), answer.body]).toEqual([
        201,
        'no-store',
        { ticket: expect.any(String), expiresAt: world.clock.now() + 60_000 },
      ]);
      const query = `/events?after=0&ticket=${answer.body.ticket}`;
      const first = await world.fetch(query);
      const again = await world.fetch(query);
      expect([first.status, again.status]).toEqual([200, 200]);
      await again.body?.cancel();
      const reading = first.text();
      await world.clock.advance(60_000);
      const late = await world.fetch(query);
      expect([late.status, await late.json()]).toEqual([
        401,
        problem(
          'unauthorized',
          'The ticket is not valid (expired). Get a new one with POST /events/tickets.',
        ),
      ]);
      await world.clock.advance(59_999);
      expect((await world.call('GET', '/metrics')).body).toContain('\nfleetwake_event_streams 1\n');
      await world.clock.advance(1);
      expect(await reading).toContain('retry: 1000');
      expect((await world.call('GET', '/metrics')).body).toContain('\nfleetwake_event_streams 0\n');
    }));

  it('accepts a stream ticket only for the event stream, and no access token as a ticket', () =>
    withPlatform(async (world) => {
      const { body } = await world.call('POST', '/events/tickets');
      const posing = await world.fetch('/purchases', { headers: { authorization: `Bearer ${body.ticket}` } });
      expect(posing.status).toBe(401);
      const token = await world.token('events:read');
      expect((await world.fetch(`/events?ticket=${token}`)).status).toBe(401);
      expect((await world.fetch('/events?ticket=x')).status).toBe(401);
    }));

  it('shows a customer who came by a ticket only what is theirs', () =>
    withPlatform(async (world) => {
      await register(world);
      const ticketOf = async (sub: string) => {
        const token = await world.tokenWith({ sub, roles: ['customer'] }, 'events:read');
        const headers = { authorization: `Bearer ${token}` };
        return (await world.call('POST', '/events/tickets', undefined, headers)).body.ticket as string;
      };
      await buy(world, 'heated-seats');
      const read = async (ticket: string) => {
        const answer = await world.fetch(`/events?after=0&ticket=${ticket}`);
        const reader = (answer.body as ReadableStream<Uint8Array>).getReader();
        let text = '';
        for (let round = 0; round < 6; round += 1) {
          const part = await Promise.race([reader.read(), settle().then(() => null)]);
          if (part === null) break;
          text += Buffer.from(part.value ?? []).toString();
        }
        await reader.cancel();
        return text;
      };
      expect(await read(await ticketOf(order.customerId))).toContain('event: purchase.created');
      expect(await read(await ticketOf('another'))).not.toContain('event:');
    }));

  it('opens no stream for HEAD', () =>
    withPlatform(async (world) => {
      for (let count = 0; count < 150; count += 1) {
        const head = await world.call('HEAD', '/events');
        expect([head.status, head.headers.get('content-type')]).toEqual([200, 'text/event-stream']);
      }
      expect((await world.call('GET', '/metrics')).body).toContain('\nfleetwake_event_streams 0\n');
      expect(world.clock.pending()).toEqual([]);
      const client = await follow(world);
      await client.leave();
    }));

  it('frees the place of a client that has left before it read anything', () =>
    withPlatform(async (world) => {
      const authorization = `Bearer ${await world.token('events:read')}`;
      for (let count = 0; count < 3 * streamsPerCallerMax; count += 1) {
        const client = new AbortController();
        const { signal } = client;
        const { status } = await world.fetch('/events', { headers: { authorization }, signal });
        expect(status).toBe(200);
        client.abort();
        await world.clock.advance(0);
      }
      expect((await world.call('GET', '/metrics')).body).toContain('\nfleetwake_event_streams 0\n');
      expect(world.clock.pending()).toEqual([]);
    }));

  it('answers 410 for an id before the newest event that was removed, and names where to begin', () =>
    withPlatform(async (world) => {
      await register(world);
      await buy(world, 'heated-seats');
      await world.database.write((transaction) => notePruned(asPruning(transaction), 'record', 3));
      const gone = await world.call('GET', '/events?after=2');
      expect([gone.status, gone.body]).toEqual([
        410,
        problem(
          'events-gone',
          'Events after 2 have reached their age and were removed. Read the present state, and begin without Last-Event-ID, or after 3.',
          { after: 3 },
        ),
      ]);
      const client = await follow(world, { 'last-event-id': '3' });
      expect((await client.next(1)).map(headOf)).toEqual(['event: activation.queued_for_activation id: 4']);
      await client.leave();
    }));

  it('refuses an id that is none, and more clients than it can serve', () =>
    withPlatform(async (world) => {
      const bad = await world.call('GET', '/events', undefined, { 'last-event-id': 'x' });
      expect([bad.status, bad.body]).toEqual([
        400,
        problem('malformed-request', 'Last-Event-ID (or after) must be the id of an event, a whole number.'),
      ]);
      const clients: Client[] = [];
      for (let index = 0; index < streamMax; index += 1) {
        const clientId = `client-${Math.floor(index / streamsPerCallerMax)}`;
        clients.push(await follow(world, {}, '', clientId));
      }
      expect((await refused(world)).slice(0, 2)).toEqual([503, '10']);
      for (const client of clients) await client.leave();
      await settle();
      const client = await follow(world);
      await client.leave();
    }));
});
