import { z } from 'zod';
import type { PurchaseStatus } from '../store/schema.ts';
import type { TicketRow } from '../store/ticket-tables.ts';

/**
 * What a service is to its customer (docs/platform-api.md): a failed one is `pending_support` while its ticket is open
 * and `failed_activation` once the ticket is closed without delivery. `ended`: it was active, and is owned no more.
 */
export const serviceStatuses = [
  'pending',
  'active',
  'pending_support',
  'failed_activation',
  'cancelled',
  'payment_failed',
  'ended',
] as const;
export const serviceStatusSchema = z.enum(serviceStatuses).meta({ id: 'ServiceStatus' });
export type ServiceStatus = (typeof serviceStatuses)[number];

/**
 * Returns the status of the service; null for a purchase whose payment was declined. `isOwned`: an entitlement is in force
 * now, also a goodwill one.
 */
export function serviceStatus(
  purchase: PurchaseStatus,
  ticket: TicketRow['status'] | null,
  isOwned: boolean,
): ServiceStatus | null {
  switch (purchase) {
    case 'pending':
    case 'cancelled':
      return purchase;
    case 'active':
    case 'payment_failed':
      return isOwned ? purchase : 'ended';
    case 'failed':
      if (isOwned) return 'active';
      return ticket === 'open' ? 'pending_support' : 'failed_activation';
    case 'declined':
      return null;
    default:
      return purchase satisfies never;
  }
}
