import { z } from 'zod';
import { minorUnitDigits } from './currencies.ts';

/** An amount in minor units (cents) of one currency. Never a float, never mixed. */
export interface Money {
  readonly amountMinor: number;
  /** ISO 4217. */
  readonly currency: string;
}

export const moneySchema = z.object({
  amountMinor: z.int().min(0).max(99_999_999).meta({ description: 'Amount in minor units', example: 4990 }),
  currency: z
    .string()
    .regex(/^[A-Z]{3}$/, 'three capital letters, ISO 4217')
    .meta({ example: 'EUR' }),
});

/** `49.90 EUR`. Written without Intl: the text is part of the trace. */
export function formatMoney(money: Money): string {
  // A database of an older version may contain a code that is refused today.
  const exponent = minorUnitDigits(money.currency) ?? 2;
  const digits = String(money.amountMinor).padStart(exponent + 1, '0');
  const whole = digits.slice(0, digits.length - exponent);
  return exponent === 0
    ? `${whole} ${money.currency}`
    : `${whole}.${digits.slice(-exponent)} ${money.currency}`;
}
