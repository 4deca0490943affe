import { type Clock, wallAheadMs } from '../../shared/ports/clock.ts';
import type { Database } from '../../shared/ports/database.ts';
import type { LinkMessage } from '../../shared/ports/device-link.ts';
import { silentTracing, type Tracing } from '../../shared/ports/tracing.ts';
import { parseTopic, topics } from '../../shared/protocol/topics.ts';
import { traceparentOf } from '../../shared/protocol/traceparent.ts';
import { spanned } from '../../shared/tracing/traced-ports.ts';
import { type LeftOut, type Reading, readResult, readStatus, readTelemetry } from './device-reading.ts';
import type { Ending } from './endings.ts';
import { messageSpan } from './message-span.ts';
import { applyStatus } from './presence.ts';
import type { RefusalReason, Refusals } from './refusals.ts';
import { applyResult } from './results.ts';
import { hasVehicle, type Shard } from './shard.ts';
import type { ApiIotSchema } from './store/schema.ts';
import { findVehicle, markOnline } from './store/vehicles.ts';
import type { TelemetryStore } from './telemetry.ts';
import type { VehicleQueue } from './vehicle-queue.ts';

/** The longest payload taken from the broker, in characters. */
const payloadMax = 64 * 1024;

export interface IngestDeps {
  readonly database: Database<ApiIotSchema>;
  readonly clock: Clock;
  readonly refusals: Refusals;
  readonly queue: VehicleQueue;
  readonly telemetry: TelemetryStore;
  readonly onEnded: (endings: readonly Ending[]) => void;
  /** Called when a vehicle comes online, or reports it for the first time since the link came up. */
  readonly onOnline: (vin: string) => void;
  /** See `ApiIotConfig`. */
  readonly hasWillsOfAllSessions: boolean;
  readonly shard: Shard;
  /** Absent: nothing is recorded. */
  readonly tracing?: Tracing;
}

export interface Ingest {
  /** Resolves when the message is durable or refused; rejects only when the database does. */
  take(message: LinkMessage): Promise<void>;
  /** The link came up anew: what was known of presence and of the broker's memory is stale. */
  forgetPresence(): void;
}

type Parsed<T> =
  | { readonly ok: true; readonly value: T; readonly leftOut: LeftOut }
  | { readonly ok: false; readonly reason: RefusalReason };

/** Returns what is usable of the payload, when it is of the VIN of its topic. */
function parse<T extends { vin: string }>(
  read: (json: unknown) => Reading<T>,
  payload: string,
  vin: string,
): Parsed<T> {
  if (payload.length > payloadMax) return { ok: false, reason: 'too_large' };
  let json: unknown;
  try {
    json = JSON.parse(payload);
  } catch {
    return { ok: false, reason: 'not_json' };
  }
  const reading = read(json);
  if (reading === null) return { ok: false, reason: 'wrong_shape' };
  return reading.value.vin === vin ? { ok: true, ...reading } : { ok: false, reason: 'wrong_vin' };
}

/** Takes everything that comes from the broker. Nothing behind it meets an unchecked value. */
export function newIngest(deps: IngestDeps): Ingest {
  const {
    database,
    clock,
    refusals,
    queue,
    telemetry,
    hasWillsOfAllSessions,
    tracing = silentTracing,
  } = deps;
  const knownVins = new Set<string>();
  const online = new Set<string>();
  /** Vehicles whose last status was a will that any of their sessions may have left. */
  const doubtful = new Set<string>();

  async function isKnown(vin: string): Promise<boolean> {
    if (knownVins.has(vin)) return true;
    const exists = (await findVehicle(database.reader, vin)) !== null;
    if (exists) knownVins.add(vin);
    return exists;
  }

  async function takeResult(payload: string, vin: string): Promise<RefusalReason | null> {
    const parsed = parse(readResult, payload, vin);
    if (!parsed.ok) return parsed.reason;
    refusals.leaveOut(parsed.leftOut, topics.result(vin));
    const save = () =>
      database.write((transaction) =>
        applyResult(transaction, parsed.value, clock.now(), wallAheadMs(clock)),
      );
    const parent = tracing.isOn ? traceparentOf(parsed.value.traceparent) : undefined;
    const verdict = await (parent === undefined
      ? save()
      : spanned(tracing, messageSpan('result', 'process', parent), save));
    if (verdict.kind === 'ended') deps.onEnded([verdict.ending]);
    return verdict.kind === 'refused' ? verdict.reason : null;
  }

  async function takeStatus(payload: string, vin: string, retained: boolean): Promise<RefusalReason | null> {
    const parsed = parse(readStatus, payload, vin);
    if (!parsed.ok) return parsed.reason;
    refusals.leaveOut(parsed.leftOut, topics.status(vin));
    const status = parsed.value;
    await database.write((transaction) =>
      applyStatus(transaction, status, retained, clock.now(), wallAheadMs(clock)),
    );
    if (!status.online) {
      online.delete(vin);
      if (hasWillsOfAllSessions) doubtful.add(vin);
      return null;
    }
    doubtful.delete(vin);
    if (!retained) becameOnline(vin);
    return null;
  }

  function becameOnline(vin: string): void {
    if (online.has(vin)) return;
    online.add(vin);
    deps.onOnline(vin);
  }

  /** A broker publishes a will after every message of its session: a later one is of another session, which is up. */
  async function heardAfterWill(vin: string): Promise<void> {
    if (!doubtful.has(vin)) return;
    const wasOffline = await database.write((transaction) => markOnline(transaction, vin, clock.now()));
    doubtful.delete(vin);
    if (wasOffline) becameOnline(vin);
  }

  function takeTelemetry(payload: string, vin: string): RefusalReason | null {
    const parsed = parse(readTelemetry, payload, vin);
    if (!parsed.ok) return parsed.reason;
    refusals.leaveOut(parsed.leftOut, topics.telemetry(vin));
    telemetry.heard(parsed.value);
    return null;
  }

  async function takeFrom(vin: string, channel: string, message: LinkMessage): Promise<RefusalReason | null> {
    if (!(await isKnown(vin))) return 'unknown_vehicle';
    if (message.isUtf8 === false) return 'not_utf8';
    switch (channel) {
      case 'result':
      case 'telemetry': {
        const take = channel === 'result' ? takeResult : takeTelemetry;
        const reason = await take(message.payload, vin);
        if (reason === null && !message.retain) await heardAfterWill(vin);
        return reason;
      }
      case 'status':
        return takeStatus(message.payload, vin, message.retain);
      default:
        return 'unknown_topic';
    }
  }

  return {
    async take(message) {
      const topic = parseTopic(message.topic);
      if (topic === null) return refusals.refuse('unknown_topic', message.topic);
      // Another process gets it as well, and handles it.
      if (!hasVehicle(deps.shard, topic.vin)) return;
      const taken = await queue.run(topic.vin, async () => {
        const reason = await takeFrom(topic.vin, topic.channel, message);
        if (reason !== null) refusals.refuse(reason, message.topic);
      });
      if (!taken) refusals.refuse('overload', message.topic);
    },
    forgetPresence: () => online.clear(),
  };
}
