import type { Kysely } from 'kysely';
import type { PaymentsStandInSchema } from './schema.ts';
import { type Answer, errorBody } from './stripe-error.ts';

/** How long Stripe keeps a key at least, and this stand-in exactly: 24 hours. */
const keyLifeMs = 24 * 3_600_000;
/** The most outdated keys that one request removes. */
const cleanUpMax = 20;

export interface KeyUse {
  readonly key: string;
  readonly path: string;
  readonly fingerprint: string;
}

function mismatch(message: string): Answer {
  return { status: 400, body: errorBody('idempotency_error', { message }), kept: false };
}

/** Another request with this key is at work. */
export function keyInUse(key: string): Answer {
  const message = `There is currently another in-progress request using this Idempotent Key (that probably means you submitted twice, and the other request is still going through): ${key}. Try again later.`;
  return {
    status: 409,
    body: errorBody('idempotency_error', { code: 'idempotency_key_in_use', message }),
    kept: false,
  };
}

/** What an earlier request with this key means for this one: the same answer again, a refusal, or nothing (null). */
export async function earlierAnswer(
  transaction: Kysely<PaymentsStandInSchema>,
  use: KeyUse,
  now: number,
): Promise<{ readonly answer: Answer; readonly replayed: boolean } | null> {
  const known = await transaction
    .selectFrom('idempotency_keys')
    .selectAll()
    .where('key', '=', use.key)
    .executeTakeFirst();
  if (known === undefined || known.expires_at <= now) return null;
  if (known.path !== use.path) {
    const message = `Keys for idempotent requests can only be used for the same endpoint they were first used for ('${use.path}' vs '${known.path}'). Try using a key other than '${use.key}' if you meant to execute a different request.`;
    return { answer: mismatch(message), replayed: false };
  }
  if (known.fingerprint !== use.fingerprint) {
    const message = `Keys for idempotent requests can only be used with the same parameters they were first used with. Try using a key other than '${use.key}' if you meant to execute a different request.`;
    return { answer: mismatch(message), replayed: false };
  }
  return { answer: { status: known.status, body: JSON.parse(known.body), kept: true }, replayed: true };
}

export async function keepAnswer(
  transaction: Kysely<PaymentsStandInSchema>,
  use: KeyUse,
  answer: Answer,
  now: number,
): Promise<void> {
  const row = {
    path: use.path,
    fingerprint: use.fingerprint,
    status: answer.status,
    body: JSON.stringify(answer.body),
    expires_at: now + keyLifeMs,
  };
  await transaction
    .insertInto('idempotency_keys')
    .values({ key: use.key, ...row })
    .onConflict((conflict) => conflict.column('key').doUpdateSet(row))
    .execute();
}

/** Removes a few keys whose time is over. */
export async function removeOutdated(transaction: Kysely<PaymentsStandInSchema>, now: number): Promise<void> {
  const outdated = transaction
    .selectFrom('idempotency_keys')
    .select('key')
    .where('expires_at', '<=', now)
    .limit(cleanUpMax);
  await transaction.deleteFrom('idempotency_keys').where('key', 'in', outdated).execute();
}
