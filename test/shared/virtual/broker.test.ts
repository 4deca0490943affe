import { describe, expect, it } from 'vitest';
import type { LinkMessage, LinkOptions } from '../../../shared/ports/device-link.ts';
import { type VirtualBrokerDeps, virtualBroker } from '../../../shared/virtual/device-link.ts';
import { virtualLoop } from '../../../shared/virtual/loop.ts';
import type { MessageFault } from '../../../shared/virtual/message-fault.ts';
import { seededRandom } from '../../../shared/virtual/random.ts';

const startAt = 1_800_000_000_000;

function openBroker(overrides: Partial<VirtualBrokerDeps> = {}) {
  const loop = virtualLoop({ startAt });
  const broker = virtualBroker({ loop, random: seededRandom(1), latencyMs: () => 10, ...overrides });

  function client(name: string, more: Partial<LinkOptions> = {}, how: { embedded?: boolean } = {}) {
    const seen: string[] = [];
    const note = (text: string) => void seen.push(`${loop.now() - startAt} ${text}`);
    const connection = broker.connect(loop.process(name), how).open({
      clientId: name,
      username: name,
      password: 'secret',
      cleanSession: false,
      keepAliveSeconds: 60,
      onMessage: ({ payload }) => note(payload),
      onConnect: ({ sessionPresent }) => note(sessionPresent ? 'resumes' : 'connects'),
      onDisconnect: (reason) => note(`lost: ${reason}`),
      ...more,
    });
    const publish = (payload: string, rest: Partial<LinkMessage> = {}) =>
      connection.publish({ topic: 'cmd', payload, qos: 1, retain: false, ...rest }).then(
        () => note(`took ${payload}`),
        (error: unknown) => note(`${(error as Error).name} for ${payload}`),
      );
    return { connection, seen, note, publish };
  }

  const runTo = (ms: number) => loop.run(startAt + ms);
  return { loop, broker, client, runTo };
}

/** A vehicle that listens and an API that speaks, both connected at 100 ms; what was seen before is forgotten. */
async function openPair(
  overrides: Partial<VirtualBrokerDeps> = {},
  vehicleOptions: Partial<LinkOptions> = {},
) {
  const opened = openBroker(overrides);
  const vehicle = opened.client('vehicle', vehicleOptions);
  const api = opened.client('api');
  void vehicle.connection.subscribe(['cmd']);
  await opened.runTo(100);
  vehicle.seen.length = 0;
  api.seen.length = 0;
  return { ...opened, vehicle, api };
}

const goesOut = (fault: MessageFault) => (passage: { to: string | null }) => (passage.to ? fault : null);
const goesIn = (fault: MessageFault) => (passage: { to: string | null }) => (passage.to ? null : fault);

describe('the virtual broker', () => {
  it('takes its time: connect, publish and acknowledgement are ways of their own', async () => {
    const { vehicle, api, runTo } = await openPair();
    void api.publish('a');
    await runTo(200);
    expect([vehicle.seen, api.seen]).toEqual([['120 a'], ['120 took a']]);
  });

  it('drops, duplicates and delays a message on its way out, while its publisher gets an acknowledgement', async () => {
    async function outcome(fault: MessageFault) {
      const { broker, vehicle, api, runTo } = await openPair();
      broker.onMessage(goesOut(fault));
      void api.publish('a');
      await runTo(10_000);
      expect(api.seen).toEqual(['120 took a']);
      return vehicle.seen;
    }
    expect(await outcome({ kind: 'drop' })).toEqual([]);
    expect(await outcome({ kind: 'duplicate', delayMs: 500 })).toEqual(['120 a', '620 a']);
    expect(await outcome({ kind: 'delay', delayMs: 500 })).toEqual(['620 a']);
  });

  it('drops the publisher before its acknowledgement, with the message taken or not', async () => {
    async function outcome(fault: MessageFault) {
      const { broker, vehicle, api, runTo } = await openPair();
      broker.onMessage(goesIn(fault));
      void api.publish('a');
      await runTo(400);
      return { vehicle: vehicle.seen, api: api.seen };
    }
    const dropped = ['120 lost: cut', '120 LinkClosed for a'];
    expect(await outcome({ kind: 'cut', isTaken: true })).toEqual({ vehicle: ['120 a'], api: dropped });
    expect(await outcome({ kind: 'cut', isTaken: false })).toEqual({ vehicle: [], api: dropped });
    expect(await outcome({ kind: 'drop' })).toEqual({ vehicle: [], api: ['120 took a'] });
  });

  it('comes back by itself after a restart: with its session, or without it and subscribed anew', async () => {
    async function outcome(keepsSessions: boolean) {
      const { broker, vehicle, api, runTo } = await openPair();
      broker.restart({ keepsSessions, downMs: 2_000 });
      void api.publish('a');
      await runTo(60_000);
      void api.publish('b');
      await runTo(61_000);
      const withoutTimes = (seen: readonly string[]) => seen.map((line) => line.replace(/^\d+ /, ''));
      return [withoutTimes(vehicle.seen), withoutTimes(api.seen)];
    }
    const stopped = 'lost: the broker stopped';
    // As at Aedes, a session without a subscription is none.
    expect(await outcome(true)).toEqual([
      [stopped, 'resumes', 'b'],
      [stopped, 'LinkClosed for a', 'connects', 'took b'],
    ]);
    expect(await outcome(false)).toEqual([
      [stopped, 'connects', 'b'],
      [stopped, 'LinkClosed for a', 'connects', 'took b'],
    ]);
  });

  it('forgets retained messages with the sessions', async () => {
    const { broker, api, runTo } = await openPair();
    void api.publish('kept', { topic: 'status', retain: true });
    await runTo(200);
    expect([...broker.retained.values()].map(({ payload }) => payload)).toEqual(['kept']);
    broker.restart({ keepsSessions: false });
    expect(broker.retained.size).toBe(0);
  });

  it('publishes no will because of its own death', async () => {
    const will = { topic: 'cmd', payload: 'offline', qos: 1, retain: false } as const;
    const { broker, client, vehicle, runTo } = await openPair();
    client('other', { will });
    await runTo(200);
    broker.restart({ keepsSessions: true });
    await runTo(60_000);
    expect(vehicle.seen.map((line) => line.replace(/^\d+ /, ''))).toEqual([
      'lost: the broker stopped',
      'resumes',
    ]);
  });

  it('keeps no connection of a process that died while it was connecting, and loses nothing over it', async () => {
    const { loop, broker, client, vehicle, api, runTo } = await openPair();
    vehicle.connection.cut();
    await runTo(200);
    vehicle.connection.reconnect();
    // The broker takes the connection at 210, and learns at 215 that it ended.
    loop.clock('world').setTimer(5, () => loop.kill('vehicle'));
    void api.publish('a');
    await runTo(1_000);
    expect(broker.connectionCount).toBe(1);
    const next = client('vehicle');
    await runTo(1_100);
    expect(next.seen).toEqual(['1020 resumes', '1020 a']);
  });

  it('publishes the last will when a process crashes, and keeps its session for the restart', async () => {
    const will = { topic: 'status', payload: 'offline', qos: 1, retain: false } as const;
    const { loop, client, vehicle, api, runTo } = await openPair({}, { will });
    void api.connection.subscribe(['status']);
    await runTo(200);
    loop.kill('vehicle');
    await runTo(300);
    void api.publish('meanwhile');
    await runTo(400);
    const next = client('vehicle', { will });
    await runTo(500);
    expect(vehicle.seen).toEqual([]);
    expect(api.seen).toEqual(['220 offline', '320 took meanwhile']);
    expect(next.seen).toEqual(['420 resumes', '420 meanwhile']);
  });

  it('finds a silent network out by the keep-alive, on each side for itself, and delivers what waited', async () => {
    const will = { topic: 'status', payload: 'offline', qos: 1, retain: false } as const;
    const { broker, vehicle, api, runTo } = await openPair({}, { will });
    void api.connection.subscribe(['status']);
    await runTo(200);
    broker.setSilent('vehicle', true);
    void api.publish('a');
    await runTo(120_000);
    expect(vehicle.seen).toEqual(['60200 lost: no answer to a ping']);
    expect(api.seen).toEqual(['220 took a', '90210 offline']);
    broker.setSilent('vehicle', false);
    await runTo(150_000);
    expect(vehicle.seen.slice(1).map((line) => line.replace(/^\d+ /, ''))).toEqual(['resumes', 'a']);
  });

  it('loses nothing in a silence that is shorter than the keep-alive', async () => {
    const { broker, vehicle, api, runTo } = await openPair();
    broker.setSilent('vehicle', true);
    void api.publish('a');
    void vehicle.publish('b', { topic: 'evt' });
    await runTo(30_000);
    broker.setSilent('vehicle', false);
    await runTo(200_000);
    expect(vehicle.seen).toEqual(['30000 a', '30010 took b']);
    expect(api.seen).toEqual(['120 took a']);
  });

  it('keeps the newest of what waits for a session that is away, as many as it may', async () => {
    const { vehicle, api, runTo } = await openPair({ waitingMaxOf: () => 3 });
    vehicle.connection.cut();
    await runTo(200);
    for (const payload of ['1', '2', '3', '4', '5']) void api.publish(payload);
    await runTo(300);
    vehicle.connection.reconnect();
    await runTo(400);
    expect(vehicle.seen).toEqual(['100 lost: cut', '320 resumes', '320 3', '320 4', '320 5']);
  });

  it('acknowledges a publisher outside once the subscribers in its own process have handled the message', async () => {
    async function outcome(handle: () => Promise<void>) {
      const { loop, client, runTo } = openBroker();
      const service = client(
        'service',
        {
          onMessage: async ({ payload }) => {
            service.note(payload);
            await new Promise<void>((resolve) => void loop.clock('service').setTimer(300, resolve));
            await handle();
          },
        },
        { embedded: true },
      );
      void service.connection.subscribe(['evt']);
      const vehicle = client('vehicle');
      await runTo(100);
      void vehicle.publish('a', { topic: 'evt' });
      await runTo(450);
      return [service.seen, vehicle.seen.slice(1)];
    }
    expect(await outcome(async () => {})).toEqual([['0 connects', '110 a'], ['420 took a']]);
    const broken = async () => {
      throw new Error('the database is away');
    };
    expect(await outcome(broken)).toEqual([
      ['0 connects', '110 a'],
      ['420 lost: a subscriber failed', '420 LinkClosed for a'],
    ]);
  });

  it('sends unacknowledged messages of a failed handler again after a reconnect', async () => {
    const { vehicle, api, runTo } = await openPair(
      {},
      {
        onMessage: async ({ payload }) => {
          vehicle.note(payload);
          if (vehicle.seen.length === 1) throw new Error('broken on purpose');
        },
      },
    );
    void api.publish('a');
    await runTo(30_000);
    expect(vehicle.seen.map((line) => line.replace(/^\d+ /, ''))).toEqual([
      'a',
      'lost: a message could not be handled',
      'resumes',
      'a',
    ]);
  });

  it('brings a message to others once the subscribers in its own process have handled it, and to no subscriber if they fail', async () => {
    async function outcome(fails: boolean) {
      const { loop, client, runTo } = openBroker();
      const service = client(
        'service',
        {
          onMessage: async () => {
            await new Promise<void>((resolve) => void loop.clock('service').setTimer(300, resolve));
            if (fails) throw new Error('the database is away');
          },
        },
        { embedded: true },
      );
      const monitor = client('monitor');
      for (const listener of [service, monitor]) void listener.connection.subscribe(['evt']);
      const vehicle = client('vehicle');
      await runTo(100);
      monitor.seen.length = 0;
      void vehicle.publish('a', { topic: 'evt', retain: true });
      await runTo(450);
      const newcomer = client('newcomer');
      void newcomer.connection.subscribe(['evt']);
      await runTo(600);
      return [monitor.seen, newcomer.seen];
    }
    expect(await outcome(false)).toEqual([['420 a'], ['470 connects', '490 a']]);
    expect(await outcome(true)).toEqual([[], ['470 connects']]);
  });

  it('answers a client that connects while it is down as soon as it is up', async () => {
    const { broker, client, runTo } = openBroker();
    broker.stop({ keepsSessions: false });
    const vehicle = client('vehicle');
    await runTo(5);
    broker.start();
    await runTo(100);
    expect(vehicle.seen).toEqual(['20 connects']);
  });

  it('shows a retained message on the connection that asked for it alone: it is no part of the session', async () => {
    const { api, vehicle, runTo } = await openPair(
      {},
      {
        onMessage: ({ payload }) => {
          vehicle.note(payload);
          return new Promise<void>(() => {});
        },
      },
    );
    void api.publish('kept', { topic: 'status', retain: true });
    await runTo(200);
    void vehicle.connection.subscribe(['status']);
    await runTo(300);
    vehicle.connection.cut();
    vehicle.connection.reconnect();
    await runTo(400);
    expect(vehicle.seen).toEqual(['220 kept', '300 lost: cut', '320 resumes']);
  });

  it('refuses by its rules: a client, a topic, a filter', async () => {
    const { client, runTo } = openBroker({
      rules: {
        admit: async ({ clientId }) => (clientId === 'stranger' ? 'credentials' : null),
        refusePublish: (_options, { topic }) => (topic === 'cmd' ? 'topic' : null),
        refuseSubscribe: (_options, filter) => (filter === '#' ? 'filter' : null),
      },
    });
    const stranger = client('stranger');
    const vehicle = client('vehicle');
    await runTo(100);
    void vehicle.publish('forged');
    let answer = '';
    vehicle.connection.subscribe(['#']).catch((error: unknown) => {
      answer = String(error);
    });
    await runTo(400);
    expect([stranger.connection.connected, stranger.seen]).toEqual([false, []]);
    expect(vehicle.seen.slice(0, 3)).toEqual([
      '20 connects',
      '120 lost: refused to publish: topic',
      '120 LinkClosed for forged',
    ]);
    await runTo(60_000);
    expect(answer).toBe('Error: the broker refused #');
  });
});
