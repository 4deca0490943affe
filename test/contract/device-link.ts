import { afterEach, describe, expect, it } from 'vitest';
import {
  type DeviceLink,
  LinkClosed,
  type LinkConnection,
  type LinkMessage,
  type LinkOptions,
} from '../../shared/ports/device-link.ts';
import { until } from '../helpers/until.ts';

export interface OpenedLink {
  readonly link: DeviceLink;
  /** The suite's clients may publish and subscribe anything below this, without a slash at its end. */
  readonly root: string;
  /** Credentials for a client of the suite; any, if the broker accepts every client. */
  credentials(clientId: string): { readonly username: string; readonly password: string };
}

interface Client {
  readonly connection: LinkConnection;
  readonly received: LinkMessage[];
  readonly connects: boolean[];
  readonly disconnects: string[];
  texts(): string[];
}

/** What every `DeviceLink` owes its callers. `open` is asked once a test, for one and the same broker. */
export function describeDeviceLink(name: string, open: () => Promise<OpenedLink>): void {
  describe(`device link: ${name}`, () => {
    const connections: LinkConnection[] = [];
    const run = Math.random().toString(36).slice(2, 8);
    let testNumber = 0;
    let opened: OpenedLink;
    const topic = (rest: string) => `${opened.root}/${run}-${testNumber}/${rest}`;
    const message = (rest: string, payload: string, more: Partial<LinkMessage> = {}): LinkMessage => ({
      topic: topic(rest),
      payload,
      qos: 1,
      retain: false,
      ...more,
    });

    function test(title: string, work: () => Promise<void>): void {
      it(title, async () => {
        testNumber += 1;
        opened = await open();
        await work();
      });
    }

    afterEach(async () => {
      await Promise.all(connections.splice(0).map((connection) => connection.close()));
    });

    async function connect(id: string, overrides: Partial<LinkOptions> = {}): Promise<Client> {
      const received: LinkMessage[] = [];
      const connects: boolean[] = [];
      const disconnects: string[] = [];
      const clientId = `${run}-${testNumber}-${id}`;
      const connection = opened.link.open({
        clientId,
        ...opened.credentials(clientId),
        cleanSession: true,
        keepAliveSeconds: 30,
        onMessage: (delivered) => {
          received.push(delivered);
        },
        onConnect: ({ sessionPresent }) => connects.push(sessionPresent),
        onDisconnect: (reason) => disconnects.push(reason),
        ...overrides,
      });
      connections.push(connection);
      await until(() => connects.length === 1, `${id} connects`);
      const texts = () => received.map(({ payload }) => payload);
      return { connection, received, connects, disconnects, texts };
    }

    test('delivers QoS 1 and QoS 0 messages with topic and payload, in the order of publishing', async () => {
      const listener = await connect('listener');
      await listener.connection.subscribe([topic('+/evt/#')]);
      const speaker = await connect('speaker');
      await speaker.connection.publish(message('v1/evt/result', '{"text":"grün"}'));
      await speaker.connection.publish(message('v1/cmd/configure', 'not subscribed'));
      for (let count = 0; count < 20; count += 1) {
        await speaker.connection.publish(message('v1/evt/result', `${count}`));
      }
      await speaker.connection.publish(message('v2/evt/status', 'qos 0', { qos: 0 }));
      await until(() => listener.received.length === 22, 'all arrive');
      expect(listener.received[0]).toEqual(message('v1/evt/result', '{"text":"grün"}'));
      expect(listener.texts().slice(1, 21)).toEqual(Array.from({ length: 20 }, (_, count) => `${count}`));
      expect(listener.received[21]).toEqual(message('v2/evt/status', 'qos 0', { qos: 0 }));
    });

    test('delivers a retained message to later subscribers, with the retain flag', async () => {
      const speaker = await connect('speaker');
      await speaker.connection.publish(message('status', 'old', { retain: true }));
      await speaker.connection.publish(message('status', 'new', { retain: true }));
      const listener = await connect('listener');
      await listener.connection.subscribe([topic('status')]);
      await until(() => listener.received.length === 1, 'the retained message arrives');
      expect(listener.received).toEqual([message('status', 'new', { retain: true })]);
      await speaker.connection.publish(message('status', '', { retain: true }));
    });

    test('publishes the will when a client is cut off', async () => {
      const listener = await connect('listener');
      await listener.connection.subscribe([topic('status')]);
      const vehicle = await connect('vehicle', { will: message('status', 'offline') });
      vehicle.connection.cut();
      expect(vehicle.connection.connected).toBe(false);
      await until(() => listener.received.length === 1, 'the will arrives');
      expect(listener.received).toEqual([message('status', 'offline')]);
    });

    test('gives a retained message once for each filter of a subscription that matches', async () => {
      const speaker = await connect('speaker');
      await speaker.connection.publish(message('evt/status', 'on', { retain: true }));
      const listener = await connect('listener');
      await listener.connection.subscribe([topic('evt/#'), topic('evt/status')]);
      await until(() => listener.received.length === 2, 'it arrives for both');
      await speaker.connection.publish(message('evt/last', 'last'));
      await until(() => listener.texts().includes('last'), 'a later message arrives');
      expect(listener.texts()).toEqual(['on', 'on', 'last']);
      await speaker.connection.publish(message('evt/status', '', { retain: true }));
    });

    test('disconnects after its requests are answered, and publishes no last will', async () => {
      const listener = await connect('listener');
      await listener.connection.subscribe([topic('evt')]);
      const vehicle = await connect('vehicle');
      const said = vehicle.connection.publish(message('evt', 'the last word'));
      await vehicle.connection.close();
      await said;
      await until(() => listener.received.length === 1, 'it arrives');
      expect([listener.texts(), vehicle.disconnects]).toEqual([['the last word'], []]);
    });

    test('publishes no last will after a DISCONNECT', async () => {
      const listener = await connect('listener');
      await listener.connection.subscribe([topic('status')]);
      const vehicle = await connect('vehicle', { will: message('status', 'offline') });
      await vehicle.connection.close();
      const speaker = await connect('speaker');
      await speaker.connection.publish(message('status', 'last'));
      await until(() => listener.texts().includes('last'), 'a later message arrives');
      expect(listener.texts()).toEqual(['last']);
    });

    test('stays away after a cut, then comes back to its session and gets what was sent meanwhile', async () => {
      const vehicle = await connect('vehicle', { cleanSession: false });
      expect(vehicle.connects).toEqual([false]);
      await vehicle.connection.subscribe([topic('cmd')]);
      vehicle.connection.cut();
      const speaker = await connect('speaker');
      await speaker.connection.publish(message('cmd', 'meanwhile 1'));
      await speaker.connection.publish(message('cmd', 'meanwhile 2'));
      expect(vehicle.connects).toEqual([false]);
      vehicle.connection.reconnect();
      await until(() => vehicle.received.length === 2, 'both arrive after the reconnect');
      expect(vehicle.texts()).toEqual(['meanwhile 1', 'meanwhile 2']);
      expect(vehicle.connects).toEqual([false, true]);
      await speaker.connection.publish(message('cmd', 'afterwards'));
      await until(() => vehicle.received.length === 3, 'the session goes on');
    });

    test('finds its session again from another connection with the same id', async () => {
      const first = await connect('vehicle', { cleanSession: false });
      await first.connection.subscribe([topic('cmd')]);
      await first.connection.close();
      const speaker = await connect('speaker');
      await speaker.connection.publish(message('cmd', 'asleep'));
      const second = await connect('vehicle', { cleanSession: false });
      await until(() => second.received.length === 1, 'it arrives');
      expect([second.connects, second.texts()]).toEqual([[true], ['asleep']]);
    });

    test('gives what waited without the mark of a retained message, whichever it was', async () => {
      const vehicle = await connect('vehicle', { cleanSession: false });
      await vehicle.connection.subscribe([topic('cmd')]);
      vehicle.connection.cut();
      const speaker = await connect('speaker');
      await speaker.connection.publish(message('cmd', 'kept', { retain: true }));
      vehicle.connection.reconnect();
      await until(() => vehicle.received.length === 1, 'it arrives');
      expect(vehicle.received).toEqual([message('cmd', 'kept')]);
      await speaker.connection.publish(message('cmd', '', { retain: true }));
    });

    test('loses nothing for a session with two filters that match', async () => {
      let isStuck: boolean = true;
      const seen: string[] = [];
      const vehicle = await connect('vehicle', {
        cleanSession: false,
        onMessage: async ({ payload }) => {
          seen.push(payload);
          if (isStuck) await new Promise(() => {});
        },
      });
      await vehicle.connection.subscribe([topic('cmd/#'), topic('cmd/configure')]);
      const speaker = await connect('speaker');
      const payloads = ['1', '2', '3'];
      await Promise.all(
        payloads.map((payload) => speaker.connection.publish(message('cmd/configure', payload))),
      );
      await until(() => new Set(seen).size === 3, 'all arrive');
      isStuck = false;
      seen.length = 0;
      vehicle.connection.cut();
      vehicle.connection.reconnect();
      await until(() => new Set(seen).size === 3, 'all arrive again');
      // A copy for each filter is allowed.
      expect([...new Set(seen)]).toEqual(payloads);
    });

    test('subscribes anew when the broker forgot the session', async () => {
      const vehicle = await connect('vehicle', { cleanSession: true });
      await vehicle.connection.subscribe([topic('cmd')]);
      vehicle.connection.cut();
      vehicle.connection.reconnect();
      await until(() => vehicle.connects.length === 2, 'it reconnects');
      expect(vehicle.connects).toEqual([false, false]);
      const speaker = await connect('speaker');
      await until(async () => {
        await speaker.connection.publish(message('cmd', 'again'));
        return vehicle.texts().includes('again');
      }, 'a message arrives');
    });

    test('takes a subscription while it is away, and makes it when it is back', async () => {
      const vehicle = await connect('vehicle');
      vehicle.connection.cut();
      const subscribed = vehicle.connection.subscribe([topic('cmd')]);
      vehicle.connection.reconnect();
      await subscribed;
      const speaker = await connect('speaker');
      await speaker.connection.publish(message('cmd', 'here'));
      await until(() => vehicle.received.length === 1, 'it arrives');
    });

    test('fails a publish with LinkClosed while it is away, and one whose link drops under it', async () => {
      const vehicle = await connect('vehicle');
      const dropped = Array.from({ length: 50 }, (_, count) =>
        vehicle.connection.publish(message('evt', `${count}`)).then(
          () => 'taken',
          (error: unknown) => (error instanceof LinkClosed ? 'unknown' : String(error)),
        ),
      );
      vehicle.connection.cut();
      expect(await Promise.all(dropped)).toEqual(Array.from({ length: 50 }, () => 'unknown'));
      await expect(vehicle.connection.publish(message('evt', 'x'))).rejects.toBeInstanceOf(LinkClosed);
      vehicle.connection.reconnect();
      await until(() => vehicle.connection.connected, 'it is back');
      await vehicle.connection.publish(message('evt', 'after'));
    });

    test('delivers again, once it is back, a message whose handler had not finished', async () => {
      let isStuck: boolean = true;
      const seen: string[] = [];
      const vehicle = await connect('vehicle', {
        cleanSession: false,
        onMessage: async ({ payload }) => {
          seen.push(payload);
          if (isStuck) await new Promise(() => {});
        },
      });
      await vehicle.connection.subscribe([topic('cmd')]);
      const speaker = await connect('speaker');
      await speaker.connection.publish(message('cmd', 'a'));
      await until(() => seen.length === 1, 'it arrives');
      isStuck = false;
      vehicle.connection.cut();
      vehicle.connection.reconnect();
      await until(() => seen.length === 2, 'it arrives again');
      expect(seen).toEqual(['a', 'a']);
    });

    test('lets a handler publish on its own link and wait for the broker', async () => {
      const answered: string[] = [];
      const vehicle: Client = await connect('vehicle', {
        onMessage: async ({ payload }) => {
          await vehicle.connection.publish(message('evt', `answer to ${payload}`));
          answered.push(payload);
        },
      });
      await vehicle.connection.subscribe([topic('cmd')]);
      const speaker = await connect('speaker');
      for (const payload of ['1', '2', '3']) await speaker.connection.publish(message('cmd', payload));
      await until(() => answered.length === 3, 'all are answered');
    });

    test('replaces a connection by a second one with the same id', async () => {
      const first = await connect('vehicle');
      await connect('vehicle');
      await until(() => first.disconnects.length > 0, 'the first is thrown out');
      await first.connection.close();
    });
  });
}
