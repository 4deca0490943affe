import { givenText } from '../../shared/protocol/address.ts';
import { UsageError } from './exit.ts';

/** A whole number within limits, or a sentence. */
export function countOf(flag: string, text: string, most: number, least = 0): number {
  const number = Number(text);
  if (/^\d{1,7}$/.test(text) && number >= least && number <= most) return number;
  throw new UsageError(`${flag} must be a whole number from ${least} to ${most}, not ${givenText(text)}`);
}
