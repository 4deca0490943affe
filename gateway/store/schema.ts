import type { Generated, Selectable } from 'kysely';
import type { EndCause } from '../entitlement/entitlement.ts';
import type { IdempotencySchema } from '../http/idempotency-store.ts';
import type { PruningSchema } from '../retention/pruning-table.ts';
import type { IncidentCause } from './systemic-causes.ts';
import type { TicketTable, WebhookEventRow, WebhookOffTable } from './ticket-tables.ts';

/**
 * The platform's database (the specification's service database). Instants are epoch milliseconds, money is in minor
 * units, JSON is text, booleans are 0 or 1.
 */
export interface PlatformSchema extends IdempotencySchema, PruningSchema {
  customers: CustomerTable;
  vehicles: VehicleTable;
  purchases: PurchaseTable;
  activations: ActivationTable;
  entitlements: EntitlementTable;
  record: RecordTable;
  cursors: CursorTable;
  notices: NoticeTable;
  webhook_events: WebhookEventRow;
  webhook_off: WebhookOffTable;
  incidents: IncidentTable;
  tickets: TicketTable;
  erasures: ErasureTable;
  installation: InstallationTable;
  restore_findings: RestoreFindingRow;
  disputes: DisputeRow;
  payment_events: PaymentEventTable;
}

/** One row. Each payment carries name and epoch, so that an older database can be recognised by newer payments. */
interface InstallationTable {
  id: number;
  name: string;
  /** Rises with each start of an engine, and after a restore. */
  epoch: number;
  /** Since when nothing is worked on, because the database is an older one; null: it is not. */
  stopped_at: number | null;
  /** When all findings of the restore were collected. */
  collected_at: number | null;
}

/** What an older database does not know: see gateway/restore/finding.ts. */
export interface RestoreFindingRow {
  /** The id of the payment, with its difference where it has one; or VIN and feature. */
  id: string;
  kind: 'payment_without_purchase' | 'payment_differs' | 'feature_without_owner';
  /** JSON. */
  data: string;
  decision: 'adopt' | 'refund' | 'ignore' | null;
  decided_by: string | null;
  decided_at: number | null;
}

/** A payment that a customer disputes with the bank: see gateway/disputes/. */
export interface DisputeRow {
  /** The payment service's own. */
  id: string;
  payment_id: string;
  activation_id: string;
  purchase_id: string | null;
  amount_minor: number;
  currency: string;
  reason: string;
  /** `open` → `won` | `lost`; `open` or `lost` → `collected` | `written_off`, by an operator. */
  status: 'open' | 'won' | 'lost' | 'collected' | 'written_off';
  opened_at: number;
  settle_by: number;
  closed_at: number | null;
}

/** Events of the payment service that were taken: each once. */
interface PaymentEventTable {
  id: string;
  at: number;
}

/** A systemic cause at the API IoT; at most one is open. See gateway/store/incidents.ts. */
export interface IncidentTable {
  id: string;
  cause: IncidentCause;
  /** Calls that were looked at when it was opened. */
  calls: number;
  /** What shows that it is over: a call of any kind that goes well, or only a command. */
  closes_by: 'any' | 'configure';
  opened_at: number;
  /** When an activation may probe next; the process that moves it makes the probe. */
  probe_at: number;
  closed_at: number | null;
  /** `engine`, or the operator who ended it. */
  closed_by: string | null;
  /** `engine`, or the operator who paused it; null in rows of older versions. */
  opened_by: string | null;
  /** Why an operator paused the engine. */
  reason: string | null;
}

interface CustomerTable {
  id: string;
  name: string;
  email: string;
  /** BCP 47 (`en`, `es`). */
  language: string;
  /** JSON of a Web Push subscription, or null. */
  push_subscription: string | null;
  created_at: number;
  /** When their personal data was erased; since then the row has no personal data. */
  erased_at: Generated<number | null>;
  /** IANA name of the time zone in which notifications show instants; null: the installation's. */
  time_zone: Generated<string | null>;
}

interface VehicleTable {
  vin: string;
  model: string;
  /** What the customer calls it. */
  model_name: string;
  customer_id: string | null;
  registered_at: number;
  /** The last customer who was registered as its owner; null where none ever was. */
  last_owner_id: Generated<string | null>;
}

interface PurchaseTable {
  id: string;
  customer_id: string;
  vin: string;
  service_id: string;
  service_name: string;
  feature: string;
  /** JSON: `{unit: 'hours' | 'days' | 'months', count}` or `{unit: 'permanent'}`. */
  duration: string;
  amount_minor: number;
  currency: string;
  capture: 'on_delivery' | 'immediately';
  /** 1: the vehicle is not delivered to the customer yet. */
  pre_delivery: number;
  activation_id: string;
  status: PurchaseStatus;
  created_at: number;
  /** The owner of the vehicle since it was transferred, who holds what the purchase gave; null where it never was. */
  holder_id: Generated<string | null>;
  /** When the vehicle was transferred last. */
  transferred_at: Generated<number | null>;
}

/**
 * `payment_failed`: delivered, but the capture was declined for good (docs/payments.md). `cancelled`: the customer did not
 * want it any more before it was delivered; what is cancelled later stays `active`, and its entitlement ends.
 */
export type PurchaseStatus = 'pending' | 'active' | 'failed' | 'cancelled' | 'declined' | 'payment_failed';

interface ActivationTable {
  id: string;
  /** Null for a deactivation without a purchase. */
  purchase_id: string | null;
  /** The failed activation that a revocation or a manual retry follows. */
  parent_id: string | null;
  vin: string;
  service_id: string;
  feature: string;
  kind: 'activation' | 'deactivation' | 'revocation';
  phase: string;
  /** Status of the money, null without any: for the operator's list. */
  settlement: string | null;
  /** Lower goes first on one vehicle: 0 if a customer waits, else 1. */
  priority: number;
  /** JSON of the whole Activation: the truth; the other columns are for look-ups. */
  state: string;
  /** Compare-and-set. */
  version: number;
  due_at: number | null;
  requested_at: number;
  ended_at: number | null;
}

interface EntitlementTable {
  id: string;
  vin: string;
  feature: string;
  service_id: string;
  customer_id: string;
  purchase_id: string | null;
  source: 'purchase' | 'goodwill';
  valid_from: number;
  /** Null: permanent. */
  valid_until: number | null;
  ended_at: number | null;
  /** Null as long as it has not ended. */
  end_cause: Generated<EndCause | null>;
}

/** The "expediente": append-only, and the outbox of the event stream. `seq` rises in commit order. */
interface RecordTable {
  seq: Generated<number>;
  id: string;
  purchase_id: string | null;
  activation_id: string | null;
  at: number;
  /** A fact's type, or `purchase.created`, `notice.sent`, `notice.dead`, `ticket.opened` … */
  type: string;
  /** `customer`, `engine`, `vehicle`, `payments`, `notifications`, `support:{name}`. */
  actor: string;
  /** JSON. */
  data: string;
}

/**
 * Customers whose personal data was erased. As long as one has no end, which is only so within its transaction, the data of that
 * customer's lines in the record may be changed (record-triggers.ts).
 */
interface ErasureTable {
  customer_id: string;
  begun_at: number;
  ended_at: number | null;
}

/** How far a reader of the record has come. */
interface CursorTable {
  name: string;
  seq: number;
}

interface NoticeTable {
  id: string;
  purchase_id: string;
  activation_id: string;
  customer_id: string;
  kind: NoticeKind | LifeNoticeKind | SupportNoticeKind;
  channel: 'email' | 'push';
  /** JSON: what the templates need. */
  data: string;
  /** `waiting` → `sent` | `dead`. */
  status: 'waiting' | 'sent' | 'dead';
  tries: number;
  due_at: number | null;
  /** A dispatcher has it until then: at-least-once, not twice at once. */
  claimed_until: number | null;
  created_at: number;
  sent_at: number | null;
  last_error: string | null;
  /** When an operator took it off the list of dead ones. */
  dropped_at: Generated<number | null>;
  /** Distinguishes notifications of a kind that is sent more than once: what made this one; empty for kinds sent once. */
  occasion: Generated<string>;
  /** The mailbox of an e-mail in lower case, for the limit of e-mails per address. */
  address: Generated<string | null>;
}

/** What an activation tells by itself. */
export type NoticeKind =
  | 'payment_confirmed'
  | 'activation_started'
  | 'activation_successful'
  | 'activation_failed'
  | 'activation_cancelled'
  | 'service_renewed'
  /** The service is not active, and the payment could not be reversed automatically. */
  | 'reversal_failed'
  | 'reversal_settled'
  | 'reversal_closed'
  /** It is active, and could not be charged. */
  | 'capture_failed'
  | 'capture_settled';

/** Notifications of the service lifecycle. */
export type LifeNoticeKind = 'service_cancelled' | 'payment_disputed' | 'page_link';

/** What the support desk tells a customer. */
export type SupportNoticeKind =
  | 'support_service_active'
  | 'support_workshop_visit'
  | 'support_workaround'
  | 'support_question';

export type CustomerRow = Selectable<CustomerTable>;
export type VehicleRow = Selectable<VehicleTable>;
export type PurchaseRow = Selectable<PurchaseTable>;
export type ActivationRow = Selectable<ActivationTable>;
export type EntitlementRow = Selectable<EntitlementTable>;
export type RecordRow = Selectable<RecordTable>;
export type NoticeRow = Selectable<NoticeTable>;
