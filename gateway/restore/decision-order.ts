import type { Transaction } from 'kysely';
import type { Clock } from '../../shared/ports/clock.ts';
import type { Database } from '../../shared/ports/database.ts';
import type { Ids } from '../../shared/ports/ids.ts';
import type { Payments } from '../../shared/ports/payments.ts';
import type { Activation } from '../activation/activation.ts';
import type { ActivationEvent } from '../activation/event.ts';
import type { Catalogue } from '../catalogue/catalogue.ts';
import type { Duration } from '../catalogue/service.ts';
import type { PlatformSchema } from '../store/schema.ts';

export interface DecisionDeps {
  readonly database: Database<PlatformSchema>;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly catalogue: Catalogue;
  readonly payments: Pick<Payments, 'void' | 'refund'>;
  /** The engine's: saves events of an activation, and resolves with the activation as it then stands. */
  readonly settle: (activationId: string, event: RepairEvent) => Promise<Activation>;
}

/** What may bring the books to where the payment service is. */
export type RepairEvent =
  | Extract<
      ActivationEvent,
      { type: 'payment_authorised' | 'cancel_requested' | 'vehicle_checked' | 'command_applied' }
    >
  | { readonly type: 'payment_voided' | 'payment_refunded'; readonly at: number };

export interface DecisionOrder {
  readonly choice: 'adopt' | 'refund' | 'ignore';
  /** The operator. */
  readonly by: string;
  /** Whose it is; by default the customer of the vehicle. */
  readonly customerId?: string | undefined;
  /** By default the one that is sold at the payment's amount. */
  readonly duration?: Duration | undefined;
}

export type Write = Transaction<PlatformSchema>;
