/** A ticket in a list. */
export interface TicketView {
  readonly id: string;
  readonly activationId: string;
  readonly purchaseId: string | null;
  readonly vin: string;
  readonly serviceId: string;
  readonly priority: string;
  readonly status: 'open' | 'closed';
  readonly state: string;
  readonly assignedTo: string | null;
  readonly openedAt: number;
  readonly responseDueAt: number;
  readonly overdue: boolean;
}

export interface TicketDetails extends TicketView {
  readonly moves: readonly string[];
  readonly fields: Readonly<Record<string, unknown>>;
}

export interface DeadNotification {
  readonly id: string;
  readonly kind: string;
  readonly channel: string;
  readonly customerId: string;
  readonly tries: number;
  readonly lastError: string | null;
}

export interface OpenSettlement {
  readonly activationId: string;
  readonly overdue: boolean;
  readonly settlement: {
    readonly amountMinor: number;
    readonly currency: string;
    readonly problem: string | null;
    readonly settleBy: number | null;
  };
}

/** Settlement whose payment is disputed. */
export interface DisputedSettlement extends OpenSettlement {
  readonly phase: string;
  readonly dispute: {
    readonly id: string;
    readonly status: string;
    readonly amountMinor: number;
    readonly currency: string;
    readonly reason: string;
    readonly settleBy: number;
  };
}
