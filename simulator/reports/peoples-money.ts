import type { CaseFile } from './case-file.ts';
import type { Evidence } from './evidence.ts';

/**
 * Returns whether operators settle a reversal that the payment service refused: an open settlement within its deadline, or
 * an ended one (paid back by other means, or written off). The customer gets no "not charged" notification for it.
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
