import type { Database } from '../../shared/ports/database.ts';
import { createIdempotencyTable } from '../http/idempotency-store.ts';
import { createPruningTable } from '../retention/pruning-table.ts';
import { type Migration, migrate } from '../sql/migration.ts';
import {
  addActivationsByPurchase,
  addActivationsOfFeature,
  addIncidents,
  addPauses,
  createActivations,
} from './migrations/activations.ts';
import { addErasedCustomers, addTimeZones, addTransfers, createRegisters } from './migrations/customers.ts';
import { addDisputes } from './migrations/disputes.ts';
import { addNoticeAddress, addNoticeOccasion, createNotices } from './migrations/notices.ts';
import {
  addCancelledStatus,
  addServiceLife,
  createLookUps,
  createPurchases,
} from './migrations/purchases.ts';
import { createRecord, dropRecordOfTickets } from './migrations/record.ts';
import { addRestores } from './migrations/restores.ts';
import {
  addParkedWork,
  addTicketsByVehicle,
  addTicketWork,
  createTickets,
  orderTicketsOfVehicle,
} from './migrations/tickets.ts';
import { letRetentionPrune, makeRecordAppendOnly } from './record-triggers.ts';
import type { PlatformSchema } from './schema.ts';

/** In order; a released one never changes. */
export const platformMigrations: readonly Migration<PlatformSchema>[] = [
  { name: '001-registers', up: createRegisters },
  { name: '002-purchases', up: createPurchases },
  { name: '003-activations', up: createActivations },
  { name: '004-record', up: createRecord },
  { name: '005-notices', up: createNotices },
  { name: '006-tickets', up: createTickets },
  { name: '007-idempotency-keys', up: createIdempotencyTable },
  { name: '008-look-ups', up: createLookUps },
  { name: '009-ticket-work', up: addTicketWork },
  { name: '010-notice-occasions', up: addNoticeOccasion },
  { name: '011-record-in-order', up: dropRecordOfTickets },
  { name: '012-service-life', up: addServiceLife },
  { name: '013-cancelled-purchases', up: addCancelledStatus },
  { name: '014-tickets-by-vehicle', up: addTicketsByVehicle },
  { name: '015-activations-by-purchase', up: addActivationsByPurchase },
  { name: '016-append-only-record', up: makeRecordAppendOnly },
  { name: '017-erased-customers', up: addErasedCustomers },
  { name: '018-tickets-of-vehicle-in-order', up: orderTicketsOfVehicle },
  { name: '019-parked-work', up: addParkedWork },
  { name: '020-activations-of-reconciliation', up: addActivationsOfFeature },
  { name: '021-transfers', up: addTransfers },
  { name: '022-restores', up: addRestores },
  { name: '023-notice-addresses', up: addNoticeAddress },
  { name: '024-time-zones', up: addTimeZones },
  { name: '025-disputes', up: addDisputes },
  { name: '026-incidents', up: addIncidents },
  { name: '027-pauses', up: addPauses },
  { name: '028-pruning', up: createPruningTable },
  { name: '029-pruned-record', up: letRetentionPrune },
];

/** Brings the platform's database to this version's schema; harmless when it is there already. */
export function migratePlatform(database: Database<PlatformSchema>): Promise<void> {
  return migrate(database, platformMigrations);
}
