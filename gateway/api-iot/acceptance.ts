import type { Clock } from '../../shared/ports/clock.ts';
import type { Database } from '../../shared/ports/database.ts';
import type { Ids } from '../../shared/ports/ids.ts';
import type { ConfigureRequest } from '../../shared/protocol/api-iot.ts';
import type { FeatureTarget, ReportedFeature } from '../../shared/protocol/device-messages.ts';
import type { IdempotencyStore, KeyClaim, KeyUse } from '../http/idempotency-store.ts';
import { commandResource, historyPath } from './command-resource.ts';
import { type Quota, type QuotaLimits, quotaOf, windowStart } from './quota.ts';
import { insertCommand, listAcceptances, raiseDesired } from './store/commands.ts';
import type { ApiIotSchema, CommandRow } from './store/schema.ts';
import { lockVehicle } from './store/vehicles.ts';

export interface Order {
  readonly vin: string;
  readonly clientId: string;
  readonly request: ConfigureRequest;
  readonly use: KeyUse | null;
  readonly traceparent: string | undefined;
}

export type Verdict =
  | { readonly kind: 'accepted'; readonly command: CommandRow; readonly quota: Quota }
  /** The key is known: a replay, another request under it, or one still under way. */
  | { readonly kind: 'key'; readonly claim: KeyClaim }
  | { readonly kind: 'unknown_vehicle' }
  | { readonly kind: 'incompatible'; readonly features: readonly string[] }
  | { readonly kind: 'quota'; readonly quota: Quota };

export interface AcceptanceDeps {
  readonly database: Database<ApiIotSchema>;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly keys: IdempotencyStore;
  readonly limits: QuotaLimits;
  readonly commandTimeoutMs: number;
}

/** Seconds after which polling makes sense. */
const pollAfterSeconds = 1;

/** The features asked for that the vehicle's hardware lacks; none while the vehicle has not reported. */
function missingFeatures(reported: readonly ReportedFeature[] | null, request: ConfigureRequest): string[] {
  if (reported === null) return [];
  const known = new Set(reported.map(({ feature }) => feature));
  return request.features.map(({ feature }) => feature).filter((feature) => !known.has(feature));
}

function newCommand(deps: AcceptanceDeps, order: Order, features: FeatureTarget[], now: number): CommandRow {
  const { request } = order;
  return {
    id: deps.ids.next('cmd'),
    vin: order.vin,
    client_id: order.clientId,
    reference: request.reference,
    key: order.use?.key ?? null,
    state: 'accepted',
    features: JSON.stringify(features),
    display: request.display === undefined ? null : JSON.stringify(request.display),
    callback_url: request.callbackUrl ?? null,
    traceparent: order.traceparent ?? null,
    accepted_at: now,
    expires_at: now + deps.commandTimeoutMs,
    ended_at: null,
    results: null,
    late: 0,
    clock: null,
  };
}

/** The first answer to the request, and every replay's. */
export function acceptedAnswer(command: CommandRow) {
  const headers = { location: historyPath(command.vin, command.id), 'retry-after': String(pollAfterSeconds) };
  return { status: 202, headers, body: JSON.stringify(commandResource(command)) };
}

/**
 * Accepts a command or says why not, in one transaction: key, quota, version, desired state and command are durable
 * together or not at all. A refusal leaves nothing behind, so its key may be used again and its quota is not spent.
 */
export function accept(deps: AcceptanceDeps, order: Order): Promise<Verdict> {
  const { database, keys, limits } = deps;
  const { vin, use, request } = order;
  return database.write(async (transaction): Promise<Verdict> => {
    const now = deps.clock.now();
    if (use !== null) {
      const claim = await keys.claimKey(transaction, use, now);
      if (claim.kind !== 'new') return { kind: 'key', claim };
    }
    const refuse = async (verdict: Verdict) => {
      if (use !== null) await keys.releaseKey(transaction, use);
      return verdict;
    };
    const vehicle = await lockVehicle(transaction, database.dialect, vin);
    if (vehicle === null) return refuse({ kind: 'unknown_vehicle' });
    const reported = vehicle.reported === null ? null : (JSON.parse(vehicle.reported) as ReportedFeature[]);
    const missing = missingFeatures(reported, request);
    if (missing.length > 0) return refuse({ kind: 'incompatible', features: missing });
    const acceptances = await listAcceptances(transaction, vin, windowStart(now, limits), limits.limit);
    if (acceptances.length >= limits.limit)
      return refuse({ kind: 'quota', quota: quotaOf(acceptances, limits) });
    const features: FeatureTarget[] = [];
    for (const { feature, target, parameters } of request.features) {
      const reportedVersion = reported?.find((one) => one.feature === feature)?.version ?? 0;
      const version = await raiseDesired(transaction, { vin, feature, state: target }, reportedVersion);
      features.push({ feature, target, version, ...(parameters === undefined ? {} : { parameters }) });
    }
    const command = newCommand(deps, order, features, now);
    await insertCommand(transaction, command);
    if (use !== null) await keys.storeAnswer(transaction, use, acceptedAnswer(command));
    return { kind: 'accepted', command, quota: quotaOf([now, ...acceptances], limits) };
  });
}
