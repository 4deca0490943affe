import type { FactType } from '../activation/fact.ts';
import type { EntitlementFact } from '../entitlement/entitlement.ts';
import type { transferType } from '../entitlement/transfer.ts';
import type { TicketFact } from '../support/ticket-machine.ts';

/** Who reads a record: support everything, a customer what is for them, in words without our systems' own. */
export const recordViews = ['support', 'customer'] as const;
export type RecordView = (typeof recordViews)[number];

export type RecordType =
  | 'purchase.created'
  | FactType
  | EntitlementFact['type']
  | TicketFact['type']
  | 'entitlement.shortened'
  | 'entitlement.restored'
  | 'customer.erased'
  | typeof transferType
  | 'payment.disputed'
  | 'payment.dispute_won'
  | 'payment.dispute_lost'
  | 'restore.adopted'
  | 'restore.refunded'
  | 'restore.ignored'
  | 'notice.sent'
  | 'notice.dead'
  | 'notice.resent'
  | 'notice.dropped'
  | 'webhook.replayed'
  | 'webhook.dropped'
  | 'webhook.resumed'
  | 'activation.requeued'
  | 'incident.opened'
  | 'incident.closed'
  | 'reconciliation.revocation'
  | 'reconciliation.reactivation';
