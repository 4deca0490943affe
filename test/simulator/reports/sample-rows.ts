import type { PurchaseRow } from '../../../gateway/store/schema.ts';
import type { LedgerEntry } from '../../../simulator/stand-ins/payments/ledger-rules.ts';
import { startedAt } from './sample-names.ts';

const movements = {
  authorised: { from: 'customer', to: 'customer_hold' },
  charged: { from: 'customer', to: 'merchant' },
  captured: { from: 'customer_hold', to: 'merchant' },
  voided: { from: 'customer_hold', to: 'customer' },
  refunded: { from: 'merchant', to: 'customer' },
} as const;

export function entry(
  sequence: number,
  atMs: number,
  kind: keyof typeof movements,
  activationId: string,
): LedgerEntry {
  return {
    sequence,
    at: startedAt + atMs,
    kind,
    ...movements[kind],
    amountMinor: 1_490,
    currency: 'EUR',
    paymentId: `pay_${activationId}`,
    activationId,
    key: null,
  };
}

export function customer(id: string, endpoint: string | null) {
  const push_subscription =
    endpoint === null ? null : JSON.stringify({ endpoint, keys: { p256dh: 'B', auth: 'A' } });
  return {
    id,
    name: id,
    email: `${id}@example.com`,
    language: 'en',
    push_subscription,
    created_at: startedAt,
    erased_at: null,
    time_zone: null,
  };
}

export function purchase(
  letter: string,
  customerId: string,
  vin: string,
  serviceId: string,
  capture: PurchaseRow['capture'],
  status: PurchaseRow['status'],
): PurchaseRow {
  return {
    id: `pur_${letter}`,
    customer_id: customerId,
    vin,
    service_id: serviceId,
    service_name: serviceId,
    feature: serviceId.replace('-', '_'),
    duration: '{"unit":"months","count":1}',
    amount_minor: 1_490,
    currency: 'EUR',
    capture,
    pre_delivery: 0,
    activation_id: `act_${letter}`,
    status,
    created_at: startedAt + 100,
    holder_id: null,
    transferred_at: null,
  };
}

export function entitlement(letter: string, vin: string, feature: string, fromMs: number) {
  return {
    id: `ent_${letter}`,
    vin,
    feature,
    service_id: feature.replace('_', '-'),
    customer_id: 'customer-0001',
    purchase_id: `pur_${letter}`,
    source: 'purchase' as const,
    valid_from: startedAt + fromMs,
    valid_until: null,
    ended_at: null,
    end_cause: null,
  };
}

export function ticket(letter: string, vin: string, priority: 'HIGH' | 'MEDIUM', openedMs: number) {
  const unread = { unavailable: 'the API IoT did not answer' };
  return {
    id: `tkt_${letter}`,
    activation_id: `act_${letter}`,
    purchase_id: `pur_${letter}`,
    vin,
    customer_id: 'customer-0001',
    service_id: 'heated-seats',
    priority,
    status: 'open' as const,
    assigned_to: 'on-duty',
    opened_at: startedAt + openedMs,
    response_due_at: startedAt + openedMs + 3_600_000,
    closed_at: null,
    work: null,
    state: 'assigned',
    due_at: startedAt + openedMs + 3_600_000,
    overdue: 0,
    cause: null,
    incident_id: null,
    version: 1,
    fields: JSON.stringify({
      ticketId: `tkt_${letter}`,
      vin,
      customerId: 'customer-0001',
      customerEmail: 'customer-0001@example.com',
      serviceId: 'heated-seats',
      serviceName: 'Heated seats',
      paymentTransactionId: `pay_${letter}`,
      paymentAmount: { amountMinor: 1_490, currency: 'EUR' },
      activationRequestTime: startedAt + 200,
      retryAttempts: [],
      lastErrorCode: 'timed_out',
      lastErrorMessage: 'the vehicle was offline until the command timed out',
      vehicleStatusSnapshot: unread,
      vehicleOnlineStatus: false,
      networkSignalStrength: unread,
      vehicleFirmwareVersion: '4.2.0',
      configurationPayload: unread,
      priority,
    }),
  };
}
