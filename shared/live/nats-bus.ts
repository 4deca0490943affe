import { readFile } from 'node:fs/promises';
import { type JetStreamManager, jetstream, jetstreamManager } from '@nats-io/jetstream';
import {
  connect,
  credsAuthenticator,
  type NatsConnection,
  type NodeConnectionOptions,
  headers as newHeaders,
} from '@nats-io/transport-node';
import { type Bus, BusUnavailable, type PublishOptions } from '../ports/bus.ts';
import type { Log } from '../ports/log.ts';
import { maskedAddress } from '../protocol/address.ts';
import { streamOf } from '../protocol/subjects.ts';
import { type LiveConsumption, PullConsumption, within } from './nats-consumption.ts';
import {
  deletionMs,
  ensureConsumer,
  ensureStreams,
  pause,
  plainStorage,
  type StreamStorage,
} from './nats-streams.ts';

/** Publishes without an answer yet; further ones wait for their turn. */
const outstandingMax = 1_000;
/** Publishes that may wait for their turn; further ones are refused. */
const waitingMax = 100_000;
const acknowledgementTimeoutMs = 5_000;
/** Tries of one publish while the streams come back after NATS lost its data. */
const publishTries = 4;
const flushMaxMs = 2_000;

export type NatsCredentials =
  | { readonly user: string; readonly password: string }
  | { readonly token: string }
  /** A file made by `nsc` (JWT and seed). */
  | { readonly credentialsFile: string };

export interface NatsBusOptions {
  /** `nats://127.0.0.1:4222`, several separated by commas; may hold `user:password@`. */
  readonly url: string;
  readonly credentials?: NatsCredentials;
  readonly storage?: StreamStorage;
  readonly log: Log;
}

/**
 * The bus on NATS JetStream. Creates the streams, and again when the server lost them. Reconnects for ever once it was
 * connected; the first connection must succeed, else `BusUnavailable` says why.
 */
export async function openNatsBus(options: NatsBusOptions): Promise<Bus> {
  const { storage = plainStorage } = options;
  const connection = await connectTo(options);
  const manager = await prepared(connection, options.url, storage);
  const { log } = options;
  const link = linkState();
  const publish = publisher(connection, () => ensureStreams(manager, storage), link);
  const consumptions = new Set<LiveConsumption & { abandon(): void }>();
  void followStatus(connection, log, link, () => {
    for (const consumption of consumptions) consumption.recover();
  });
  return {
    publish,
    async consume(consumeOptions, handle) {
      const prepare = async () => {
        await ensureStreams(manager, storage);
        await ensureConsumer(manager, consumeOptions);
      };
      await prepare();
      const consumption = new PullConsumption({ connection, log, prepare }, consumeOptions, handle);
      consumptions.add(consumption);
      return {
        async stop() {
          await consumption.stop();
          consumptions.delete(consumption);
        },
      };
    },
    async close() {
      for (const consumption of consumptions) consumption.abandon();
      if (!connection.isClosed()) await within(flushMaxMs, connection.flush());
      await connection.close();
    },
  };
}

async function connectTo({ url, credentials }: NatsBusOptions): Promise<NatsConnection> {
  const parsed = url
    .split(',')
    .map((part) => part.trim())
    .map((part) => new URL(part.includes('://') ? part : `nats://${part}`));
  const shown = maskedAddress(url);
  const first = parsed.find(({ username }) => username !== '');
  const authentication = credentials
    ? await authenticationOf(credentials)
    : first
      ? { user: decodeURIComponent(first.username), pass: decodeURIComponent(first.password) }
      : {};
  try {
    return await connect({
      servers: parsed.map((part) => part.host),
      ...authentication,
      ...(parsed.some((part) => part.protocol === 'tls:') ? { tls: {} } : {}),
      name: 'fleetwake',
      timeout: 5_000,
      maxReconnectAttempts: -1,
      // A NATS that restarts may refuse for a moment what it will accept again.
      ignoreAuthErrorAbort: true,
      reconnectTimeWait: 250,
      reconnectJitter: 250,
      pingInterval: 10_000,
      // Two stack traces for each publish cost more than the publish.
      noAsyncTraces: true,
    });
  } catch (error) {
    throw new BusUnavailable(`NATS at ${shown} cannot be used: ${reasonOf(error)}`, { cause: error });
  }
}

async function authenticationOf(credentials: NatsCredentials): Promise<Partial<NodeConnectionOptions>> {
  if ('token' in credentials) return { token: credentials.token };
  if ('user' in credentials) return { user: credentials.user, pass: credentials.password };
  return { authenticator: credsAuthenticator(await readFile(credentials.credentialsFile)) };
}

async function prepared(
  connection: NatsConnection,
  url: string,
  storage: StreamStorage,
): Promise<JetStreamManager> {
  try {
    const manager = await jetstreamManager(connection, { timeout: acknowledgementTimeoutMs });
    await ensureStreams(manager, storage);
    return manager;
  } catch (error) {
    await connection.close();
    throw new BusUnavailable(`JetStream at ${maskedAddress(url)} cannot be used: ${reasonOf(error)}`, {
      cause: error,
    });
  }
}

/** Many publishes share the connection without waiting for each other's acknowledgement. */
function publisher(connection: NatsConnection, ensure: () => Promise<void>, link: LinkState): Bus['publish'] {
  const client = jetstream(connection, { timeout: acknowledgementTimeoutMs });
  const takePlace = places();
  let repairing: Promise<void> | null = null;

  /** One repair for all publishes that met the same trouble. */
  const repair = () => {
    repairing ??= pause(deletionMs)
      .then(ensure)
      .finally(() => {
        repairing = null;
      });
    return repairing;
  };

  function publishOnce(subject: string, payload: string, options: PublishOptions): Promise<void> {
    const headers = newHeaders();
    for (const [name, value] of Object.entries(options.headers ?? {})) headers.set(name, value);
    const { messageId } = options;
    return link.whileConnected(async () => {
      await client.publish(subject, payload, { headers, ...(messageId ? { msgID: messageId } : {}) });
    });
  }

  async function publishWithRepair(subject: string, payload: string, options: PublishOptions): Promise<void> {
    for (let tried = 1; ; tried += 1) {
      try {
        await publishOnce(subject, payload, options);
        return;
      } catch (error) {
        // Nobody answers for the subject: the streams are gone, or not there yet after a restart.
        const isGone = (error as Error).name === 'JetStreamNotEnabled';
        if (!isGone || tried === publishTries) {
          throw new BusUnavailable(`NATS did not acknowledge a message on ${subject}: ${reasonOf(error)}`, {
            cause: error,
          });
        }
        await repair().catch(() => {});
      }
    }
  }

  return async (subject, payload, options = {}) => {
    streamOf(subject);
    const giveBack = await takePlace();
    try {
      await publishWithRepair(subject, payload, options);
    } finally {
      giveBack();
    }
  };
}

/** Hands out places for publishes under way, in the order of asking. */
function places(): () => Promise<() => void> {
  const waiting: (() => void)[] = [];
  let taken = 0;
  const giveBack = () => {
    const next = waiting.shift();
    // Whoever ends hands its place on, so the count stays.
    if (next) next();
    else taken -= 1;
  };
  return async () => {
    if (taken < outstandingMax) taken += 1;
    else if (waiting.length >= waitingMax) {
      throw new BusUnavailable(`${waitingMax} messages already wait to be published`);
    } else await new Promise<void>((resolve) => waiting.push(resolve));
    return giveBack;
  };
}

interface LinkState {
  /** Waits for the connection, up to 5 s, and rejects as soon as it drops: an acknowledgement would not come any more. */
  whileConnected(work: () => Promise<void>): Promise<void>;
  connected(): void;
  disconnected(): void;
}

/** What the client library holds back while it is disconnected may be lost, so nothing is handed to it then. */
function linkState(): LinkState {
  let isConnected = true;
  const underWay = new Set<(reason: Error) => void>();
  const waiting = new Set<() => void>();

  const connection = () =>
    new Promise<void>((resolve, reject) => {
      const go = () => {
        clearTimeout(timer);
        waiting.delete(go);
        resolve();
      };
      const timer = setTimeout(() => {
        waiting.delete(go);
        reject(new Error('not connected'));
      }, acknowledgementTimeoutMs);
      waiting.add(go);
    });

  return {
    async whileConnected(work) {
      if (!isConnected) await connection();
      await new Promise<void>((resolve, reject) => {
        underWay.add(reject);
        work()
          .then(resolve, reject)
          .finally(() => underWay.delete(reject));
      });
    },
    connected() {
      isConnected = true;
      for (const go of waiting) go();
    },
    disconnected() {
      isConnected = false;
      for (const reject of underWay) reject(new Error('the connection dropped'));
    },
  };
}

async function followStatus(
  connection: NatsConnection,
  log: Log,
  link: LinkState,
  onReconnect: () => void,
): Promise<void> {
  for await (const status of connection.status()) {
    if (status.type === 'disconnect') {
      link.disconnected();
      log.warn('bus.disconnected', { server: status.server });
    }
    if (status.type === 'reconnect') {
      link.connected();
      log.info('bus.reconnected', { server: status.server });
      onReconnect();
    }
    if (status.type === 'error') log.error('bus.server_error', { error: String(status.error) });
  }
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause instanceof Error && error.cause.message ? ` (${error.cause.message})` : '';
  return `${error.message || error.name}${cause}`;
}
