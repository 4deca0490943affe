import type { CaseFile } from './case-file.ts';
import type { Evidence } from './evidence.ts';

/**
 * Returns whether money that the payment service refused to give back is in people's hands: an open settlement within its deadline,
 * or one that they have ended (paid back by other means, or written off). Until then "not charged" is not said of it.
 */
export function isWithPeople({ takenAt }: Pick<Evidence, 'takenAt'>, { state }: CaseFile): boolean {
  const { settlement } = state;
  if (settlement?.settleBy === undefined) return false;
  switch (settlement.status) {
    case 'unsettled':
    case 'voiding':
    case 'refunding':
      return takenAt <= settlement.settleBy;
    case 'paid_back':
    case 'written_off':
      return true;
    default:
      return false;
  }
}
