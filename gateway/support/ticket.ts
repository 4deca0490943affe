import type { ConfigureRequest } from '../../shared/protocol/api-iot.ts';
import type { Money } from '../../shared/protocol/money.ts';
import type { Activation, Attempt } from '../activation/activation.ts';
import type { Failure } from '../activation/failure.ts';
import type { VehicleStatus } from '../adapter/answers.ts';
import type { Diagnostics, Unavailable } from './diagnostics.ts';

/** One attempt as a technician reads it; `response` is null when its outcome is unknown. */
interface TicketAttempt {
  readonly attempt: number;
  readonly startedAt: number;
  readonly endedAt: number | null;
  readonly commandId: string | null;
  readonly version: number | null;
  readonly response: Omit<Failure, 'temporary'> | null;
}

/** The last error's code where a vehicle does not keep the state that it confirmed (entitlement/contradiction.ts). */
export const contradictionCode = 'state_contradicted';

export type TicketPriority = 'HIGH' | 'MEDIUM';

/** The ticket of an activation that failed. */
export interface OpenedTicket {
  readonly id: string;
  readonly priority: TicketPriority;
  /** False where the activation had one before. */
  readonly opened: boolean;
}

/**
 * The 18 fields of the specification's "Support Ticket Data Structure", in its order. Instants are epoch milliseconds.
 * A field that could not be read says why instead.
 */
export interface TicketFields {
  readonly ticketId: string;
  readonly vin: string;
  readonly customerId: string | Unavailable;
  readonly customerEmail: string | Unavailable;
  readonly serviceId: string;
  readonly serviceName: string | Unavailable;
  readonly paymentTransactionId: string | Unavailable;
  readonly paymentAmount: Money | Unavailable;
  readonly activationRequestTime: number;
  /** Every attempt, the first included. */
  readonly retryAttempts: readonly TicketAttempt[];
  readonly lastErrorCode: string | Unavailable;
  readonly lastErrorMessage: string | Unavailable;
  readonly vehicleStatusSnapshot: VehicleStatus | Unavailable;
  readonly vehicleOnlineStatus: boolean | Unavailable;
  /** dBm. */
  readonly networkSignalStrength: number | Unavailable;
  readonly vehicleFirmwareVersion: string | Unavailable;
  readonly configurationPayload: ConfigureRequest | Unavailable;
  readonly priority: TicketPriority;
}

/** What the platform's own database knows about the order; null where there is none. */
export interface TicketOrder {
  readonly customerId: string | null;
  readonly customerEmail: string | null;
  readonly serviceName: string | null;
  readonly preDelivery: boolean;
}

/** Pre-delivery is MEDIUM; else HIGH when money was ever held or taken, because a customer waits. */
export function ticketPriority(
  activation: Pick<Activation, 'settlement' | 'origin'>,
  preDelivery: boolean,
): TicketPriority {
  if (preDelivery) return 'MEDIUM';
  // The customer has paid for it, by the purchase that gave it to them.
  if (activation.origin === 'reconciliation') return 'HIGH';
  // The payment service names a payment once it holds or took the amount.
  return activation.settlement?.paymentId == null ? 'MEDIUM' : 'HIGH';
}

/** Pure: the fields of a ticket from the activation's state, the order, and what was read of the vehicle. */
export function ticketFields(
  ticketId: string,
  activation: Activation,
  order: TicketOrder,
  diagnostics: Diagnostics,
): TicketFields {
  const { settlement, failure } = activation;
  const noOrder = `this ${activation.kind} has no purchase`;
  const noFailure = 'no failure was recorded';
  const noPayment = `no money belongs to this ${activation.kind}`;
  return {
    ticketId,
    vin: activation.vin,
    customerId: order.customerId ?? unavailable('the vehicle has no customer'),
    customerEmail: order.customerEmail ?? unavailable('the vehicle has no customer'),
    serviceId: activation.serviceId,
    serviceName: order.serviceName ?? unavailable(noOrder),
    paymentTransactionId:
      settlement === null
        ? unavailable(noPayment)
        : (settlement.paymentId ?? unavailable('the payment was never confirmed')),
    paymentAmount:
      settlement === null
        ? unavailable(noPayment)
        : { amountMinor: settlement.amountMinor, currency: settlement.currency },
    activationRequestTime: activation.requestedAt,
    retryAttempts: activation.attempts.map(ticketAttempt),
    lastErrorCode: failure?.code ?? unavailable(noFailure),
    lastErrorMessage: failure?.message ?? unavailable(noFailure),
    ...vehicleFields(diagnostics),
    configurationPayload: diagnostics.configuration,
    priority: ticketPriority(activation, order.preDelivery),
  };
}

function unavailable(reason: string): Unavailable {
  return { unavailable: reason };
}

function ticketAttempt(attempt: Attempt): TicketAttempt {
  const { number, startedAt, endedAt, commandId, version, failure } = attempt;
  const response =
    failure === null
      ? null
      : {
          category: failure.category,
          code: failure.code,
          message: failure.message,
          mayHaveSucceeded: failure.mayHaveSucceeded,
        };
  return { attempt: number, startedAt, endedAt, commandId, version, response };
}

const signalStrengthPath = 'Vehicle.Connectivity.Cellular.RSRP';

/** Health first, which is asked for reachability; the status where health said nothing. */
function vehicleFields({
  status,
  health,
}: Diagnostics): Pick<
  TicketFields,
  'vehicleStatusSnapshot' | 'vehicleOnlineStatus' | 'networkSignalStrength' | 'vehicleFirmwareVersion'
> {
  const twin = 'unavailable' in status ? null : status;
  const known = 'unavailable' in health ? null : health;
  const unread = 'unavailable' in health ? health : unavailable('the vehicle never reported it');
  const telemetrySignal = twin?.telemetry[signalStrengthPath];
  return {
    vehicleStatusSnapshot: status,
    vehicleOnlineStatus: known?.online ?? twin?.online ?? unread,
    networkSignalStrength:
      known?.signalStrengthDbm ?? (typeof telemetrySignal === 'number' ? telemetrySignal : unread),
    vehicleFirmwareVersion:
      twin === null
        ? (status as Unavailable)
        : (twin.firmware ?? unavailable('the vehicle never reported it')),
  };
}
