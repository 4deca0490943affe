import type { Ids } from '../ports/ids.ts';
import { integerBetween, type Random } from '../ports/random.ts';
import type { VirtualProcess } from './process.ts';

/** Crockford's base 32, so that identifiers sort as they were made. */
const alphabet = '0123456789abcdefghjkmnpqrstvwxyz';

function base32(value: number, length: number): string {
  let text = '';
  for (let rest = value, index = 0; index < length; index += 1) {
    text = (alphabet[rest % 32] ?? '') + text;
    rest = Math.floor(rest / 32);
  }
  return text;
}

/**
 * Identifiers in the form of the live ones: 10 characters of time, then 16 that a seed decides: 8 are drawn once for each
 * start of a process, and 8 count.
 */
export function virtualIds(process: VirtualProcess, random: Random): Ids {
  const own = random.stream('ids').stream(process.name).stream(String(process.life));
  const source = Array.from({ length: 8 }, () => alphabet[integerBetween(own, 0, 31)]).join('');
  let lastMs = 0;
  let count = 0;
  return {
    next(prefix) {
      // A clock that was set back must not make an identifier that sorts before the last.
      lastMs = Math.max(lastMs, process.clock.now());
      count += 1;
      return `${prefix}_${base32(lastMs, 10)}${source}${base32(count, 8)}`;
    },
  };
}
