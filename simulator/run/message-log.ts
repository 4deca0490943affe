import type { Clock } from '../../shared/ports/clock.ts';
import type { DeviceLink, LinkConnection, LinkMessage, LinkOptions } from '../../shared/ports/device-link.ts';
import type { BrokerMessage } from '../reports/evidence.ts';

/** Message that passed a vehicle's end of the connection; a listener may delay it. */
export type OnVehicleMessage = (direction: 'to' | 'from', topic: string) => void | Promise<void>;

/** Called with each message that a vehicle or a tapped service publishes, but for telemetry. */
export type OnPublish = (topic: string, payload: string) => void;

/** Who has seen a message. */
type Source = 'broker' | 'service' | 'vehicle';

/** Enough for 100,000 vehicles that each get and answer a few commands. */
const keptMax = 1_000_000;

/**
 * Log of MQTT messages from two sources: a subscriber at the broker with an account of its own, and the vehicles'
 * connections. The first misses messages while a broker is down or starts; the second misses commands that no vehicle
 * received. A message of both is kept once, from the first source. Telemetry is left out. In virtual time the connection of
 * the API IoT can stand for the subscriber (`tapService`), and costs no messages of its own.
 */
export function newMessageLog(
  clock: Clock,
  onVehicleMessage: OnVehicleMessage = () => {},
  onPublish: OnPublish = () => {},
) {
  const seen = new Map<string, { -readonly [Name in keyof BrokerMessage]: BrokerMessage[Name] }>();
  let dropped = 0;

  function note(topic: string, payload: string, by: Source, isTaken: boolean): void {
    if (topic.endsWith('/telemetry')) return;
    const key = `${topic}\n${payload}`;
    let known = seen.get(key);
    const at = clock.now();
    if (!known) {
      if (seen.size >= keptMax) {
        dropped += 1;
        return;
      }
      known = { at, topic, payload, takenAt: null, atVehicle: false };
      seen.set(key, known);
    }
    if (isTaken) known.takenAt ??= at;
    if (by === 'vehicle') known.atVehicle = true;
  }

  const tapped = (connection: LinkConnection, by: Exclude<Source, 'broker'>): LinkConnection => ({
    get connected() {
      return connection.connected;
    },
    subscribe: (filters) => connection.subscribe(filters),
    cut: () => connection.cut(),
    reconnect: () => connection.reconnect(),
    close: () => connection.close(),
    async publish(message: LinkMessage) {
      const { topic, payload } = message;
      if (connection.connected) {
        note(topic, payload, by, false);
        if (!topic.endsWith('/telemetry')) onPublish(topic, payload);
      }
      const published = connection.publish(message);
      if (by === 'vehicle') void onVehicleMessage('from', topic);
      await published;
      note(topic, payload, by, true);
    },
  });

  return {
    /** Link of the vehicles to the broker, with recording. */
    tap: (link: DeviceLink): DeviceLink => ({
      open: (options: LinkOptions) =>
        tapped(
          link.open({
            ...options,
            onMessage(message) {
              note(message.topic, message.payload, 'vehicle', true);
              const held = onVehicleMessage('to', message.topic);
              return held instanceof Promise
                ? held.then(() => options.onMessage(message))
                : options.onMessage(message);
            },
          }),
          'vehicle',
        ),
    }),
    /** Link of the API IoT to the broker: what it publishes is recorded as a subscriber at the broker would. */
    tapService: (link: DeviceLink): DeviceLink => ({
      open: (options: LinkOptions) => tapped(link.open(options), 'service'),
    }),
    /**
     * Subscribes at the broker; resolves once it is subscribed, and subscribes again after every reconnect. Open it before
     * the first vehicle.
     */
    listen(
      link: DeviceLink,
      account: { username: string; password: string },
    ): Promise<{ close(): Promise<void> }> {
      return new Promise((resolve, reject) => {
        const connection = link.open({
          ...account,
          clientId: 'monitor',
          cleanSession: true,
          keepAliveSeconds: 60,
          onMessage: ({ topic, payload }) => note(topic, payload, 'broker', true),
        });
        connection
          .subscribe(['vehicles/+/cmd/configure', 'vehicles/+/evt/result', 'vehicles/+/evt/status'])
          .then(() => resolve(connection), reject);
      });
    },
    messages: (): BrokerMessage[] => [...seen.values()],
    /** Messages that came after the limit was reached, and were not kept. */
    dropped: () => dropped,
  };
}
