import type { Clock } from '../../shared/ports/clock.ts';
import type { DeviceLink, LinkConnection, LinkMessage } from '../../shared/ports/device-link.ts';
import { parseTopic } from '../../shared/protocol/topics.ts';
import type { BrokerMessage } from '../reports/evidence.ts';
import type { FaultBook } from './fault-book.ts';

/** What passes between vehicles and broker, seen from both ends, with the test case's faults in between. */
export function newWire(deps: {
  readonly clock: Clock;
  readonly book: FaultBook;
  readonly onWire: (topic: string, payload: string) => void;
}) {
  const { clock, book } = deps;
  const seen = new Map<string, { -readonly [Name in keyof BrokerMessage]: BrokerMessage[Name] }>();
  let held = 0;

  function note(topic: string, payload: string): void {
    if (topic.endsWith('/telemetry')) return;
    const key = `${topic}\n${payload}`;
    if (!seen.has(key)) seen.set(key, { at: clock.now(), topic, payload, takenAt: null });
    deps.onWire(topic, payload);
  }

  function noteTaken(topic: string, payload: string): void {
    const known = seen.get(`${topic}\n${payload}`);
    if (known) known.takenAt ??= clock.now();
  }

  async function publish(connection: LinkConnection, message: LinkMessage): Promise<void> {
    // Without a connection no message leaves, so none is recorded.
    if (connection.connected) note(message.topic, message.payload);
    await connection.publish(message);
    noteTaken(message.topic, message.payload);
  }

  /** A message that is held keeps what comes after it waiting, as a slow uplink does. */
  function later<T>(delayMs: number, work: () => T | Promise<T>): Promise<T> {
    if (delayMs === 0) return Promise.resolve(work());
    held += 1;
    return new Promise<T>((resolve, reject) => {
      clock.setTimer(delayMs, () => {
        held -= 1;
        Promise.resolve().then(work).then(resolve, reject);
      });
    });
  }

  async function send(connection: LinkConnection, said: LinkMessage): Promise<void> {
    if (said.topic.endsWith('/telemetry')) return connection.publish(said);
    const message = { ...said, payload: book.heardStatus(said.topic, said.payload) };
    const [first, ...copies] = book.fromVehicle(message.topic, message.payload);
    // Lost between vehicle and broker: the vehicle believes that it was taken.
    if (first === undefined) return;
    for (const delayMs of copies) {
      void later(delayMs, () => publish(connection, message)).catch(() => {});
    }
    await later(first, () => publish(connection, message));
  }

  return {
    /** The vehicles' way to the broker. */
    vehicles: (link: DeviceLink): DeviceLink => ({
      open(options) {
        const connection = link.open({
          ...options,
          async onMessage(message) {
            for (const delayMs of book.toVehicle(message.topic, message.payload)) {
              const arrive = () => options.onMessage(message);
              if (delayMs === 0) await arrive();
              else void later(delayMs, arrive);
            }
          },
        });
        return withPublish(connection, (message) => send(connection, message));
      },
    }),
    /** The API IoT's way to the broker. */
    service: (link: DeviceLink): DeviceLink => ({
      open(options) {
        const connection = link.open(options);
        return withPublish(connection, (message) => {
          const topic = parseTopic(message.topic);
          if (topic) book.noteCommand(topic.vin, message.payload);
          return publish(connection, message);
        });
      },
    }),
    messages: (): BrokerMessage[] => [...seen.values()],
    /** Messages that are still on their way. */
    held: () => held,
  };
}

function withPublish(connection: LinkConnection, publish: LinkConnection['publish']): LinkConnection {
  return {
    get connected() {
      return connection.connected;
    },
    publish,
    subscribe: (filters) => connection.subscribe(filters),
    cut: () => connection.cut(),
    reconnect: () => connection.reconnect(),
    close: () => connection.close(),
  };
}
