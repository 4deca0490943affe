import { commandResource } from '../../../gateway/api-iot/command-resource.ts';
import type { CommandResource } from '../../../shared/protocol/api-iot.ts';
import type { TestCaseSystem } from '../../check/test-case-system.ts';
import type { VehicleSnapshot } from '../../fleet/vehicle-snapshot.ts';
import type { DatabaseEvidence } from '../../reports/evidence.ts';
import { entryOf } from '../../stand-ins/payments/ledger.ts';
import type { LedgerEntry } from '../../stand-ins/payments/ledger-rules.ts';

/** Everything that a virtual system holds at one moment, as plain data; the tables are those of the evidence. */
export interface MomentState {
  readonly database: DatabaseEvidence;
  readonly ledger: readonly LedgerEntry[];
  /** Commands that the API IoT has accepted. */
  readonly commands: readonly CommandResource[];
  readonly vehicles: readonly VehicleSnapshot[];
  readonly queues: {
    /** Activations whose wake-up is in NATS, oldest first. */
    readonly wakeUps: readonly string[];
    /** MQTT client → messages that wait for it at the broker. */
    readonly mqtt: Readonly<Record<string, number>>;
    /** Calls without an answer yet, and since when. */
    readonly calls: readonly { readonly name: string; readonly sinceMs: number }[];
  };
}

const orders: { readonly [Name in keyof DatabaseEvidence]: string } = {
  customers: 'id',
  purchases: 'id',
  activations: 'id',
  entitlements: 'id',
  record: 'seq',
  notices: 'id',
  tickets: 'id',
};

/** Reads the system between two events. Nothing of it changes by that. */
export function stateOf(system: TestCaseSystem): MomentState {
  const { stores, startedAt, loop, stream, broker, fleet } = system;
  const rows = <Name extends keyof DatabaseEvidence>(name: Name) =>
    stores.platform.read<DatabaseEvidence[Name][number]>(`select * from ${name} order by ${orders[name]}`);
  const database: DatabaseEvidence = {
    customers: rows('customers'),
    purchases: rows('purchases'),
    activations: rows('activations'),
    entitlements: rows('entitlements'),
    record: rows('record'),
    notices: rows('notices'),
    tickets: rows('tickets'),
  };
  return {
    database,
    ledger: stores.payments
      .read<Parameters<typeof entryOf>[0]>('select * from ledger_entries order by sequence')
      .map(entryOf),
    commands: stores.apiIot
      .read<Parameters<typeof commandResource>[0]>('select * from commands order by accepted_at, id')
      .map(commandResource),
    vehicles: fleet.states(),
    queues: {
      wakeUps: stream.wakeUps().map((subject) => subject.split('.').at(-1) ?? subject),
      mqtt: broker.waiting(),
      calls: loop.open().map(({ name, sinceAt }) => ({ name, sinceMs: sinceAt - startedAt })),
    },
  };
}
