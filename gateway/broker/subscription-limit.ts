import type { Client } from 'aedes';
import type { Principal } from './access.ts';

/** Filters that one SUBSCRIBE or UNSUBSCRIBE packet may carry, and that one session may hold. */
interface FilterLimit {
  readonly perPacket: number;
  readonly perSession: number;
}

/** A vehicle needs one filter, the API IoT three. */
export const filterLimits: Readonly<Record<Principal['role'], FilterLimit>> = {
  vehicle: { perPacket: 8, perSession: 16 },
  service: { perPacket: 32, perSession: 64 },
  monitor: { perPacket: 32, perSession: 64 },
};

/** Before the credentials are checked the role is unknown: then the largest limit holds. */
const perPacketMax = Math.max(...Object.values(filterLimits).map(({ perPacket }) => perPacket));

/** Refused filters after which a connection is closed, so that refusals cost a client its connection. */
const refusedMax = 32;

/** The part of Aedes' client that its types leave out. */
interface ParsedClient {
  readonly _parser: { prependListener(event: 'packet', listener: (packet: ParsedPacket) => void): unknown };
}

interface ParsedPacket {
  cmd: string;
  readonly subscriptions?: readonly unknown[];
  readonly unsubscriptions?: readonly unknown[];
}

/** Counts the filters of each connection. A connection that passes a packet's limit or is refused too often ends. */
export class SubscriptionLimit {
  readonly #granted = new WeakMap<object, Set<string>>();
  readonly #refused = new WeakMap<object, number>();
  readonly #roleOf: (client: Client) => Principal['role'] | undefined;

  constructor(roleOf: (client: Client) => Principal['role'] | undefined) {
    this.#roleOf = roleOf;
  }

  /** Ends the connection at the first packet with too many filters, before the broker looks at one of them. */
  watch(client: Client, onRefused: () => void): void {
    const { _parser: parser } = client as unknown as ParsedClient;
    parser.prependListener('packet', (packet) => {
      const count = packet.subscriptions?.length ?? packet.unsubscriptions?.length ?? 0;
      const role = this.#roleOf(client);
      if (count <= (role === undefined ? perPacketMax : filterLimits[role].perPacket)) return;
      onRefused();
      // A packet that Aedes does not know: it closes the connection.
      packet.cmd = 'refused';
    });
  }

  /** False when the session holds as many filters as its role may. */
  grant(client: Client, role: Principal['role'], filter: string): boolean {
    const granted = this.#granted.get(client) ?? new Set();
    this.#granted.set(client, granted);
    if (!granted.has(filter) && granted.size >= filterLimits[role].perSession) return false;
    granted.add(filter);
    return true;
  }

  isGranted(client: object, filter: string): boolean {
    return this.#granted.get(client)?.has(filter) ?? false;
  }

  release(client: object, filters: readonly string[]): void {
    for (const filter of filters) this.#granted.get(client)?.delete(filter);
  }

  /** Counts a refused filter; true when the connection has to end. */
  countRefused(client: object): boolean {
    const count = (this.#refused.get(client) ?? 0) + 1;
    this.#refused.set(client, count);
    return count >= refusedMax;
  }
}
