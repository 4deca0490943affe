import { join } from 'node:path';
import type { Transaction } from 'kysely';
import type { Activation } from '../../gateway/activation/activation.ts';
import { catalogueFolder, shippedCatalogueFolder } from '../../gateway/catalogue/folder.ts';
import { loadCatalogue } from '../../gateway/catalogue/load.ts';
import { insertActivation, saveActivation } from '../../gateway/store/activations.ts';
import { migratePlatform } from '../../gateway/store/migrations.ts';
import type { PlatformSchema } from '../../gateway/store/schema.ts';
import { type DeskCommand, type DeskDeps, runDeskCommand } from '../../gateway/support/desk-command.ts';
import { alwaysOnDuty } from '../../gateway/support/roster.ts';
import { standardSupport } from '../../gateway/support/support-settings.ts';
import { openTicket } from '../../gateway/support/ticket-desk.ts';
import { systemIds } from '../../shared/live/ids.ts';
import { openSqlite } from '../../shared/live/sqlite.ts';
import { busy, down, failedPurchase } from './failed-purchase.ts';
import { benchFleet } from './fleet.ts';

export interface OpenTickets {
  readonly folder: string;
  readonly count: number;
  readonly technicians: readonly string[];
  /** Epoch milliseconds: the tickets were opened in the three hours before, so that no clock of the SLA has run out. */
  readonly now: number;
}

const spanMs = 3 * 3_600_000;

/** What its technician has done by now. */
function workOf(index: number): DeskCommand[] {
  const start: DeskCommand = { move: 'start' };
  if (index % 5 < 2) return [];
  if (index % 5 < 4) return [start];
  return [start, { move: 'escalate', team: 'api_iot', reason: 'no answers' }];
}

async function insertOrder(
  transaction: Transaction<PlatformSchema>,
  { vin, id, requestedAt }: Activation,
  index: number,
): Promise<string> {
  const [customerId, purchaseId] = [`customer-${index + 1}`, `pur_${id}`];
  await transaction
    .insertInto('customers')
    .values({
      id: customerId,
      name: 'Ana Torres',
      email: `${customerId}@example.com`,
      language: 'en',
      push_subscription: null,
      created_at: requestedAt,
    })
    .execute();
  await transaction
    .insertInto('vehicles')
    .values({
      vin,
      model: 'aurora-2026',
      model_name: 'Aurora 2026',
      customer_id: customerId,
      registered_at: requestedAt,
    })
    .execute();
  await transaction
    .insertInto('purchases')
    .values({
      id: purchaseId,
      customer_id: customerId,
      vin,
      service_id: 'heated-seats',
      service_name: 'Heated seats',
      feature: 'heated_seats',
      duration: JSON.stringify({ unit: 'months', count: 1 }),
      amount_minor: 1490,
      currency: 'EUR',
      capture: 'on_delivery',
      // One in five is MEDIUM.
      pre_delivery: index % 5 === 3 ? 1 : 0,
      activation_id: id,
      status: 'failed',
      created_at: requestedAt,
    })
    .execute();
  return purchaseId;
}

/**
 * A platform database with this many open tickets, each of its own vehicle and customer, opened and worked on by the
 * product's own functions: two in five assigned, two in progress, one with the API IoT team. Returns their VINs.
 */
export async function fillTickets({ folder, count, technicians, now }: OpenTickets): Promise<string[]> {
  const catalogue = loadCatalogue(catalogueFolder(shippedCatalogueFolder()));
  const ids = systemIds();
  const notices = { contact: 'support@caas.example', webUrl: 'https://caas.example' };
  // One on duty at a time: what each has is spread as evenly, without counting it for every ticket.
  const desks = technicians.map((name) => {
    const deps: DeskDeps = { ids, settings: standardSupport(alwaysOnDuty([name])), notices, catalogue };
    return { deps, name };
  });
  const vins = benchFleet(count).map(({ vin }) => vin);
  const database = openSqlite<PlatformSchema>(join(folder, 'platform.db'));
  try {
    await migratePlatform(database);
    for (let from = 0; from < count; from += 500) {
      await database.write(async (transaction) => {
        for (const [offset, vin] of vins.slice(from, from + 500).entries()) {
          const index = from + offset;
          const desk = desks[index % desks.length];
          if (!desk) throw new Error('nobody is on duty');
          const at = now - spanMs + Math.floor((index * spanMs) / count);
          const failure = index % 10 === 0 ? down : busy;
          const { begun, failed, diagnostics } = failedPurchase(vin, ids.next('act'), failure, at);
          const purchaseId = await insertOrder(transaction, begun, index);
          const links = { purchaseId, parentId: null };
          await insertActivation(transaction, begun, { ...links, priority: 0 });
          await saveActivation(transaction, { activation: begun, version: 1, ...links }, failed, at);
          const { id } = await openTicket(transaction, desk.deps, failed, diagnostics, at);
          for (const command of workOf(index))
            await runDeskCommand(transaction, desk.deps, id, command, { at, by: desk.name });
        }
      });
    }
  } finally {
    await database.close();
  }
  return vins;
}
