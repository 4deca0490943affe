import type { Failure } from '../activation/failure.ts';
import type { SystemicCause } from '../store/systemic-causes.ts';
import { isGatewayBusy } from './refusal.ts';

/** What this failure would be, should enough calls fail with it; null for a failure of one vehicle or one request. */
export function systemicCauseOf(failure: Failure): SystemicCause | null {
  const { category, code } = failure;
  if (isGatewayBusy(failure)) return null;
  switch (category) {
    case 'authorization_failure':
      return code === 'missing-scope' ? 'forbidden' : 'credentials_refused';
    case 'unknown_vehicle':
      return 'unknown_vehicles';
    case 'api_iot_error':
      return code === 'key-in-flight' || code === 'key-mismatch' ? null : 'server_errors';
    case 'transient_network':
    case 'timeout':
      return 'unreachable';
    default:
      return null;
  }
}

/** The calls of all vehicles that are looked at. */
export interface CallOutcome {
  readonly vin: string;
  readonly kind: 'read' | 'configure';
  /** Null when the API IoT did its work. */
  readonly cause: SystemicCause | null;
}

/** Calls in a row that a refusal needs. */
const rowMin = 3;
/** Share, calls and vehicles that a temporary failure needs, for a single vehicle's bad moment is no incident. */
const storm = { share: 0.5, calls: 20, vehicles: 10 } as const;

/**
 * Whether the calls, the newest last, show that the newest one failed for the whole fleet. All vehicles share a credential:
 * three refusals in a row, of any request, prove that it is wrong. Other refusals need three vehicles in a row with the same
 * kind of call.
 */
export function isSystemic(calls: readonly CallOutcome[]): boolean {
  const newest = calls.at(-1);
  if (!newest || newest.cause === null) return false;
  const { cause, kind } = newest;
  const alike = calls.filter((call) => call.kind === kind);
  if (cause === 'server_errors' || cause === 'unreachable') {
    const failed = alike.filter((call) => call.cause === cause);
    const isMost = failed.length >= storm.share * alike.length;
    return isMost && failed.length >= storm.calls && vehiclesOf(failed) >= storm.vehicles;
  }
  if (cause === 'credentials_refused' && lastRow(calls, cause).length >= rowMin) return true;
  return vehiclesOf(lastRow(alike, cause)) >= rowMin;
}

/** The calls at the end that failed with this cause, without another outcome between them. */
function lastRow(calls: readonly CallOutcome[], cause: SystemicCause): readonly CallOutcome[] {
  return calls.slice(calls.findLastIndex((call) => call.cause !== cause) + 1);
}

function vehiclesOf(calls: readonly CallOutcome[]): number {
  return new Set(calls.map(({ vin }) => vin)).size;
}
