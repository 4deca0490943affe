import type { Log } from '../../shared/ports/log.ts';
import { problemOf } from '../../shared/protocol/problem.ts';
import { hasValidCheckDigit } from '../../shared/protocol/vin.ts';
import { type BatchRow, refusedRow } from '../http/batch-rows.ts';
import type { ApiIotConfig } from './config.ts';

/**
 * Holds new vehicles to the check digit policy: it is mandatory in North America only, so the default accepts a wrong one
 * and logs it. `strict` refuses the row.
 */
export function checkVins<Row extends { readonly vin: string }>(
  rows: readonly BatchRow<Row>[],
  policy: ApiIotConfig['checkDigit'],
  log: Log,
): readonly BatchRow<Row>[] {
  const isWrong = ({ value }: BatchRow<Row>) => value !== null && !hasValidCheckDigit(value.vin);
  const wrong = policy === 'off' ? [] : rows.filter(isWrong);
  if (wrong.length === 0) return rows;
  if (policy === 'warn') {
    log.warn('api_iot.vin_check_digit', { count: wrong.length, first: wrong[0]?.value?.vin });
    return rows;
  }
  return rows.map((row) => {
    if (!isWrong(row)) return row;
    const errors = [{ in: 'body', pointer: `${row.pointer}/vin`, message: 'the check digit is wrong' }];
    return refusedRow(row, problemOf('invalid-request', 'The VIN has a wrong check digit.', { errors }));
  });
}
