import type { Kysely, Transaction } from 'kysely';
import { z } from 'zod';
import { hasCredentials } from '../../shared/protocol/address.ts';
import { customerIdSchema } from '../../shared/protocol/customer-id.ts';
import { emailSchema } from '../../shared/protocol/email.ts';
import { isTimeZone } from '../../shared/protocol/time-zone.ts';
import { problemError } from '../http/problem.ts';
import type { CustomerRow, PlatformSchema } from '../store/schema.ts';
import { shownNameSchema } from './name.ts';

/**
 * A push subscription as a browser serialises it (W3C PushSubscriptionJSON). Members that are not used here, such as
 * expirationTime, are ignored.
 */
const pushSubscriptionSchema = z.object({
  endpoint: z
    .url({ protocol: /^https?$/ })
    .max(1_024)
    .refine((url) => !hasCredentials(url), 'a URL without user and password'),
  keys: z.object({
    p256dh: z.string().regex(/^[A-Za-z0-9_-]{87}=?$/, 'a P-256 point, 65 bytes in base64url'),
    auth: z.string().regex(/^[A-Za-z0-9_-]{22}(==)?$/, '16 bytes in base64url'),
  }),
});

export const customerBodySchema = z
  .strictObject({
    name: shownNameSchema(120).meta({ example: 'Ana Torres' }),
    email: emailSchema,
    language: z
      .string()
      .regex(/^[a-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}$/, 'a language tag (BCP 47) such as en or es-MX')
      .default('en'),
    timeZone: z
      .string()
      .max(64)
      .refine(isTimeZone, 'a time zone (IANA) such as Europe/Madrid')
      .nullable()
      .default(null)
      .meta({
        description: 'In which notifications show instants; null: that of the installation',
        example: 'Europe/Madrid',
      }),
    pushSubscription: pushSubscriptionSchema.nullable().default(null),
  })
  .meta({ id: 'CustomerBody' });
export type CustomerBody = z.infer<typeof customerBodySchema>;

export const customerSchema = z
  .object({
    id: customerIdSchema,
    name: z.string(),
    email: z.string(),
    language: z.string(),
    timeZone: z.string().nullable(),
    pushSubscription: pushSubscriptionSchema.nullable(),
    createdAt: z.int(),
    erasedAt: z.int().nullable().meta({
      description: 'When their personal data was erased; since then the other fields have no personal data',
    }),
  })
  .meta({ id: 'Customer' });
export type Customer = z.infer<typeof customerSchema>;

export function customerResource(row: CustomerRow): Customer {
  const { id, name, email, language, push_subscription, created_at, erased_at, time_zone: timeZone } = row;
  const pushSubscription =
    push_subscription === null ? null : (JSON.parse(push_subscription) as Customer['pushSubscription']);
  return {
    id,
    name,
    email,
    language,
    timeZone,
    pushSubscription,
    createdAt: created_at,
    erasedAt: erased_at,
  };
}

export function customerRow(id: string, body: CustomerBody, at: number): CustomerRow {
  const { name, email, language, timeZone, pushSubscription } = body;
  return {
    id,
    name,
    email,
    language,
    push_subscription: pushSubscription === null ? null : JSON.stringify(pushSubscription),
    created_at: at,
    erased_at: null,
    time_zone: timeZone,
  };
}

export async function findCustomer(
  database: Kysely<PlatformSchema>,
  id: string,
): Promise<CustomerRow | null> {
  const row = await database.selectFrom('customers').selectAll().where('id', '=', id).executeTakeFirst();
  return row ?? null;
}

/** An erased customer does not come back under the same id: the history would be theirs again. */
export function customerErased(customerId: string) {
  const detail = `The personal data of the customer ${customerId} was erased. Register them under a new id.`;
  return problemError('customer-erased', detail, { customerId });
}

/** Throws 409 `customer-erased` for the first of these that is. */
export async function refuseErased(
  transaction: Transaction<PlatformSchema>,
  ids: readonly string[],
): Promise<void> {
  if (ids.length === 0) return;
  const row = await transaction
    .selectFrom('customers')
    .select('id')
    .where('id', 'in', ids)
    .where('erased_at', 'is not', null)
    .orderBy('id')
    .limit(1)
    .executeTakeFirst();
  if (row !== undefined) throw customerErased(row.id);
}

/**
 * Inserts those who are not registered; the others stay as they are, but for the address of a push subscription: equal keys are the
 * same phone, whose push service has moved. At least one row, each id once.
 */
export async function addCustomers(
  transaction: Transaction<PlatformSchema>,
  rows: readonly CustomerRow[],
): Promise<void> {
  const known = await transaction
    .selectFrom('customers')
    .select(['id', 'push_subscription'])
    .where(
      'id',
      'in',
      rows.map(({ id }) => id),
    )
    .execute();
  const subscriptions = new Map(known.map(({ id, push_subscription }) => [id, push_subscription]));
  const added = rows.filter(({ id }) => !subscriptions.has(id));
  if (added.length > 0)
    await transaction
      .insertInto('customers')
      .values(added)
      .onConflict((conflict) => conflict.column('id').doNothing())
      .execute();
  for (const { id, push_subscription } of rows) {
    if (!isMoved(subscriptions.get(id) ?? null, push_subscription)) continue;
    await transaction.updateTable('customers').set({ push_subscription }).where('id', '=', id).execute();
  }
}

/** Whether a push subscription is a known one at another address. */
function isMoved(known: string | null, given: string | null): boolean {
  if (known === null || given === null || known === given) return false;
  const keysOf = (text: string) => (JSON.parse(text) as { readonly keys: PushKeys }).keys;
  const [before, now] = [keysOf(known), keysOf(given)];
  return before.p256dh === now.p256dh && before.auth === now.auth;
}

type PushKeys = z.infer<typeof pushSubscriptionSchema>['keys'];

/** Inserts or replaces all but `created_at`; at least one row, each id once. */
export async function saveCustomers(
  transaction: Transaction<PlatformSchema>,
  rows: readonly CustomerRow[],
): Promise<void> {
  await transaction
    .insertInto('customers')
    .values(rows)
    .onConflict((conflict) =>
      conflict.column('id').doUpdateSet((eb) => ({
        name: eb.ref('excluded.name'),
        email: eb.ref('excluded.email'),
        language: eb.ref('excluded.language'),
        push_subscription: eb.ref('excluded.push_subscription'),
        time_zone: eb.ref('excluded.time_zone'),
      })),
    )
    .execute();
}
