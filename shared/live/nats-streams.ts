import {
  AckPolicy,
  type ConsumerConfig,
  DeliverPolicy,
  DiscardPolicy,
  type JetStreamManager,
  type Placement,
  ReplayPolicy,
  RetentionPolicy,
  StorageType,
  type StreamConfig,
} from '@nats-io/jetstream';
import { nanos } from '@nats-io/transport-node';
import type { ConsumeOptions } from '../ports/bus.ts';
import type { NatsNames } from '../protocol/nats-names.ts';
import {
  duplicateWindowMs,
  eventMaxAgeMs,
  type StreamDefinition,
  streamMaxMessages,
  streams,
} from '../protocol/subjects.ts';

/** API error codes of the server for what is not there, or is there already. */
export const streamNotFound = 10059;
const streamNameInUse = 10058;
const consumerNotFound = 10014;

/**
 * A stream that is created again while the server still removes its files comes out broken (seen on 2.9.10): wait this long
 * after a stream or consumer was deleted before creating it.
 */
export const deletionMs = 500;

export function pause(delayMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, delayMs));
}

/** Where and how a NATS cluster or account keeps the streams. */
export interface StreamStorage {
  /** Copies in a cluster; 1 leaves a stream that exists as it is. */
  readonly replicas: number;
  /** Of each stream; 0 is no limit. */
  readonly maxBytes: number;
  readonly placement: { readonly cluster: string | null; readonly tags: readonly string[] };
}

export const plainStorage: StreamStorage = {
  replicas: 1,
  maxBytes: 0,
  placement: { cluster: null, tags: [] },
};

/** Whose streams they are, and how they are kept. */
export interface StreamSettings {
  readonly storage: StreamStorage;
  readonly names: NatsNames;
  /** The installation that owns the streams; null neither marks them nor minds whose they are. */
  readonly installation: string | null;
}

/** The streams of this name belong to another installation: its work would be taken, and ours by it. */
export class StreamsOfAnother extends Error {
  override readonly name = 'StreamsOfAnother';

  constructor(stream: string, owner: string) {
    super(
      `the stream ${stream} belongs to another installation of Fleetwake (${owner}): give this one a prefix of its own with --nats-prefix (NATS_PREFIX), or a NATS of its own`,
    );
  }
}

/**
 * Creates both streams, or changes them to what they should be, and reads back what the server made of it: an old
 * server takes options that it does not know and ignores them without a word. Rejects with `StreamsOfAnother` before it changes
 * a stream of another installation.
 */
export async function ensureStreams(manager: JetStreamManager, settings: StreamSettings): Promise<void> {
  for (const stream of Object.values(streams)) await ensureStream(manager, stream, settings);
}

/** Deletes both streams with their messages. */
export async function deleteStreams(manager: JetStreamManager, names: NatsNames): Promise<void> {
  for (const { name } of Object.values(streams))
    await orMissing(manager.streams.delete(names.stream(name)), streamNotFound);
}

/** Deletes a stream whose files are gone, and creates it anew: what it held is lost. */
export async function recreateStream(
  manager: JetStreamManager,
  name: string,
  settings: StreamSettings,
): Promise<void> {
  await orMissing(manager.streams.delete(settings.names.stream(name)), streamNotFound);
  await pause(deletionMs);
  await ensureStreams(manager, settings);
}

async function ensureStream(
  manager: JetStreamManager,
  definition: StreamDefinition,
  { storage, names, installation }: StreamSettings,
): Promise<void> {
  const name = names.stream(definition.name);
  const mark = installation === null ? {} : { description: ownerMark(installation) };
  const wanted = { ...streamConfig(definition, names), ...storageConfig(storage), ...mark };
  const known = await orMissing(manager.streams.info(name), streamNotFound);
  refuseOther(name, known?.config.description, installation);
  if (known === null) await created(manager, { name, num_replicas: 1, ...wanted });
  else if (differences(wanted, known.config).length > 0) {
    const { retention, storage: _, ...changeable } = wanted;
    await manager.streams.update(name, changeable);
  } else return;
  const made = await manager.streams.info(name);
  refuseOther(name, made.config.description, installation);
  complain(`stream ${name}`, differences(wanted, made.config));
}

/** Another process may create it at the same moment: who owns it then is read back. */
async function created(manager: JetStreamManager, config: Parameters<JetStreamManager['streams']['add']>[0]) {
  try {
    await manager.streams.add(config);
  } catch (error) {
    if ((error as { code?: unknown }).code !== streamNameInUse) throw error;
  }
}

/** The owner stands in the description, which every server keeps; a server before 2.10 drops a stream's metadata. */
const ownerMark = (installation: string) => `Fleetwake installation ${installation}`;

/** A stream without a mark is one of an older version: who finds it first owns it. */
function refuseOther(name: string, description: string | undefined, installation: string | null): void {
  const [, owner] = /^Fleetwake installation (\S+)$/.exec(description ?? '') ?? [];
  if (installation !== null && owner !== undefined && owner !== installation)
    throw new StreamsOfAnother(name, owner);
}

function streamConfig(definition: StreamDefinition, names: NatsNames) {
  const isQueue = definition.retention === 'workqueue';
  return {
    subjects: definition.subjects.map(names.subject),
    retention: isQueue ? RetentionPolicy.Workqueue : RetentionPolicy.Limits,
    storage: StorageType.File,
    duplicate_window: nanos(duplicateWindowMs),
    max_age: isQueue ? 0 : nanos(eventMaxAgeMs),
    max_msgs: streamMaxMessages,
    // A full queue rejects the publish; only the sweep would find a wake-up that was dropped.
    discard: isQueue ? DiscardPolicy.New : DiscardPolicy.Old,
  } satisfies Partial<StreamConfig>;
}

/** Only what was asked for: an operator may have changed the rest. */
function storageConfig({ replicas, maxBytes, placement: { cluster, tags } }: StreamStorage) {
  // The server takes either alone; its types ask for both.
  const placement = {
    ...(cluster ? { cluster } : {}),
    ...(tags.length > 0 ? { tags: [...tags] } : {}),
  } as Placement;
  return {
    ...(replicas > 1 ? { num_replicas: replicas } : {}),
    ...(maxBytes > 0 ? { max_bytes: maxBytes } : {}),
    ...(Object.keys(placement).length > 0 ? { placement } : {}),
  };
}

/** Creates the durable consumer, or changes it to what it should be, and reads back what the server made of it. */
export async function ensureConsumer(manager: JetStreamManager, options: ConsumeOptions): Promise<void> {
  const { stream, durable } = options;
  const wanted = {
    filter_subject: options.subject,
    ack_policy: AckPolicy.Explicit,
    ack_wait: nanos(options.ackWaitMs),
    // Messages that wait for the delay of a nak count as pending: the default of 1,000 would hold back all others.
    max_ack_pending: -1,
    max_deliver: -1,
  } satisfies Partial<ConsumerConfig>;
  const known = await orMissing(manager.consumers.info(stream, durable), consumerNotFound);
  if (known !== null && differences(wanted, known.config).length === 0) return;
  if (known === null) {
    await manager.consumers.add(stream, {
      durable_name: durable,
      deliver_policy: DeliverPolicy.All,
      replay_policy: ReplayPolicy.Instant,
      ...wanted,
    });
  } else {
    const { ack_policy, ...changeable } = wanted;
    await manager.consumers.update(stream, durable, changeable);
  }
  const made = await manager.consumers.info(stream, durable);
  complain(`consumer ${durable} of ${stream}`, differences(wanted, made.config));
}

/** Names of the options whose value the server has differently. An option that it left out has the value 0. */
function differences(wanted: object, made: object): string[] {
  const actual = made as Record<string, unknown>;
  return Object.entries(wanted)
    .filter(([option, value]) => JSON.stringify(actual[option] ?? 0) !== JSON.stringify(value))
    .map(([option, value]) => `${option} is ${JSON.stringify(actual[option])}, not ${JSON.stringify(value)}`);
}

function complain(what: string, found: readonly string[]): void {
  if (found.length > 0)
    throw new Error(`NATS did not take the configuration of ${what}: ${found.join('; ')}`);
}

async function orMissing<T>(asked: Promise<T>, missingCode: number): Promise<T | null> {
  try {
    return await asked;
  } catch (error) {
    if ((error as { code?: unknown }).code === missingCode) return null;
    throw error;
  }
}
