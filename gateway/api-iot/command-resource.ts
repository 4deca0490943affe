import type { CommandResource } from '../../shared/protocol/api-iot.ts';
import type { FeatureResult, FeatureTarget } from '../../shared/protocol/device-messages.ts';
import type { CommandRow } from './store/schema.ts';

export const featuresOf = (row: CommandRow): FeatureTarget[] => JSON.parse(row.features) as FeatureTarget[];

/** The command as callers see it: the vehicle's parameters and display texts stay inside. */
export function commandResource(row: CommandRow): CommandResource {
  return {
    id: row.id,
    vin: row.vin,
    reference: row.reference,
    key: row.key,
    state: row.state,
    features: featuresOf(row).map(({ feature, target, version }) => ({ feature, target, version })),
    acceptedAt: row.accepted_at,
    expiresAt: row.expires_at,
    endedAt: row.ended_at,
    results: row.results === null ? null : (JSON.parse(row.results) as FeatureResult[]),
    late: row.late === 1,
    clock: row.clock,
  };
}

export const historyPath = (vin: string, commandId: string) => `/vehicle/${vin}/history/${commandId}`;
