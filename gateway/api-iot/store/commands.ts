import { type Kysely, sql, type Transaction } from 'kysely';
import type { CommandState } from '../../../shared/protocol/api-iot.ts';
import {
  preparedByCount,
  preparedInsert,
  preparedQuery,
  type ValueOf,
} from '../../../shared/sql/prepared-query.ts';
import type { TimeCursor } from '../../http/paging.ts';
import type { ApiIotSchema, CommandRow, DesiredFeatureRow } from './schema.ts';

type Reader = Kysely<ApiIotSchema>;
type Writer = Transaction<ApiIotSchema>;

/** A literal, so that SQLite can prove that the partial indexes over waiting commands hold every such row. */
const isWaiting = sql<boolean>`state = 'accepted'`;

/** A vehicle that reports more harms itself alone: our versions stay whole numbers that JSON can carry. */
const reportedVersionMax = 1_000_000_000_000_000;

/**
 * Saves the desired state and returns its version: one above the highest desired and reported version. After a restored
 * backup the vehicle may report a higher version than the database has, and would answer `superseded` to a lower one.
 */
export async function raiseDesired(
  transaction: Writer,
  desired: Omit<DesiredFeatureRow, 'version'>,
  reportedVersion: number,
): Promise<number> {
  const { state } = desired;
  const least = Math.min(reportedVersion, reportedVersionMax) + 1;
  const row = await transaction
    .insertInto('desired_features')
    .values({ ...desired, version: least })
    .onConflict((conflict) =>
      conflict.columns(['vin', 'feature']).doUpdateSet({
        state,
        version: sql<number>`case when desired_features.version >= ${sql.lit(least)} then desired_features.version + 1 else ${sql.lit(least)} end`,
      }),
    )
    .returning('version')
    .executeTakeFirstOrThrow();
  return row.version;
}

/** The vehicle says that it has seen this version: the next one is above it. What was asked for stays. */
export async function liftDesired(
  transaction: Writer,
  { vin, feature, version }: Omit<DesiredFeatureRow, 'state'>,
): Promise<void> {
  if (feature.includes('\0')) return;
  await transaction
    .updateTable('desired_features')
    .set({ version: Math.min(version, reportedVersionMax) })
    .where('vin', '=', vin)
    .where('feature', '=', feature)
    .where('version', '<', Math.min(version, reportedVersionMax))
    .execute();
}

const desiredOf = preparedQuery((database: Reader, value: ValueOf<{ vin: string }>) =>
  database.selectFrom('desired_features').selectAll().where('vin', '=', value('vin')).orderBy('feature'),
);

export async function listDesired(database: Reader, vin: string): Promise<DesiredFeatureRow[]> {
  return (await desiredOf(database, { vin })).rows;
}

const insertRow = preparedInsert<ApiIotSchema, 'commands'>('commands');

export async function insertCommand(transaction: Writer, command: CommandRow): Promise<void> {
  await insertRow(transaction, [command]);
}

const byId = preparedQuery((database: Reader, value: ValueOf<{ id: string }>) =>
  database.selectFrom('commands').selectAll().where('id', '=', value('id')),
);

export async function findCommand(database: Reader, id: string): Promise<CommandRow | null> {
  // A vehicle's word: PostgreSQL takes no zero character in a text, and no id of ours has one.
  if (id.includes('\0')) return null;
  return (await byId(database, { id })).rows[0] ?? null;
}

/** Those of these commands that have ended; at least one id. */
export async function listEnded(database: Reader, ids: readonly string[]): Promise<CommandRow[]> {
  return database
    .selectFrom('commands')
    .selectAll()
    .where('id', 'in', ids)
    .where('ended_at', 'is not', null)
    .execute();
}

const acceptancesAfter = preparedByCount(
  (database: Reader, value: ValueOf<{ vin: string; after: number }>, limit) =>
    database
      .selectFrom('commands')
      .select('accepted_at')
      .where('vin', '=', value('vin'))
      .where('accepted_at', '>', value('after'))
      .orderBy('accepted_at', 'desc')
      .limit(limit),
);

/** Acceptance instants of the vehicle's newest commands after `after`, newest first, at most `limit`. */
export async function listAcceptances(
  database: Reader,
  vin: string,
  after: number,
  limit: number,
): Promise<number[]> {
  const { rows } = await acceptancesAfter(limit)(database, { vin, after });
  return rows.map((row) => row.accepted_at);
}

/** One page of a vehicle's commands, newest first, those before the cursor. */
export async function listHistory(
  database: Reader,
  vin: string,
  limit: number,
  cursor: TimeCursor | null,
): Promise<CommandRow[]> {
  let query = database.selectFrom('commands').selectAll().where('vin', '=', vin);
  if (cursor !== null) {
    query = query.where((row) =>
      row.or([
        row('accepted_at', '<', cursor.at),
        row.and([row('accepted_at', '=', cursor.at), row('id', '<', cursor.id)]),
      ]),
    );
  }
  return query.orderBy('accepted_at', 'desc').orderBy('id', 'desc').limit(limit).execute();
}

const waitingCount = preparedQuery((database: Reader, value: ValueOf<{ vin: string }>) =>
  database
    .selectFrom('commands')
    .select((select) => select.fn.countAll<number | string>().as('count'))
    .where('vin', '=', value('vin'))
    .where(isWaiting),
);

export async function countWaiting(database: Reader, vin: string): Promise<number> {
  const { rows } = await waitingCount(database, { vin });
  return Number(rows[0]?.count ?? 0);
}

/** Commands of one vehicle that wait for an answer and are not expired, oldest first. */
export async function listWaitingOf(database: Reader, vin: string, now: number): Promise<CommandRow[]> {
  return (
    database
      .selectFrom('commands')
      .selectAll()
      .where('vin', '=', vin)
      .where(isWaiting)
      .where('expires_at', '>', now)
      // The plus keeps SQLite from using the index in this order, which would read every command that the vehicle ever had.
      .orderBy(sql`+accepted_at`)
      .orderBy('id')
      .execute()
  );
}

/** A page of all waiting commands, by expiry; `after` is the last one of the page before. */
export async function listWaiting(
  database: Reader,
  now: number,
  after: { expiresAt: number; id: string } | null,
  limit: number,
): Promise<CommandRow[]> {
  let query = database.selectFrom('commands').selectAll().where(isWaiting).where('expires_at', '>', now);
  if (after !== null) {
    query = query.where((row) =>
      row.or([
        row('expires_at', '>', after.expiresAt),
        row.and([row('expires_at', '=', after.expiresAt), row('id', '>', after.id)]),
      ]),
    );
  }
  return query.orderBy('expires_at').orderBy('id').limit(limit).execute();
}

const firstExpiry = preparedQuery((database: Reader) =>
  database.selectFrom('commands').select('expires_at').where(isWaiting).orderBy('expires_at').limit(1),
);

/** When the next waiting command expires, or null. */
export async function nextExpiry(database: Reader): Promise<number | null> {
  return (await firstExpiry(database, {})).rows[0]?.expires_at ?? null;
}

const overdue = preparedByCount((database: Reader, value: ValueOf<{ now: number }>, limit) =>
  database
    .selectFrom('commands')
    .selectAll()
    .where(isWaiting)
    .where('expires_at', '<=', value('now'))
    .orderBy('expires_at')
    .orderBy('id')
    .limit(limit),
);

/** Waiting commands whose time is over, oldest first. */
export async function listOverdue(database: Reader, now: number, limit: number): Promise<CommandRow[]> {
  return (await overdue(limit)(database, { now })).rows;
}

export interface CommandEnd {
  readonly state: CommandState;
  readonly ended_at: number;
  readonly results: string | null;
  readonly late: number;
  readonly clock: number | null;
}

const end = preparedQuery(
  (database: Reader, value: ValueOf<CommandEnd & { readonly id: string; readonly before: CommandState }>) =>
    database
      .updateTable('commands')
      .set({
        state: value('state'),
        ended_at: value('ended_at'),
        results: value('results'),
        late: value('late'),
        clock: value('clock'),
      })
      .where('id', '=', value('id'))
      .where('state', '=', value('before'))
      .where('results', 'is', null),
);

/** False when another transaction ended the command in between (possible on PostgreSQL only): nothing was changed. */
export async function endCommand(transaction: Writer, before: CommandRow, how: CommandEnd): Promise<boolean> {
  const { numAffectedRows } = await end(transaction, { ...how, id: before.id, before: before.state });
  return numAffectedRows === 1n;
}
