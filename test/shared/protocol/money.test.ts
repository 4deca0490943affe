import { expect, it } from 'vitest';
import { isCurrency, minorUnitDigits } from '../../../shared/protocol/currencies.ts';
import { formatMoney } from '../../../shared/protocol/money.ts';

it.each([
  [5_000, 'XOF', '5000 XOF'],
  [5_000, 'PYG', '5000 PYG'],
  [5_000, 'IQD', '5.000 IQD'],
  [10_000, 'CLF', '1.0000 CLF'],
  [5_000, 'RWF', '5000 RWF'],
  [5_000, 'LYD', '5.000 LYD'],
  [1, 'UYW', '0.0001 UYW'],
  [5_000, 'ISK', '5000 ISK'],
  [5_000, 'HUF', '50.00 HUF'],
  [4_990, 'EUR', '49.90 EUR'],
  [5, 'EUR', '0.05 EUR'],
  [500, 'JPY', '500 JPY'],
  [12_340, 'KWD', '12.340 KWD'],
])('writes %d minor units of %s as %s', (amountMinor, currency, text) => {
  expect(formatMoney({ amountMinor, currency })).toBe(text);
});

it('knows the 166 currencies of ISO 4217 that have a minor unit, and no other code', () => {
  const letters = Array.from({ length: 26 }, (_, index) => String.fromCharCode(65 + index));
  const codes = letters.flatMap((a) => letters.flatMap((b) => letters.map((c) => `${a}${b}${c}`)));
  expect(codes.filter(isCurrency)).toHaveLength(166);
  expect(['EUX', 'XAU', 'XXX', 'eur', ''].map(isCurrency)).toEqual([false, false, false, false, false]);
  expect(minorUnitDigits('EUX')).toBe(null);
});
