import type { Context } from 'hono';
import { z } from 'zod';
import type { Secrets } from '../../shared/ports/secrets.ts';
import type { AppEnv, Caller } from './app-env.ts';
import type { KeyClaim, KeyUse, StoredAnswer } from './idempotency-store.ts';
import { problemError } from './problem.ts';

/** The headers of a request that may be repeated safely. */
export const keyHeaders = z.object({
  'idempotency-key': z
    .string()
    .optional()
    .meta({ description: 'Names the request: a repeat under the same key is answered as the first was' }),
});

/** What the answer to a repeat carries. */
export const replayedHeader = {
  'Idempotency-Replayed': {
    description: 'true: the key was known, and nothing was done again',
    schema: { type: 'string' as const, enum: ['true'] },
  },
};

/** The longest Idempotency-Key. */
const keyLengthMax = 128;
const keyShape = /^[\x21-\x7e]+$/;

/**
 * The use of the request's Idempotency-Key, or null when it has none. The draft's quoted form (`"abc"`) and the bare
 * form name the same key. Needs `requireScope` before it: keys belong to a client. 400 for a key of another shape.
 */
export async function keyUseOf(context: Context<AppEnv>, secrets: Secrets): Promise<KeyUse | null> {
  const header = context.req.header('idempotency-key');
  if (header === undefined) return null;
  const key = header.replace(/^"(.*)"$/, '$1');
  if (key.length > keyLengthMax || !keyShape.test(key)) {
    throw problemError(
      'malformed-request',
      `An Idempotency-Key has 1 to ${keyLengthMax} visible ASCII characters.`,
    );
  }
  const { method, path } = context.req;
  const fingerprint = secrets.digest(`${method} ${path}\n${await context.req.text()}`);
  return { owner: ownerOf(context.var.caller), key, fingerprint };
}

/** Customers of one client never meet, however their apps count. No client id has a line break (RFC 6749 appendix A.1). */
function ownerOf({ clientId, customerId }: Caller): string {
  return customerId === null ? clientId : `${clientId}\n${customerId}`;
}

/** The stored answer when the claim is a replay, null when the work is to be done; throws 422 or 409 otherwise. */
export function answerOf(claim: KeyClaim): StoredAnswer | null {
  switch (claim.kind) {
    case 'new':
      return null;
    case 'replay':
      return claim.answer;
    case 'mismatch':
      throw problemError(
        'key-mismatch',
        'Use a new Idempotency-Key for a new request, or repeat the first one unchanged.',
      );
    case 'in_flight':
      throw problemError('key-in-flight', 'Wait a second and send it again.', {}, { 'retry-after': '1' });
    default:
      return claim satisfies never;
  }
}
