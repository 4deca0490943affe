import { type Kysely, sql, type Transaction } from 'kysely';
import { preparedQuery, type ValueOf } from '../../shared/sql/prepared-query.ts';

/** The table that an app's own schema includes: `interface MySchema extends IdempotencySchema { … }`. */
export interface IdempotencySchema {
  idempotency_keys: {
    /** Whose key it is: the client id, so that two clients never meet. */
    owner: string;
    key: string;
    /** Digest of method, path and body of the first request. */
    fingerprint: string;
    /** Null while the first request is under way. */
    status: number | null;
    /** JSON object of the answer's own headers. */
    headers: string | null;
    body: string | null;
    /** Until when a request under way holds the key; then it counts as dead and the next one takes over. */
    held_until: number;
    expires_at: number;
  };
}

/** How long an answer is kept: 24 hours. */
const keyLifeMs = 24 * 3_600_000;
/** How long a request under way holds its key; its process may have died. */
const keyHoldMs = 60_000;
/** Outdated keys are removed at most once in this time, twice as many as came since and these many more: so it keeps up. */
const cleanUpEveryMs = 1_000;
const cleanUpExtra = 100;

export interface StoredAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface KeyUse {
  readonly owner: string;
  readonly key: string;
  readonly fingerprint: string;
}

export type KeyClaim =
  /** This request is the first: do the work, then `storeAnswer`, or `releaseKey` when it came to nothing. */
  | { readonly kind: 'new' }
  /** The work was done: give the same answer. */
  | { readonly kind: 'replay'; readonly answer: StoredAnswer }
  | { readonly kind: 'mismatch' }
  | { readonly kind: 'in_flight' };

/** Creates the table; for a migration of the app's own schema. */
export async function createIdempotencyTable<Schema>(
  database: Kysely<Schema>,
  dialect: 'sqlite' | 'postgres',
): Promise<void> {
  const long = sql.raw(dialect === 'sqlite' ? 'integer' : 'bigint');
  const options = sql.raw(dialect === 'sqlite' ? 'strict, without rowid' : '');
  await sql`create table idempotency_keys (
    owner text not null,
    key text not null,
    fingerprint text not null,
    status ${long},
    headers text,
    body text,
    held_until ${long} not null,
    expires_at ${long} not null,
    primary key (owner, key)
  ) ${options}`.execute(database);
  await sql`create index idempotency_keys_expiry on idempotency_keys (expires_at)`.execute(database);
}

/** A schema that includes ours can be used as ours; Kysely's types are invariant and do not allow it. */
function narrow<Schema extends IdempotencySchema>(
  transaction: Transaction<Schema>,
): Transaction<IdempotencySchema> {
  return transaction as unknown as Transaction<IdempotencySchema>;
}

const insertIfFree = preparedQuery(
  (
    database: Kysely<IdempotencySchema>,
    value: ValueOf<KeyUse & { readonly held_until: number; readonly expires_at: number }>,
  ) =>
    database
      .insertInto('idempotency_keys')
      .values({
        owner: value('owner'),
        key: value('key'),
        fingerprint: value('fingerprint'),
        held_until: value('held_until'),
        expires_at: value('expires_at'),
        ...{ status: null, headers: null, body: null },
      })
      .onConflict((conflict) => conflict.columns(['owner', 'key']).doNothing()),
);

const keepAnswer = preparedQuery(
  (
    database: Kysely<IdempotencySchema>,
    value: ValueOf<Pick<KeyUse, 'owner' | 'key'> & Omit<StoredAnswer, 'headers'> & { headers: string }>,
  ) =>
    database
      .updateTable('idempotency_keys')
      .set({ status: value('status'), headers: value('headers'), body: value('body') })
      .where('owner', '=', value('owner'))
      .where('key', '=', value('key')),
);

async function insertKey(
  transaction: Transaction<IdempotencySchema>,
  use: KeyUse,
  now: number,
): Promise<boolean> {
  const { numAffectedRows } = await insertIfFree(transaction, {
    ...use,
    held_until: now + keyHoldMs,
    expires_at: now + keyLifeMs,
  });
  return numAffectedRows === 1n;
}

async function removeExpired(
  transaction: Transaction<IdempotencySchema>,
  now: number,
  limit: number,
): Promise<void> {
  await transaction
    .deleteFrom('idempotency_keys')
    .where(({ eb, refTuple, selectFrom }) =>
      eb(
        refTuple('owner', 'key'),
        'in',
        selectFrom('idempotency_keys')
          .select(['owner', 'key'])
          .where('expires_at', '<=', now)
          .limit(limit)
          .$asTuple('owner', 'key'),
      ),
    )
    .execute();
}

/**
 * Idempotency keys in the app's own database (IETF draft-ietf-httpapi-idempotency-key-header). A claim made in the same
 * transaction as the work needs no release: a work that throws takes its claim back with it.
 */
export function newIdempotencyStore() {
  let cleanUpAt = 0;
  let claims = 0;

  return {
    async claimKey<Schema extends IdempotencySchema>(
      anyTransaction: Transaction<Schema>,
      use: KeyUse,
      now: number,
    ): Promise<KeyClaim> {
      const transaction = narrow(anyTransaction);
      claims += 1;
      if (now >= cleanUpAt) {
        cleanUpAt = now + cleanUpEveryMs;
        await removeExpired(transaction, now, 2 * claims + cleanUpExtra);
        claims = 0;
      }
      if (await insertKey(transaction, use, now)) return { kind: 'new' };
      const known = await transaction
        .selectFrom('idempotency_keys')
        .selectAll()
        .where('owner', '=', use.owner)
        .where('key', '=', use.key)
        .executeTakeFirstOrThrow();
      const expired = known.expires_at <= now;
      if (!expired && known.fingerprint !== use.fingerprint) return { kind: 'mismatch' };
      if (!expired && known.status !== null) {
        const headers = JSON.parse(known.headers ?? '{}') as Record<string, string>;
        return { kind: 'replay', answer: { status: known.status, headers, body: known.body ?? '' } };
      }
      if (!expired && known.held_until > now) return { kind: 'in_flight' };
      await this.releaseKey(transaction, use);
      await insertKey(transaction, use, now);
      return { kind: 'new' };
    },

    /** Keeps the answer for replays. */
    async storeAnswer<Schema extends IdempotencySchema>(
      transaction: Transaction<Schema>,
      { owner, key }: KeyUse,
      { status, headers, body }: StoredAnswer,
    ): Promise<void> {
      const answer = { status, headers: JSON.stringify(headers), body };
      await keepAnswer(narrow(transaction), { owner, key, ...answer });
    },

    /** Gives the key back after a request that came to nothing, so that it can be sent again. */
    async releaseKey<Schema extends IdempotencySchema>(
      transaction: Transaction<Schema>,
      use: KeyUse,
    ): Promise<void> {
      await narrow(transaction)
        .deleteFrom('idempotency_keys')
        .where('owner', '=', use.owner)
        .where('key', '=', use.key)
        .execute();
    },
  };
}

export type IdempotencyStore = ReturnType<typeof newIdempotencyStore>;
