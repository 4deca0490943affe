import { transferType } from '../entitlement/transfer.ts';
import type { PruneRule } from '../retention/rule.ts';
import type { PlatformSchema } from './schema.ts';

/** An activation that still works, or whose money the payment service or an operator has to settle. */
const isOpen = (activation: string) =>
  `(${activation}.ended_at is null or ${activation}.due_at is not null or coalesce(${activation}.settlement, '') in ('unsettled', 'uncollectible'))`;

const hasOpenActivation = (purchase: string) =>
  `exists (select 1 from activations a where a.purchase_id = ${purchase} and ${isOpen('a')})`;

/** What customer, desk, bank or engine may still need the history and the notifications of a purchase for. */
const isPurchaseOver = (purchase: string) => `not ${hasOpenActivation(purchase)}
  and not exists (select 1 from entitlements e where e.purchase_id = ${purchase} and e.ended_at is null)
  and not exists (select 1 from activations a join tickets t on t.activation_id = a.id
    where a.purchase_id = ${purchase} and t.status = 'open')
  and not exists (select 1 from activations a join disputes d on d.activation_id = a.id
    where a.purchase_id = ${purchase} and d.status in ('open', 'lost'))`;

const overInWords = 'nothing of the purchase is open: activation, payment, entitlement, ticket, dispute';

/** Published, sent to the ticket webhook, and not parked there. */
const isPassedOn = (
  hasWebhook: boolean,
) => `record.seq <= (select c.seq from cursors c where c.name = 'events')
  ${hasWebhook ? "and record.seq <= coalesce((select c.seq from cursors c where c.name = 'ticket-webhook'), record.seq)" : ''}
  and not exists (select 1 from webhook_events w where w.id = record.id)`;

/** The table of notifications. */
const outbox = 'notices';

const line = {
  table: 'record',
  key: ['seq'],
  inOrderOf: 'at',
  since: 'at',
  isGuarded: true,
} as const;

/** What of the platform's database is removed. `hasWebhook`: a ticket webhook reads the history. */
export const platformRules = (
  hasWebhook: boolean,
): readonly (PruneRule & { readonly table: keyof PlatformSchema })[] => [
  {
    ...line,
    age: 'history',
    // Which lines a buyer reads after a transfer follows from these (gateway/entitlement/transfer.ts).
    when: `record.purchase_id is not null and record.type <> '${transferType}' and ${isPassedOn(hasWebhook)}
      and ${isPurchaseOver('record.purchase_id')}`,
    condition: `published as event, and ${overInWords}; transfers of vehicles stay`,
  },
  {
    ...line,
    age: 'operations',
    when: `record.purchase_id is null and ${isPassedOn(hasWebhook)}
      and not exists (select 1 from activations a where a.id = record.activation_id and ${isOpen('a')})`,
    condition: 'about no purchase, published as event, and its activation has ended',
  },
  {
    table: 'tickets',
    age: 'history',
    key: ['id'],
    inOrderOf: 'opened_at',
    since: 'closed_at',
    when: `tickets.status = 'closed'
      and not exists (select 1 from activations a where a.id = tickets.activation_id and ${isOpen('a')})
      and (tickets.purchase_id is null or (${isPurchaseOver('tickets.purchase_id')}))`,
    condition: `closed, and ${overInWords}`,
  },
  {
    table: outbox,
    age: 'notifications',
    key: ['id'],
    inOrderOf: 'created_at',
    since: 'coalesce(sent_at, created_at)',
    when: `${outbox}.status <> 'waiting' and not ${hasOpenActivation(`${outbox}.purchase_id`)}
      and not exists (select 1 from activations a join disputes d on d.activation_id = a.id
        where a.purchase_id = ${outbox}.purchase_id and d.status in ('open', 'lost'))`,
    condition: 'sent or given up, and no activation, payment or dispute of the purchase is open',
  },
  {
    table: 'activations',
    age: 'operations',
    key: ['id'],
    inOrderOf: 'requested_at',
    since: 'ended_at',
    when: `activations.purchase_id is null and activations.settlement is null and activations.kind <> 'activation'
      and not ${isOpen('activations')}
      and not exists (select 1 from activations c where c.parent_id = activations.id)
      and not exists (select 1 from tickets t where t.activation_id = activations.id)
      and not exists (select 1 from ${outbox} n where n.activation_id = activations.id)`,
    condition: 'a deactivation or revocation without purchase, payment, ticket and successor that has ended',
  },
  {
    table: 'incidents',
    age: 'operations',
    key: ['id'],
    since: 'closed_at',
    condition: 'ended',
  },
  {
    table: 'webhook_events',
    age: 'parked',
    key: ['id'],
    since: 'parked_at',
    when: 'webhook_events.replay_at is null',
    condition: 'parked, and no operator asked to send it again',
  },
  {
    table: 'payment_events',
    age: 'payment-events',
    key: ['id'],
    since: 'at',
    condition: 'taken',
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
export const platformKept = {
  purchases: 'books: what was bought, by whom, for how much',
  activations: 'books: what belongs to a purchase, with each step of its payment',
  entitlements: 'books: what a customer owned, and until when',
  disputes: 'books: payments that a bank reversed',
  customers: 'register; personal data by erasure',
  vehicles: 'register',
  erasures: 'audit trail: whose personal data was erased, and when',
  restore_findings: 'audit trail: what operators decided after a restore',
  installation: 'one row',
  cursors: 'one row a reader',
  webhook_off: 'one row',
  pruning: 'three rows',
} as const satisfies Partial<Record<keyof PlatformSchema, string>>;
