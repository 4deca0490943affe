import type { Log } from '../../shared/ports/log.ts';
import { hasValidCheckDigit } from '../../shared/protocol/vin.ts';
import { problemError } from '../http/problem.ts';
import type { ApiIotConfig } from './config.ts';

/**
 * Holds new vehicles to the check digit policy: it is mandatory in North America only, so the default takes a wrong one
 * and says so in the log. `strict` ends the request with 422 and names each.
 */
export function checkVins(vins: readonly string[], policy: ApiIotConfig['checkDigit'], log: Log): void {
  if (policy === 'off') return;
  const wrong = vins.flatMap((vin, index) => (hasValidCheckDigit(vin) ? [] : [{ vin, index }]));
  if (wrong.length === 0) return;
  if (policy === 'warn') {
    log.warn('api_iot.vin_check_digit', { count: wrong.length, first: wrong[0]?.vin });
    return;
  }
  const errors = wrong.slice(0, 32).map(({ index }) => ({
    in: 'body',
    pointer: `/vehicles/${index}/vin`,
    message: 'the check digit is wrong',
  }));
  throw problemError('invalid-request', `${wrong.length} VINs have a wrong check digit.`, { errors });
}
