import { Readable } from 'node:stream';
import type { IClientOptions } from 'mqtt';
import type { LinkOptions } from '../ports/device-link.ts';

const connectTimeoutMs = 10_000;

/** Returns the options of mqtt.js for one connection: it does not reconnect, and keeps no messages for the next connection. */
export function clientOptions(options: LinkOptions): IClientOptions {
  return {
    protocolVersion: 4,
    clientId: options.clientId,
    username: options.username,
    password: options.password,
    clean: options.cleanSession,
    keepalive: options.keepAliveSeconds,
    ...(options.will ? { will: { ...options.will, payload: Buffer.from(options.will.payload) } } : {}),
    reconnectPeriod: 0,
    connectTimeout: connectTimeoutMs,
    resubscribe: false,
    queueQoSZero: false,
    reschedulePings: true,
    incomingStore: noStore,
    outgoingStore: noStore,
  };
}

type Store = NonNullable<IClientOptions['outgoingStore']>;

/** Keeps nothing, for all connections: no message outlives the connection that it was published on. */
const noStore = {
  put(_packet: unknown, done: () => void) {
    done();
    return noStore;
  },
  createStream: () => Readable.from([]),
  del(packet: unknown, done: (error: Error | null, packet: unknown) => void) {
    done(null, packet);
    return noStore;
  },
  get(_packet: unknown, done: (error: Error) => void) {
    done(new Error('nothing is stored'));
    return noStore;
  },
  close(done: () => void) {
    done();
  },
} as unknown as Store;
