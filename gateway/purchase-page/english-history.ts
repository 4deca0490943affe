import type { RecordType } from '../platform/record-type.ts';

/**
 * Lines of the history whose words are others on the customer's own page than in the API: they speak to the customer, and the
 * page writes instants itself, in the customer's time zone.
 */
const englishHistory: Readonly<Partial<Record<RecordType, readonly [what: string, cause: string | null]>>> = {
  'activation.waiting_backoff': ['the next attempt waits', 'the attempt before did not succeed'],
  'activation.notifying_customer': ['you are notified', 'the service is active'],
  'activation.notifying_failure': ['you are notified', 'it failed'],
  'activation.cancel_requested': ['you asked to cancel it', null],
  'activation.cancelled': ['the purchase is cancelled', 'you did not want it any more'],
  'customer.erased': ['your personal data was erased', 'your request'],
};

/** Returns a line as it speaks to the customer; null for one whose words are those of the API. */
export function englishLine(type: string): { what: string; cause: string | null } | null {
  const known = Object.hasOwn(englishHistory, type) ? englishHistory[type as RecordType] : undefined;
  return known === undefined ? null : { what: known[0], cause: known[1] };
}
