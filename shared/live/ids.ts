import { randomBytes } from 'node:crypto';
import type { Ids } from '../ports/ids.ts';

/** Crockford's base 32, so that identifiers sort as they were made. */
const alphabet = '0123456789abcdefghjkmnpqrstvwxyz';

function base32(value: bigint, length: number): string {
  let text = '';
  for (let rest = value, index = 0; index < length; index += 1, rest >>= 5n) {
    text = alphabet[Number(rest & 31n)] + text;
  }
  return text;
}

/** Identifiers in ULID form: 48 bits of time, 80 bits of chance that rise within one millisecond. */
export function systemIds(): Ids {
  let lastMs = 0;
  let tail = 0n;
  return {
    next(prefix) {
      const nowMs = Math.max(Date.now(), lastMs);
      tail = nowMs === lastMs ? tail + 1n : BigInt(`0x${randomBytes(10).toString('hex')}`) >> 1n;
      lastMs = nowMs;
      return `${prefix}_${base32(BigInt(nowMs), 10)}${base32(tail, 16)}`;
    },
  };
}
