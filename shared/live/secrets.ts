import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Secrets } from '../ports/secrets.ts';

export const systemSecrets: Secrets = {
  newToken: () => randomBytes(32).toString('base64url'),
  digest: (text) => createHash('sha256').update(text).digest('hex'),
  sign: (secret, text) => createHmac('sha256', secret).update(text).digest('hex'),
  equal(left, right) {
    const [first, second] = [left, right].map((text) => createHash('sha256').update(text).digest());
    return first !== undefined && second !== undefined && timingSafeEqual(first, second);
  },
};
