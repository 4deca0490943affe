import { commandResource } from '../../gateway/api-iot/command-resource.ts';
import type { CommandResource } from '../../shared/protocol/api-iot.ts';
import type { VirtualBroker } from '../../shared/virtual/device-link.ts';
import type { VirtualLoop } from '../../shared/virtual/loop.ts';
import type { VirtualStream } from '../../shared/virtual/process-bus.ts';
import type { Fleet } from '../fleet/fleet.ts';
import type { VehicleSnapshot } from '../fleet/vehicle-snapshot.ts';
import type { DatabaseEvidence } from '../reports/evidence.ts';
import { entryOf } from '../stand-ins/payments/ledger.ts';
import type { LedgerEntry } from '../stand-ins/payments/ledger-rules.ts';
import type { Stores } from '../virtual-system/stores.ts';

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

/** What is read of a system. */
interface SeenSystem {
  readonly stores: Stores;
  readonly loop: Pick<VirtualLoop, 'open'>;
  readonly stream: Pick<VirtualStream, 'wakeUps'>;
  readonly broker: Pick<VirtualBroker, 'waiting'>;
  /** Null where no vehicle is made yet. */
  readonly fleet: Pick<Fleet, 'states'> | null;
  /** The first moment of the workload. */
  readonly startedAt: number;
}

/** Reads the system between two events. Nothing of it changes by that. */
export function stateOf(system: SeenSystem): MomentState {
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
    vehicles: fleet?.states() ?? [],
    queues: {
      wakeUps: stream.wakeUps().map((subject) => subject.split('.').at(-1) ?? subject),
      mqtt: broker.waiting(),
      calls: loop.open().map(({ name, sinceAt }) => ({ name, sinceMs: sinceAt - startedAt })),
    },
  };
}
