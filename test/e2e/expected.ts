/** Literal expectations for heated seats for a month (14.90 EUR), bought for an Aurora 2026: tests state only the differences. */
export const receipt = 'Receipt: Heated seats for your Aurora 2026';
export const activating = 'Activating your service: Heated seats';

/** Delivered: the customer sees the same after any failures. */
export const success = {
  phase: 'active',
  status: 'active',
  serviceStatus: 'active',
  failure: null,
  money: ['authorised', 'captured'],
  netMinor: 1490,
  mails: [receipt, activating, 'Your Heated seats is now active'],
  pushes: ['Service purchased', 'Activating...', 'Service ready to use'],
  ticket: null,
  isRevoked: false,
  feature: 'active',
};

/** Not delivered: the hold released, one ticket, and the customer told once. */
export const failure = {
  phase: 'failed',
  status: 'failed',
  serviceStatus: 'pending_support',
  money: ['authorised', 'voided'],
  netMinor: 0,
  mails: [receipt, activating, 'Service activation issue - You have NOT been charged'],
  pushes: ['Service purchased', 'Activating...', 'Activation issue - not charged'],
  isRevoked: false,
  feature: 'dormant',
};

/** What a ticket of these failures says: the customer's money was held, so HIGH. */
export function ticket(lastErrorCode: string, retries: number) {
  return { priority: 'HIGH', lastErrorCode, retries };
}
