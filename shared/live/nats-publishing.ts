import { jetstream } from '@nats-io/jetstream';
import { type NatsConnection, headers as newHeaders } from '@nats-io/transport-node';
import { type Bus, BusUnavailable, type PublishOptions } from '../ports/bus.ts';
import type { Log } from '../ports/log.ts';
import type { NatsNames } from '../protocol/nats-names.ts';
import { streamOf } from '../protocol/subjects.ts';
import { type JetStreamRemedy, remedyOf } from './jetstream-errors.ts';
import { reasonOf } from './nats-connection.ts';
import type { LinkState } from './nats-link-state.ts';
import { deletionMs, pause } from './nats-streams.ts';

/** Publishes without an answer yet; further ones wait for their turn. */
const outstandingMax = 1_000;
/** Publishes that may wait for their turn; further ones are refused. */
const waitingMax = 100_000;
export const acknowledgementTimeoutMs = 5_000;
/** Tries of one publish while the streams come back after NATS lost its data. */
const publishTries = 4;

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
export function publisher({
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
  const repair = sharedRepair();

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

/** Returns one repair for all publishes that met the same error. */
function sharedRepair(): (work: () => Promise<void>) => Promise<void> {
  let repairing: Promise<void> | null = null;
  return (work) => {
    repairing ??= pause(deletionMs)
      .then(work)
      .finally(() => {
        repairing = null;
      });
    return repairing;
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
