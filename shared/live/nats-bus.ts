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
import { type NatsNames, natsNames, standardPrefix } from '../protocol/nats-names.ts';
import { streamOf } from '../protocol/subjects.ts';
import { type JetStreamRemedy, remedyOf } from './jetstream-errors.ts';
import { type LiveConsumption, PullConsumption, within } from './nats-consumption.ts';
import { type LinkState, linkState } from './nats-link-state.ts';
import {
  deleteStreams,
  deletionMs,
  ensureConsumer,
  ensureStreams,
  pause,
  plainStorage,
  recreateStream,
  type StreamSettings,
  type StreamStorage,
  StreamsOfAnother,
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
  /** Of the streams and subjects; default `fleetwake`. */
  readonly prefix?: string;
  /** Returns the installation that owns the streams, asked once NATS answers. Default: the streams have no owner. */
  readonly installation?: () => Promise<string>;
  readonly log: Log;
}

/**
 * The bus on NATS JetStream. Creates the streams, and again when the server lost them. Reconnects for ever once it was
 * connected; the first connection must succeed, else `BusUnavailable` says why. Rejects with `StreamsOfAnother` where the streams of
 * this prefix belong to another installation.
 */
export async function openNatsBus(options: NatsBusOptions): Promise<Bus> {
  const { storage = plainStorage, prefix = standardPrefix, installation } = options;
  const names = natsNames(prefix);
  const connection = await connectTo(options);
  const { manager, settings } = await prepared(connection, options.url, async () => ({
    ...{ storage, names },
    installation: installation ? await installation() : null,
  }));
  const { log } = options;
  const link = linkState(acknowledgementTimeoutMs);
  const repairs = {
    create: () => ensureStreams(manager, settings),
    recreate: (stream: string) => recreateStream(manager, stream, settings),
  };
  const publishing = publisher({ connection, names, repairs, link, log });
  const consumptions = new Set<LiveConsumption & { abandon(): void }>();
  void followStatus(connection, log, link, () => {
    publishing.reconnected();
    for (const consumption of consumptions) consumption.recover();
  });
  return {
    publish: publishing.publish,
    problem: () => link.problem() ?? publishing.problem(),
    async consume(consumeOptions, handle) {
      const named = {
        ...consumeOptions,
        stream: names.stream(consumeOptions.stream),
        subject: names.subject(consumeOptions.subject),
      };
      const prepare = async (remedy: JetStreamRemedy) => {
        await (remedy === 'recreate' ? repairs.recreate(consumeOptions.stream) : repairs.create());
        await ensureConsumer(manager, named);
      };
      await prepare('create');
      const consumption = new PullConsumption({ connection, log, prepare }, named, (delivery) =>
        handle({ ...delivery, subject: names.plainSubject(delivery.subject) }),
      );
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

/** Deletes the streams of a prefix with their messages, for a removed installation. */
export async function removeStreams(
  options: Pick<NatsBusOptions, 'url' | 'log'> & { readonly prefix: string },
): Promise<void> {
  const connection = await connectTo(options);
  try {
    const manager = await jetstreamManager(connection, { timeout: acknowledgementTimeoutMs });
    await deleteStreams(manager, natsNames(options.prefix));
  } finally {
    await connection.close();
  }
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
  settingsOf: () => Promise<StreamSettings>,
): Promise<{ manager: JetStreamManager; settings: StreamSettings }> {
  const settings = await settingsOf().catch(async (error: unknown) => {
    await connection.close();
    throw error;
  });
  try {
    const manager = await jetstreamManager(connection, { timeout: acknowledgementTimeoutMs });
    await ensureStreams(manager, settings);
    return { manager, settings };
  } catch (error) {
    await connection.close();
    if (error instanceof StreamsOfAnother) throw error;
    throw new BusUnavailable(`JetStream at ${maskedAddress(url)} cannot be used: ${reasonOf(error)}`, {
      cause: error,
    });
  }
}

interface Repairs {
  create(): Promise<void>;
  recreate(stream: string): Promise<void>;
}

interface Publishing {
  readonly publish: Bus['publish'];
  /** Why the newest publish failed; null when it did not, or the connection has come back since. */
  problem(): string | null;
  reconnected(): void;
}

/** Many publishes share the connection without waiting for each other's acknowledgement. */
function publisher({
  connection,
  names,
  repairs,
  link,
  log,
}: {
  readonly connection: NatsConnection;
  readonly names: NatsNames;
  readonly repairs: Repairs;
  readonly link: LinkState;
  readonly log: Log;
}): Publishing {
  const client = jetstream(connection, { timeout: acknowledgementTimeoutMs });
  const takePlace = places();
  const outcome = publishOutcome(log);
  let repairing: Promise<void> | null = null;

  /** One repair for all publishes that met the same error. */
  const repair = (work: () => Promise<void>) => {
    repairing ??= pause(deletionMs)
      .then(work)
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
      await client.publish(names.subject(subject), payload, {
        headers,
        ...(messageId ? { msgID: messageId } : {}),
      });
    });
  }

  async function publishWithRepair(subject: string, payload: string, options: PublishOptions): Promise<void> {
    for (let tried = 1; ; tried += 1) {
      try {
        await publishOnce(subject, payload, options);
        outcome.succeeded();
        return;
      } catch (error) {
        const remedy = remedyOf(error);
        const isRepairable = remedy === 'create' || remedy === 'recreate';
        if (!isRepairable || tried === publishTries) {
          outcome.failed(reasonOf(error), remedy);
          throw new BusUnavailable(`NATS did not acknowledge a message on ${subject}: ${reasonOf(error)}`, {
            cause: error,
          });
        }
        // Another process may have recreated it: only what fails again after a pause is deleted.
        const isSure = remedy === 'recreate' && tried > 1;
        if (isSure)
          log.error('bus.stream_recreated', { stream: streamOf(subject).name, reason: reasonOf(error) });
        const work = isSure ? () => repairs.recreate(streamOf(subject).name) : repairs.create;
        await repair(work).catch(() => {});
      }
    }
  }

  return {
    problem: outcome.problem,
    reconnected: outcome.reconnected,
    async publish(subject, payload, options = {}) {
      streamOf(subject);
      const releasePlace = await takePlace();
      try {
        await publishWithRepair(subject, payload, options);
      } finally {
        releasePlace();
      }
    },
  };
}

/** Keeps how the newest publish ended, and logs each change once, however many publishes fail. */
function publishOutcome(log: Log) {
  let problem: string | null = null;
  let failures = 0;
  let isPassing = false;
  return {
    problem: () => problem,
    /** What failed for want of a connection says nothing about the new one; what the server refused stays known. */
    reconnected() {
      if (isPassing) problem = null;
    },
    succeeded() {
      if (problem !== null) log.info('bus.publishes_again', { failures });
      problem = null;
      failures = 0;
    },
    failed(reason: string, remedy: JetStreamRemedy) {
      failures += 1;
      if (problem === null)
        log[remedy === 'report' ? 'error' : 'warn']('bus.publish_failed', { reason, remedy });
      problem = reason;
      isPassing = remedy === 'retry';
    },
  };
}

/** Hands out places for publishes under way, in the order of asking. */
function places(): () => Promise<() => void> {
  const waiting: (() => void)[] = [];
  let taken = 0;
  const release = () => {
    const next = waiting.shift();
    // A publish that ends gives its place to the next one, so the count stays.
    if (next) next();
    else taken -= 1;
  };
  return async () => {
    if (taken < outstandingMax) taken += 1;
    else if (waiting.length >= waitingMax) {
      throw new BusUnavailable(`${waitingMax} messages already wait to be published`);
    } else await new Promise<void>((resolve) => waiting.push(resolve));
    return release;
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
