import type { PruneRule } from '../../retention/rule.ts';
import type { ApiIotSchema } from './schema.ts';

/** What of the API IoT's database is removed. */
export const apiIotRules: readonly (PruneRule & { readonly table: keyof ApiIotSchema })[] = [
  {
    table: 'commands',
    age: 'commands',
    key: ['id'],
    inOrderOf: 'accepted_at',
    since: 'ended_at',
    when: `commands.state <> 'accepted'`,
    condition: 'ended',
  },
  {
    table: 'callbacks',
    age: 'parked',
    key: ['id'],
    since: 'parked_at',
    condition: 'parked',
  },
  {
    table: 'connections',
    age: 'connections',
    key: ['vin', 'n'],
    since: 'at',
    condition: 'beside it the newest 100 of a vehicle',
  },
  {
    table: 'telemetry_samples',
    age: 'telemetry',
    key: ['vin', 'slot'],
    since: 'at',
    condition: 'beside it the newest `--telemetry-samples` of a vehicle',
  },
  {
    table: 'idempotency_keys',
    age: 'expired',
    key: ['expires_at'],
    inOrderOf: 'expires_at',
    since: 'expires_at',
    condition: '24 h after the request',
  },
];

/** Tables from which nothing is removed, and why. */
export const apiIotKept = {
  vehicles: 'register',
  twins: 'one row a vehicle',
  telemetry: 'one row a vehicle',
  desired_features: 'one row a vehicle and feature: versions must not begin again',
  processes: 'one row a process',
  pruning: 'one row',
} as const satisfies Partial<Record<keyof ApiIotSchema, string>>;
