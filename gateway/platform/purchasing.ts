import type { Transaction } from 'kysely';
import { type Activation, newActivation } from '../activation/activation.ts';
import { answerOf } from '../http/idempotency.ts';
import type { IdempotencyStore, KeyUse } from '../http/idempotency-store.ts';
import { problemError } from '../http/problem.ts';
import { insertActivation } from '../store/activations.ts';
import { appendRecord } from '../store/record-lines.ts';
import type { PlatformSchema, PurchaseRow } from '../store/schema.ts';
import { customerErased } from './customer.ts';
import type { PlatformDeps } from './deps.ts';
import { isFor, type Owner } from './ownership.ts';
import type { Choice, PurchaseBody } from './purchase-order.ts';
import { unknownVehicle, unregisteredCustomer } from './route.ts';

export interface PurchasingDeps extends Pick<PlatformDeps, 'database' | 'catalogue' | 'clock' | 'ids'> {
  readonly keys: IdempotencyStore;
  readonly refuseIncompatible: boolean;
}

export interface Order {
  readonly body: PurchaseBody;
  readonly choice: Choice;
  readonly use: KeyUse | null;
  /** A customer buys for themselves, and for a vehicle that is theirs or has no customer. */
  readonly owner: Owner;
}

export type Bought =
  | { readonly kind: 'bought'; readonly purchase: PurchaseRow; readonly activation: Activation }
  /** The Idempotency-Key has bought this before. */
  | { readonly kind: 'replay'; readonly purchaseId: string };

/** One query: the vehicle, whether the customer exists, and whether a customer owns the feature permanently. */
async function lookUp(transaction: Transaction<PlatformSchema>, { body, choice }: Order) {
  return transaction
    .selectFrom('vehicles as v')
    .select(['v.model', 'v.customer_id as owner_id'])
    .select((eb) => [
      eb.selectFrom('customers as c').select('c.id').where('c.id', '=', body.customerId).as('customer_id'),
      eb
        .selectFrom('customers as c')
        .select('c.erased_at')
        .where('c.id', '=', body.customerId)
        .as('customer_erased_at'),
      eb
        .selectFrom('entitlements as e')
        .select('e.id')
        .whereRef('e.vin', '=', 'v.vin')
        .where('e.feature', '=', choice.service.feature)
        .where('e.ended_at', 'is', null)
        .where('e.valid_until', 'is', null)
        .limit(1)
        .as('permanent_id'),
      eb.selectFrom('installation').select('name').as('installation'),
      eb.selectFrom('installation').select('epoch').as('epoch'),
    ])
    .where('v.vin', '=', body.vin)
    .executeTakeFirst();
}

async function check(
  transaction: Transaction<PlatformSchema>,
  deps: PurchasingDeps,
  order: Order,
): Promise<{ readonly epoch?: string }> {
  const { vin, customerId, serviceId } = order.body;
  const known = await lookUp(transaction, order);
  if (known === undefined || (known.owner_id !== null && !isFor(order.owner, known.owner_id)))
    throw unknownVehicle(vin);
  if (known.customer_id === null || !isFor(order.owner, customerId)) throw unregisteredCustomer(customerId);
  if (known.customer_erased_at !== null) throw customerErased(customerId);
  if (known.permanent_id !== null) {
    const detail = `${serviceId} is active on ${vin} without an end: nothing is left to buy.`;
    throw problemError('already-active', detail);
  }
  if (deps.refuseIncompatible && deps.catalogue.configuration(serviceId, known.model) === null) {
    const detail = `${serviceId} is not made for the model ${known.model}.`;
    throw problemError('vehicle-incompatible', detail, { model: known.model });
  }
  return known.installation === null ? {} : { epoch: `${known.installation}.${known.epoch}` };
}

function rowsOf(
  deps: PurchasingDeps,
  { body, choice }: Order,
  at: number,
  epoch: { readonly epoch?: string },
) {
  const { service, price } = choice;
  const { vin, customerId, paymentMethod: method, paymentCustomer, preDelivery } = body;
  const { amountMinor, currency } = price;
  const activation = newActivation(
    {
      id: deps.ids.next('act'),
      vin,
      serviceId: service.id,
      feature: service.feature,
      policy: service.policy,
    },
    {
      capture: service.capture,
      amountMinor,
      currency,
      method,
      ...(paymentCustomer === undefined ? {} : { customer: paymentCustomer }),
      ...epoch,
    },
    at,
  );
  const purchase: PurchaseRow = {
    id: deps.ids.next('pur'),
    customer_id: customerId,
    vin,
    service_id: service.id,
    service_name: service.name,
    feature: service.feature,
    duration: JSON.stringify(body.duration),
    amount_minor: amountMinor,
    currency,
    capture: service.capture,
    pre_delivery: preDelivery ? 1 : 0,
    activation_id: activation.id,
    status: 'pending',
    created_at: at,
    holder_id: null,
    transferred_at: null,
  };
  return { purchase, activation };
}

function createdData(purchase: PurchaseRow, { body, choice }: Order): object {
  return {
    customerId: purchase.customer_id,
    vin: purchase.vin,
    serviceId: purchase.service_id,
    serviceName: choice.service.name,
    feature: purchase.feature,
    duration: body.duration,
    price: choice.price,
    capture: purchase.capture,
    preDelivery: body.preDelivery,
  };
}

async function enter(
  transaction: Transaction<PlatformSchema>,
  deps: PurchasingDeps,
  order: Order,
): Promise<Bought> {
  const at = deps.clock.now();
  if (order.use !== null) {
    const answer = answerOf(await deps.keys.claimKey(transaction, order.use, at));
    if (answer !== null) return { kind: 'replay', purchaseId: answer.body };
  }
  const epoch = await check(transaction, deps, order);
  const { purchase, activation } = rowsOf(deps, order, at, epoch);
  await transaction.insertInto('purchases').values(purchase).execute();
  await insertActivation(transaction, activation, { purchaseId: purchase.id, parentId: null, priority: 0 });
  await appendRecord(transaction, deps.ids, [
    {
      purchaseId: purchase.id,
      activationId: activation.id,
      at,
      type: 'purchase.created',
      actor: 'customer',
      data: createdData(purchase, order),
    },
  ]);
  if (order.use !== null) {
    // The key names the purchase from the moment it exists: a crash before the answer cannot make a repeat buy twice.
    await deps.keys.storeAnswer(transaction, order.use, { status: 201, headers: {}, body: purchase.id });
  }
  return { kind: 'bought', purchase, activation };
}

/** The unique index over open activations refused the row (SQLite's words, PostgreSQL's name). */
function isOpenConflict(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const { code, constraint } = error as Error & { code?: unknown; constraint?: unknown };
  if (code === '23505') return constraint === 'activations_open';
  return (
    code === 'SQLITE_CONSTRAINT_UNIQUE' && error.message.includes('activations.vin, activations.feature')
  );
}

async function activationOpen(deps: PurchasingDeps, { body, choice, owner }: Order) {
  const open = await deps.database.reader
    .selectFrom('activations as a')
    .leftJoin('purchases as p', 'p.id', 'a.purchase_id')
    .select(['a.id', 'a.purchase_id', 'p.customer_id'])
    .where('a.vin', '=', body.vin)
    .where('a.feature', '=', choice.service.feature)
    .where('a.kind', '=', 'activation')
    .where('a.ended_at', 'is', null)
    .executeTakeFirst();
  const detail = `${choice.service.feature} is being activated on ${body.vin} already. Follow that purchase, or wait for its end.`;
  const isTold = open !== undefined && isFor(owner, open.customer_id);
  const extensions = isTold ? { activationId: open.id, purchaseId: open.purchase_id } : {};
  return problemError('activation-open', detail, extensions);
}

/**
 * Writes purchase, activation and the record's first line in one transaction, with the Idempotency-Key when there is
 * one. Throws the problem that refuses the purchase; then nothing is left of it, the key included.
 */
export async function buy(deps: PurchasingDeps, order: Order): Promise<Bought> {
  try {
    return await deps.database.write((transaction) => enter(transaction, deps, order));
  } catch (error) {
    if (isOpenConflict(error)) throw await activationOpen(deps, order);
    throw error;
  }
}
