import { createHash, createHmac } from 'node:crypto';
import type { Random } from '../ports/random.ts';
import type { Secrets } from '../ports/secrets.ts';
import type { VirtualProcess } from './process.ts';

/** Secrets that a seed decides: they protect nothing. Digests and signatures are the live ones; both need no thread pool. */
export function virtualSecrets(process: VirtualProcess, random: Random): Secrets {
  const own = random.stream('secrets').stream(process.name).stream(String(process.life));
  return {
    newToken: () =>
      Buffer.from(Array.from({ length: 32 }, () => Math.floor(own.fraction() * 256))).toString('base64url'),
    digest: (text) => createHash('sha256').update(text).digest('hex'),
    sign: (secret, text) => createHmac('sha256', secret).update(text).digest('hex'),
    equal: (left, right) => left === right,
  };
}
