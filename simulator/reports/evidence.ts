import type {
  ActivationRow,
  CustomerRow,
  EntitlementRow,
  NoticeRow,
  PurchaseRow,
  RecordRow,
} from '../../gateway/store/schema.ts';
import type { TicketRow } from '../../gateway/store/ticket-tables.ts';
import type { CommandResource } from '../../shared/protocol/api-iot.ts';
import type { ReportedFeature } from '../../shared/protocol/device-messages.ts';
import type { Plan } from '../scenarios/plan.ts';
import type { PlannedAction } from '../scenarios/planned-action.ts';
import type { LedgerEntry } from '../stand-ins/payments/ledger-rules.ts';
import type { SeenPayment } from '../stand-ins/payments/seen-payment.ts';

/**
 * Evidence of a run from independent sources, as plain data. The checks read nothing else, so a run can be judged again from
 * a file. Instants are epoch milliseconds of one machine.
 */
export interface Evidence {
  readonly plan: Plan;
  /** JSON of a plan made a second time from the same scenario and seed, in another order of events. */
  readonly planAgain: string;
  /** The first moment of the workload. */
  readonly startedAt: number;
  /** When the faults of the services were taken away; without it: they had none, or kept them. */
  readonly healedAt?: number;
  /** When the evidence was taken. */
  readonly takenAt: number;
  /** What the platform answered to each purchase of the plan, as the buyer saw it. */
  readonly answers: readonly PurchaseAnswer[];
  /** What people did after their purchases, as the plan says; left out where it says nothing. */
  readonly actions?: readonly ActionAnswer[];
  /** The payment service's ledger. */
  readonly ledger: readonly LedgerEntry[];
  /** Every payment that was asked for, declined ones too; only where an engine of the user's own is judged. */
  readonly payments?: readonly SeenPayment[];
  /** Read from the platform's database file. */
  readonly database: DatabaseEvidence;
  /** Every configure command that the API IoT accepted, read from its database file. */
  readonly apiIot: readonly CommandResource[];
  /** Every message on `vehicles/+/cmd/#` and `vehicles/+/evt/#` recorded at the broker or at the vehicles, once. */
  readonly broker: readonly BrokerMessage[];
  /** The vehicles themselves, at the end. */
  readonly vehicles: readonly VehicleEvidence[];
  readonly mails: readonly SeenMail[];
  readonly pushes: readonly SeenPush[];
  /** CloudEvents read from the event stream, or null without a reader. */
  readonly events: readonly SeenEvent[] | null;
  /** What the outside ticket system received; without it: no webhook was set. */
  readonly ticketEvents?: readonly SeenTicketEvent[];
  /** How often a process of the gateway died in this run: only then may a message come twice. */
  readonly crashes: number;
  /**
   * How often the sender of a notification died or got no answer to one that was taken: so often the same one may come again. Only
   * where an engine of the user's own is judged; without it: never.
   */
  readonly repeatsMax?: number;
  /**
   * How many times as long as its processor time the work of the run's process took, in the worst ten seconds: 2 where other
   * programs took half of the machine. Without it: 1, as in virtual time.
   */
  readonly slowness?: number;
  /** Longest time from a vehicle's answer at the broker until the engine receives it in this run; default: the plan's slack, and one second at the least. */
  readonly newsMs?: number;
  /** What the faults between engine and API IoT did, by type. */
  readonly httpFaults: Readonly<Record<string, number>>;
  /** What the faults between engine and payment service did, by type; without it: nothing. */
  readonly paymentsFaults?: Readonly<Record<string, number>>;
  /** What the faults in front of the platform did, by type; without it: nothing. */
  readonly platformFaults?: Readonly<Record<string, number>>;
  /** How often mail server and push service were down for a message, by type; without it: never. */
  readonly channelFaults?: Readonly<Record<string, number>>;
}

export interface DatabaseEvidence {
  readonly customers: readonly CustomerRow[];
  readonly purchases: readonly PurchaseRow[];
  readonly activations: readonly ActivationRow[];
  readonly entitlements: readonly EntitlementRow[];
  readonly record: readonly RecordRow[];
  readonly notices: readonly NoticeRow[];
  readonly tickets: readonly TicketRow[];
}

export interface PurchaseAnswer {
  /** Id in the plan (`p-001`). */
  readonly plannedId: string;
  readonly at: number;
  /** HTTP status; null when no answer ever came. */
  readonly status: number | null;
  /** Name of the problem (`payment-declined`), or null. */
  readonly problem: string | null;
  readonly purchaseId: string | null;
}

/** An action of the plan, and the platform's answer to it. */
export interface ActionAnswer {
  readonly do: PlannedAction['do'];
  /** Id in the plan of the purchase that it is about. */
  readonly purchase: string;
  readonly at: number;
  /** HTTP status; null when no request was sent or no answer came. */
  readonly status: number | null;
  /** Name of the problem, `no-purchase` or `no-ticket`; null: done. */
  readonly problem: string | null;
}

export interface BrokerMessage {
  /** When it was first recorded; a vehicle's message, when it was sent. */
  readonly at: number;
  readonly topic: string;
  readonly payload: string;
  /** When it was certain that the broker had it; null: its connection dropped first. Without it: `at`. */
  readonly takenAt?: number | null;
  /** Whether it was recorded at the vehicle's end; a crashed broker may have lost a command before. Default true. */
  readonly atVehicle?: boolean;
}

export interface VehicleEvidence {
  readonly vin: string;
  readonly features: readonly ReportedFeature[];
  /** Texts that its display showed, oldest first. */
  readonly displayed: readonly string[];
  /** Results that a fault lost: only the vehicle knows them. */
  readonly resultsLost: number;
}

/** A mail as it arrived at the sink. */
export interface SeenMail {
  readonly at: number;
  /** Without brackets. */
  readonly messageId: string;
  readonly to: string;
  readonly subject: string;
  readonly text: string;
}

/** A push message as the push service decrypted it. */
export interface SeenPush {
  readonly at: number;
  readonly endpoint: string;
  readonly noticeId: string;
  readonly title: string;
  readonly body: string;
}

/** A ticket event as the outside ticket system received it; a repeat has the same id. */
export interface SeenTicketEvent {
  readonly at: number;
  /** The `webhook-id`: that of the record's row. */
  readonly id: string;
  readonly type: string;
}

export interface SeenEvent {
  /** The CloudEvent's id: that of the record's row. */
  readonly id: string;
  readonly type: string;
}
