import type { Transaction } from 'kysely';
import type { ReportedFeature } from '../../shared/protocol/device-messages.ts';
import type { StatusReading } from './device-reading.ts';
import { insertConnection } from './store/connections.ts';
import type { ApiIotSchema, TwinRow } from './store/schema.ts';
import { saveTwin } from './store/vehicles.ts';
import { heardTwin, knownTwin } from './twin.ts';

/**
 * Returns the features after a status. A fresh one is the vehicle's word and replaces what was known, also downward (a
 * lost feature). A retained one may be older than a result that came after it: it never lowers a version. A feature that
 * could not be read keeps what was known of it.
 */
function mergeStatus(
  known: readonly ReportedFeature[],
  status: Pick<StatusReading, 'unreadFeatures'> & { readonly features: readonly ReportedFeature[] },
  retained: boolean,
): readonly ReportedFeature[] {
  const merged = status.features.map((feature) => {
    if (!retained) return feature;
    const before = known.find((candidate) => candidate.feature === feature.feature);
    return before !== undefined && before.version > feature.version ? before : feature;
  });
  const named = new Set(merged.map(({ feature }) => feature));
  const unread = known.filter(
    ({ feature }) => status.unreadFeatures.includes(feature) && !named.has(feature),
  );
  return [...merged, ...unread];
}

/** Records a status. Only a fresh `online: true` proves that the vehicle spoke just now: a will and a retained one are old. */
export async function applyStatus(
  transaction: Transaction<ApiIotSchema>,
  status: StatusReading,
  retained: boolean,
  now: number,
  wallAheadMs = 0,
): Promise<void> {
  const fresh = status.online && !retained;
  const before = await (fresh
    ? heardTwin(transaction, status.vin, status.clock, now, wallAheadMs)
    : knownTwin(transaction, status.vin));
  const known = before.reported === null ? null : (JSON.parse(before.reported) as ReportedFeature[]);
  const { features: given } = status;
  const features =
    given === undefined ? known : mergeStatus(known ?? [], { ...status, features: given }, retained);
  const twin: TwinRow = {
    ...before,
    online: status.online ? 1 : 0,
    model: status.model ?? before.model,
    firmware: status.firmware ?? before.firmware,
    reported: features === null ? null : JSON.stringify(features),
  };
  await saveTwin(transaction, twin);
  if (twin.online === before.online) return;
  const reason = status.online ? 'connected' : reasonOf(status, before, wallAheadMs);
  await insertConnection(transaction, status.vin, { at: now, online: status.online, reason });
}

/**
 * Returns why a vehicle is offline. A last will was written when the vehicle connected, so its clock is not later than the one of the
 * status that followed; a vehicle that announces its disconnect writes its clock of now.
 */
function reasonOf(
  { clock }: StatusReading,
  before: TwinRow,
  wallAheadMs: number,
): 'disconnected' | 'connection_lost' {
  if (clock === null || before.last_seen_at === null || before.clock_skew_ms === null)
    return 'connection_lost';
  const lastClock = before.last_seen_at + wallAheadMs + before.clock_skew_ms;
  return clock > lastClock ? 'disconnected' : 'connection_lost';
}
