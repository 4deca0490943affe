import { expect, test } from 'vitest';
import type { DeviceLink, LinkOptions } from '../../shared/ports/device-link.ts';
import { LinkClosed } from '../../shared/ports/device-link.ts';
import { newMessageLog } from '../../simulator/run/message-log.ts';
import { manualClock } from '../helpers/manual-clock.ts';

/** A link whose broker is played by the test: what is published waits until it says yes or no. */
function playedLink() {
  const opened: LinkOptions[] = [];
  const publishes: { accept(): void; drop(): void }[] = [];
  const link: DeviceLink = {
    open(options) {
      opened.push(options);
      return {
        connected: true,
        publish: () =>
          new Promise((resolve, reject) => {
            publishes.push({ accept: resolve, drop: () => reject(new LinkClosed('gone')) });
          }),
        subscribe: async () => {},
        cut() {},
        reconnect() {},
        close: async () => {},
      };
    },
  };
  return { link, opened, publishes };
}

const message = (topic: string, payload: string) => ({ topic, payload, qos: 1 as const, retain: false });
const options = { clientId: 'v', username: 'v', password: 'p', cleanSession: false, keepAliveSeconds: 1 };
const account = { username: 'monitor', password: 'p' };
const [command, result] = ['vehicles/V/cmd/configure', 'vehicles/V/evt/result'];

test('the message log keeps a message from both sources once, as the first source recorded it', async () => {
  const clock = manualClock();
  const messageLog = newMessageLog(clock);
  const vehicles = playedLink();
  const monitor = playedLink();
  await messageLog.listen(monitor.link, account);
  const startedAt = clock.now();
  messageLog.tap(vehicles.link).open({ ...options, onMessage() {} });
  await monitor.opened[0]?.onMessage(message(command, 'one'));
  await monitor.opened[0]?.onMessage(message(command, 'two'));
  await clock.advance(10);
  await vehicles.opened[0]?.onMessage(message(command, 'one'));
  await vehicles.opened[0]?.onMessage(message('vehicles/V/telemetry', 'three'));
  expect(messageLog.messages()).toEqual([
    { at: startedAt, topic: command, payload: 'one', takenAt: startedAt, atVehicle: true },
    { at: startedAt, topic: command, payload: 'two', takenAt: startedAt, atVehicle: false },
  ]);
});

test('the message log dates a vehicle’s message by its sending, and keeps it only after the broker’s acknowledgement', async () => {
  const clock = manualClock();
  const moments: string[] = [];
  const messageLog = newMessageLog(clock, (direction, topic) => void moments.push(`${direction} ${topic}`));
  const { link, publishes } = playedLink();
  const connection = messageLog.tap(link).open({ ...options, onMessage() {} });
  const at = clock.now();
  const first = connection.publish(message(result, 'lost'));
  const second = connection.publish(message(result, 'taken'));
  await clock.advance(5);
  publishes[0]?.drop();
  publishes[1]?.accept();
  await expect(first).rejects.toThrow(LinkClosed);
  await second;
  expect(messageLog.messages()).toEqual([
    { at, topic: result, payload: 'lost', takenAt: null, atVehicle: true },
    { at, topic: result, payload: 'taken', takenAt: at + 5, atVehicle: true },
  ]);
  expect(moments).toEqual([`from ${result}`, `from ${result}`]);
});

test('the message log records what the API IoT publishes as the broker would have it', async () => {
  const clock = manualClock();
  const published: string[] = [];
  const messageLog = newMessageLog(
    clock,
    () => {},
    (topic, payload) => void published.push(`${topic} ${payload}`),
  );
  const { link, publishes } = playedLink();
  const connection = messageLog.tapService(link).open({ ...options, onMessage() {} });
  const at = clock.now();
  const sent = connection.publish(message(command, 'one'));
  expect(messageLog.messages()).toEqual([
    { at, topic: command, payload: 'one', takenAt: null, atVehicle: false },
  ]);
  await clock.advance(5);
  publishes[0]?.accept();
  await sent;
  expect(messageLog.messages()).toEqual([
    { at, topic: command, payload: 'one', takenAt: at + 5, atVehicle: false },
  ]);
  void connection.publish(message('vehicles/V/telemetry', 'two'));
  expect(published).toEqual([`${command} one`]);
});
