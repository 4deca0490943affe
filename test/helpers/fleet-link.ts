import {
  type DeviceLink,
  LinkClosed,
  type LinkMessage,
  type LinkOptions,
} from '../../shared/ports/device-link.ts';

export interface FleetLink extends DeviceLink {
  /** What the service handed to the broker, in order. */
  readonly published: LinkMessage[];
  readonly subscribed: string[][];
  /** Called for each publish, after it was recorded: a vehicle that answers. */
  onPublish: (message: LinkMessage) => void | Promise<void>;
  up(sessionPresent?: boolean): void;
  down(): void;
  /** Brings a message to the service and waits until it has taken it. */
  bring(topic: string, payload: unknown, retain?: boolean): Promise<void>;
}

/** A broker of one client, in the test's hand. Up from the start unless told otherwise. */
export function fleetLink(initiallyUp = true): FleetLink {
  let options: LinkOptions | null = null;
  let connected = initiallyUp;
  const link: FleetLink = {
    published: [],
    subscribed: [],
    onPublish: () => undefined,
    open(opened) {
      options = opened;
      if (connected) opened.onConnect?.({ sessionPresent: false });
      return {
        get connected() {
          return connected;
        },
        async publish(message) {
          if (!connected) throw new LinkClosed('the link is down');
          link.published.push(message);
          await link.onPublish(message);
        },
        async subscribe(filters) {
          link.subscribed.push([...filters]);
        },
        cut: () => link.down(),
        reconnect: () => link.up(),
        async close() {
          connected = false;
          options = null;
        },
      };
    },
    up(sessionPresent = true) {
      connected = true;
      options?.onConnect?.({ sessionPresent });
    },
    down() {
      connected = false;
      options?.onDisconnect?.('test');
    },
    async bring(topic, payload, retain = false) {
      const text = typeof payload === 'string' ? payload : JSON.stringify(payload);
      await options?.onMessage({ topic, payload: text, qos: 1, retain });
    },
  };
  return link;
}
