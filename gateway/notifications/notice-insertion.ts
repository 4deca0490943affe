import { sql, type Transaction } from 'kysely';
import type { Ids } from '../../shared/ports/ids.ts';
import { formatMoney } from '../../shared/protocol/money.ts';
import type { Activation } from '../activation/activation.ts';
import type { Fact } from '../activation/fact.ts';
import type { Duration } from '../catalogue/service.ts';
import type { NoticeKind, PlatformSchema } from '../store/schema.ts';
import { durationPhrase, languageOf } from './language.ts';
import type { NoticeData } from './notice-data.ts';
import { type NoticeChannel, noticesFor } from './notice-table.ts';

export interface NoticeSettings {
  /** Where customers reach support; printed as it is. */
  readonly contact: string;
  /** Start of the web platform's addresses, without a slash at the end. */
  readonly webUrl: string;
}

interface DueNotice {
  readonly kind: NoticeKind;
  readonly channel: NoticeChannel;
  readonly at: number;
}

interface Order {
  readonly purchaseId: string;
  readonly customerId: string;
  readonly serviceName: string;
  readonly duration: string;
  readonly amountMinor: number;
  readonly currency: string;
  readonly capture: 'on_delivery' | 'immediately';
  readonly name: string;
  readonly email: string;
  readonly language: string;
  readonly subscription: string | null;
  readonly vehicleModel: string;
  readonly ticketId: string | null;
}

/**
 * All that the notices of one activation say; undefined for an activation without a purchase. Written out, because every
 * activation asks three times, and building the query costs twice what running it does.
 */
async function readOrder(
  transaction: Transaction<PlatformSchema>,
  activationId: string,
): Promise<Order | undefined> {
  const { rows } = await sql<Order>`
    select p.id as "purchaseId", p.customer_id as "customerId", p.service_name as "serviceName", p.duration,
      p.amount_minor as "amountMinor", p.currency, p.capture, c.name, c.email, c.language,
      c.push_subscription as subscription, v.model_name as "vehicleModel", t.id as "ticketId"
    from activations a
    join purchases p on p.id = a.purchase_id
    join customers c on c.id = p.customer_id
    join vehicles v on v.vin = p.vin
    left join tickets t on t.activation_id = a.id
    where a.id = ${activationId}`.execute(transaction);
  return rows[0];
}

function noticeData(order: Order, notice: DueNotice, settings: NoticeSettings): NoticeData {
  const language = languageOf(order.language);
  // The customer is told a reference number: a failure without its ticket is a mistake of the caller.
  if (notice.kind === 'activation_failed' && order.ticketId === null)
    throw new Error(`purchase ${order.purchaseId}: a failure notice needs the ticket to be opened before it`);
  return {
    language,
    ...(notice.channel === 'email' ? { to: order.email } : {}),
    ...(notice.channel === 'push' && order.subscription !== null ? { subscription: order.subscription } : {}),
    customerName: order.name,
    serviceName: order.serviceName,
    vehicleModel: order.vehicleModel,
    duration: durationPhrase(JSON.parse(order.duration) as Duration, language),
    amount: formatMoney(order),
    capture: order.capture,
    timestamp: new Date(notice.at).toISOString(),
    ticketId: notice.kind === 'activation_failed' ? order.ticketId : null,
    contact: settings.contact,
    link: `${settings.webUrl}/purchases/${order.purchaseId}`,
  };
}

/**
 * Inserts the notices that these facts make, in the transaction that saves the facts: one read and one insert, none of
 * them when there is nothing to tell. A notice that exists already stays as it is. The push channel takes part when the
 * customer has a subscription. Returns how many are new; wake the dispatcher after the commit when there are any.
 */
export async function insertNotices(
  transaction: Transaction<PlatformSchema>,
  deps: { readonly ids: Ids; readonly settings: NoticeSettings },
  activation: Pick<Activation, 'id' | 'kind'>,
  facts: readonly Fact[],
): Promise<number> {
  const due: DueNotice[] = facts.flatMap((fact) =>
    noticesFor(fact, activation).map((notice) => ({ ...notice, at: fact.at })),
  );
  if (due.length === 0) return 0;
  const order = await readOrder(transaction, activation.id);
  if (order === undefined) return 0;
  const rows = due
    .filter(({ channel }) => channel === 'email' || order.subscription !== null)
    .map((notice) => ({
      id: deps.ids.next('ntc'),
      purchase_id: order.purchaseId,
      activation_id: activation.id,
      customer_id: order.customerId,
      kind: notice.kind,
      channel: notice.channel,
      data: JSON.stringify(noticeData(order, notice, deps.settings)),
      status: 'waiting' as const,
      tries: 0,
      due_at: notice.at,
      claimed_until: null,
      created_at: notice.at,
      sent_at: null,
      last_error: null,
    }));
  const result = await transaction
    .insertInto('notices')
    .values(rows)
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirst();
  return Number(result.numInsertedOrUpdatedRows ?? 0n);
}
