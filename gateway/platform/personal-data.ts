import { z } from 'zod';
import { vinSchema } from '../../shared/protocol/vin.ts';
import type { Activation } from '../activation/activation.ts';
import type { NoticeData } from '../notifications/notice-data.ts';
import type { StoredFields } from '../support/stored-ticket.ts';
import { customerResource, customerSchema, findCustomer } from './customer.ts';
import { noticeResource, noticeSchema } from './notice-view.ts';
import { listPurchases, purchaseSchema, type ReadDeps } from './purchase-view.ts';
import { exportMax } from './record-export.ts';
import { listRecord, recordEntrySchema } from './record-view.ts';

/** The most entries of each list in one export; `complete` says when a list was cut. */
const listMax = 1_000;

const heldPurchaseSchema = purchaseSchema
  .extend({
    paymentMethod: z.string().nullable().meta({ description: "The payment service's name for it" }),
    paymentCustomer: z
      .string()
      .nullable()
      .meta({ description: 'Who the customer is at the payment service' }),
    record: z.array(recordEntrySchema).meta({ description: 'The customer view' }),
  })
  .meta({ id: 'HeldPurchase' });

export const personalDataSchema = z
  .object({
    exportedAt: z.int(),
    complete: z.boolean().meta({ description: `False where a list was cut after ${listMax} entries` }),
    customer: customerSchema,
    vehicles: z.array(
      z.object({ vin: vinSchema, model: z.string(), modelName: z.string(), registeredAt: z.int() }),
    ),
    purchases: z.array(heldPurchaseSchema),
    notices: z.array(
      noticeSchema
        .extend({
          said: z.record(z.string(), z.unknown()).meta({ description: 'To whom, and what it told' }),
        })
        .meta({ id: 'HeldNotice' }),
    ),
    tickets: z.array(
      z.object({
        id: z.string(),
        purchaseId: z.string().nullable(),
        openedAt: z.int(),
        closedAt: z.int().nullable(),
        customerEmail: z.unknown(),
        vehicleStatusSnapshot: z.unknown(),
      }),
    ),
  })
  .meta({ id: 'PersonalData' });
export type PersonalData = z.infer<typeof personalDataSchema>;

async function heldPurchases(deps: ReadDeps, owner: string) {
  const { purchases, next } = await listPurchases(deps, {
    owner,
    customerId: undefined,
    limit: listMax,
    cursor: undefined,
  });
  const held: z.infer<typeof heldPurchaseSchema>[] = [];
  let isWhole = next === null;
  for (const purchase of purchases) {
    const part = { view: 'customer', limit: exportMax, after: 0 } as const;
    const { events, next: more } = await listRecord(deps.database.reader, purchase.id, part);
    isWhole &&= more === null;
    const { state } = await deps.database.reader
      .selectFrom('activations')
      .select('state')
      .where('id', '=', purchase.activation.id)
      .executeTakeFirstOrThrow();
    const { settlement } = JSON.parse(state) as Activation;
    const paymentMethod = settlement?.method ?? null;
    const paymentCustomer = settlement?.customer ?? null;
    held.push({ ...purchase, paymentMethod, paymentCustomer, record: events });
  }
  return { held, isWhole };
}

async function heldNotices({ database }: ReadDeps, owner: string) {
  const rows = await database.reader
    .selectFrom('notices')
    .selectAll()
    .where('customer_id', '=', owner)
    .orderBy('created_at')
    .orderBy('id')
    .limit(listMax + 1)
    .execute();
  return rows.map((row) => ({
    ...noticeResource(row, owner),
    said: { ...(JSON.parse(row.data) as NoticeData) },
  }));
}

async function heldTickets({ database }: ReadDeps, owner: string) {
  const rows = await database.reader
    .selectFrom('tickets')
    .selectAll()
    .where('customer_id', '=', owner)
    .orderBy('opened_at')
    .orderBy('id')
    .limit(listMax + 1)
    .execute();
  return rows.map((row) => {
    const { customerEmail, vehicleStatusSnapshot } = JSON.parse(row.fields) as StoredFields;
    const { id, purchase_id: purchaseId, opened_at: openedAt, closed_at: closedAt } = row;
    return { id, purchaseId, openedAt, closedAt, customerEmail, vehicleStatusSnapshot };
  });
}

async function heldVehicles({ database }: ReadDeps, owner: string) {
  const rows = await database.reader
    .selectFrom('vehicles')
    .selectAll()
    .where('customer_id', '=', owner)
    .orderBy('vin')
    .limit(listMax + 1)
    .execute();
  return rows.map(({ vin, model, model_name: modelName, registered_at: registeredAt }) => ({
    vin,
    model,
    modelName,
    registeredAt,
  }));
}

/** Returns all saved data of a customer in one document; null for an unknown id. */
export async function personalDataOf(deps: ReadDeps, id: string): Promise<PersonalData | null> {
  const customer = await findCustomer(deps.database.reader, id);
  if (customer === null) return null;
  const { held, isWhole } = await heldPurchases(deps, id);
  const vehicles = await heldVehicles(deps, id);
  const notices = await heldNotices(deps, id);
  const tickets = await heldTickets(deps, id);
  const isCut = [vehicles, notices, tickets].some((list) => list.length > listMax);
  return {
    exportedAt: deps.clock.now(),
    complete: isWhole && !isCut,
    customer: customerResource(customer),
    vehicles: vehicles.slice(0, listMax),
    purchases: held,
    notices: notices.slice(0, listMax),
    tickets: tickets.slice(0, listMax),
  };
}
