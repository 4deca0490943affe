import { sql, type Transaction } from 'kysely';
import type { Ids } from '../../shared/ports/ids.ts';
import { isoText } from '../../shared/protocol/instant.ts';
import { formatMoney } from '../../shared/protocol/money.ts';
import type { Activation } from '../activation/activation.ts';
import type { Fact } from '../activation/fact.ts';
import { chargeDisputed } from '../activation/settlement.ts';
import type { Duration } from '../catalogue/service.ts';
import type { NoticeRow, PlatformSchema } from '../store/schema.ts';
import { limitedAddress } from './address-limit.ts';
import { durationPhrase, languageOf, type NoticeLanguages, shippedLanguages } from './language.ts';
import type { NoticeData } from './notice-data.ts';
import { type NoticeChannel, type NoticedActivation, noticesFor } from './notice-table.ts';

export interface NoticeSettings {
  /** Where customers reach support; printed as it is. */
  readonly contact: string;
  /** Start of the web platform's addresses, without a slash at the end. */
  readonly webUrl: string;
  /** Absent: those that are shipped. */
  readonly languages?: NoticeLanguages;
  /** IANA name: of customers without a time zone of their own. Default UTC. */
  readonly timeZone?: string;
}

interface DueNotice {
  readonly kind: NoticeRow['kind'];
  readonly channel: NoticeChannel;
  readonly at: number;
}

/** Purchase data in the notifications of one activation. */
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
  readonly timeZone: string | null;
  readonly subscription: string | null;
  readonly vehicleModel: string;
  readonly ticketId: string | null;
}

/**
 * Reads the data of an activation's notifications; undefined for an activation without a purchase, or of an erased customer:
 * then no notification is sent. After a transfer the new owner is notified, and the old owner never reads the new owner's
 * name for the vehicle. The query is compiled once, because each activation runs it three times and building it costs twice
 * as much as running it.
 */
export async function readOrder(
  transaction: Transaction<PlatformSchema>,
  activationId: string,
): Promise<Order | undefined> {
  const { rows } = await sql<Order>`
    select p.id as "purchaseId", c.id as "customerId", p.service_name as "serviceName", p.duration,
      p.amount_minor as "amountMinor", p.currency, p.capture, c.name, c.email, c.language, c.time_zone as "timeZone",
      c.push_subscription as subscription,
      case when c.id = coalesce(p.holder_id, c.id) then v.model_name else v.model end as "vehicleModel", t.id as "ticketId"
    from activations a
    join purchases p on p.id = a.purchase_id
    join customers c on c.erased_at is null
      and c.id = case when a.id = p.activation_id then p.customer_id else coalesce(p.holder_id, p.customer_id) end
    join vehicles v on v.vin = p.vin
    left join tickets t on t.activation_id = a.id
    where a.id = ${activationId}`.execute(transaction);
  return rows[0];
}

export function noticeData(order: Order, notice: DueNotice, settings: NoticeSettings): NoticeData {
  const languages: NoticeLanguages = settings.languages ?? shippedLanguages;
  const language = languageOf(order.language, languages);
  const words = languages[language] ?? shippedLanguages.en;
  // The notification has the ticket's number: a failure without a ticket is a bug of the caller.
  if (notice.kind === 'activation_failed' && order.ticketId === null)
    throw new Error(`purchase ${order.purchaseId}: a failure notification needs an open ticket`);
  return {
    language,
    timeZone: order.timeZone ?? settings.timeZone ?? 'UTC',
    ...(notice.channel === 'email' ? { to: order.email } : {}),
    ...(notice.channel === 'push' && order.subscription !== null ? { subscription: order.subscription } : {}),
    customerName: order.name,
    serviceName: order.serviceName,
    vehicleModel: order.vehicleModel,
    duration: durationPhrase(JSON.parse(order.duration) as Duration, words),
    amount: formatMoney(order),
    capture: order.capture,
    timestamp: isoText(notice.at),
    ticketId: notice.kind === 'activation_failed' ? order.ticketId : null,
    contact: settings.contact,
    link: `${settings.webUrl}/purchases/${order.purchaseId}`,
  };
}

/**
 * Inserts the notifications of these facts, in the transaction that saves the facts: one read and one insert, or neither if
 * there are none. An existing notification does not change. Push messages need a subscription of the customer. Returns the
 * number of new notifications; if it is not 0, wake the dispatcher after the commit.
 */
export async function insertNotices(
  transaction: Transaction<PlatformSchema>,
  deps: { readonly ids: Ids; readonly settings: NoticeSettings },
  activation: NoticedActivation & Pick<Activation, 'id'>,
  facts: readonly Fact[],
): Promise<number> {
  const due = facts.flatMap((fact) =>
    noticesFor(fact, activation).map((notice) => ({ ...notice, at: fact.at, fact })),
  );
  if (due.length === 0) return 0;
  const order = await readOrder(transaction, activation.id);
  if (order === undefined) return 0;
  const told = due.map((notice) => ({
    ...notice,
    occasion: '',
    data: { ...noticeData(order, notice, deps.settings), ...settlementData(order, activation, notice.fact) },
  }));
  return insertRows(transaction, deps.ids, order, activation.id, told);
}

/** Additional data of a notification about a settlement by operators. */
function settlementData(
  order: Order,
  { settlement }: NoticedActivation,
  { type, data }: Fact,
): Partial<NoticeData> {
  if (type !== 'payment.unsettled' && type !== 'payment.uncollectible' && type !== 'payment.settled')
    return {};
  const { settleBy } = settlement ?? {};
  const { activeUntil, reference, reason } = data;
  return {
    ticketId: order.ticketId,
    ...(settleBy === undefined ? {} : { settleBy: isoText(settleBy) }),
    ...(type === 'payment.unsettled' && data.code === chargeDisputed ? { isHeldByBank: true } : {}),
    ...(typeof activeUntil === 'number' ? { activeUntil: isoText(activeUntil) } : {}),
    ...(typeof reference === 'string' ? { reference } : {}),
    ...(typeof reason === 'string' ? { message: reason } : {}),
  };
}

/** One insert; a channel without an address takes no part, and what exists already stays as it is. Returns how many are new. */
export async function insertRows(
  transaction: Transaction<PlatformSchema>,
  ids: Ids,
  order: Order,
  activationId: string,
  told: readonly (DueNotice & { readonly occasion: string; readonly data: NoticeData })[],
): Promise<number> {
  const rows = told
    .filter(({ channel }) => channel === 'email' || order.subscription !== null)
    .map(({ kind, channel, at, occasion, data }) => ({
      id: ids.next('ntc'),
      purchase_id: order.purchaseId,
      activation_id: activationId,
      customer_id: order.customerId,
      kind,
      channel,
      data: JSON.stringify(data),
      status: 'waiting' as const,
      tries: 0,
      due_at: at,
      claimed_until: null,
      created_at: at,
      sent_at: null,
      last_error: null,
      occasion,
      address: data.to === undefined ? null : limitedAddress(data.to),
    }));
  const result = await transaction
    .insertInto('notices')
    .values(rows)
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirst();
  return Number(result.numInsertedOrUpdatedRows ?? 0n);
}
