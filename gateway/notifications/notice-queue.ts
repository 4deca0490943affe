import { type Kysely, sql, type Transaction } from 'kysely';
import type { Database } from '../../shared/ports/database.ts';
import type { Ids } from '../../shared/ports/ids.ts';
import { preparedByCount, preparedQuery, type ValueOf } from '../../shared/sql/prepared-query.ts';
import { appendRecord, type RecordLine } from '../store/record-lines.ts';
import type { NoticeRow, PlatformSchema } from '../store/schema.ts';
import { type AddressLimit, divideByAddress } from './address-limit.ts';
import type { NoticeData } from './notice-data.ts';
import type { NoticeChannel } from './notice-table.ts';

/** Notification that only this dispatcher may send until `claimedUntil`. */
export interface ClaimedNotice extends NoticeRow {
  readonly claimedUntil: number;
  /** An earlier claim lapsed without a word (a crash): that try may have been delivered. */
  readonly repeated: boolean;
}

/** How one try ended. */
export type Outcome = { readonly notice: ClaimedNotice; readonly at: number } & (
  | { readonly status: 'sent' }
  | { readonly status: 'retry'; readonly dueAt: number; readonly error: string }
  | {
      readonly status: 'dead';
      readonly error: string;
      /** The customer's push subscription is no more. */
      readonly isGone?: boolean;
    }
  /** Not tried: the claim is released. */
  | { readonly status: 'released' }
);

/** A literal, so that SQLite can prove that the partial index `notices_due` holds every such row. */
const isWaiting = sql<boolean>`status = 'waiting'`;

const nextDue = preparedQuery(
  (database: Kysely<PlatformSchema>, value: ValueOf<{ channel: NoticeChannel }>) =>
    database
      .selectFrom('notices')
      .select('due_at')
      .where(isWaiting)
      .where('channel', '=', value('channel'))
      .where('due_at', 'is not', null)
      .orderBy('due_at')
      .limit(1),
);

/** Returns the next instant at which a notification of this channel is due or a claim expires, or null. */
export async function nextNoticeAt(
  database: Kysely<PlatformSchema>,
  channel: NoticeChannel,
): Promise<number | null> {
  const { rows } = await nextDue(database, { channel });
  return rows[0]?.due_at ?? null;
}

const dueQuery = (
  database: Kysely<PlatformSchema>,
  value: ValueOf<{ channel: NoticeChannel; now: number }>,
  limit: number,
) =>
  database
    .selectFrom('notices')
    .selectAll()
    .where(isWaiting)
    .where('channel', '=', value('channel'))
    .where('due_at', '<=', value('now'))
    .orderBy('due_at')
    .limit(limit);

const dueNow = {
  sqlite: preparedByCount(dueQuery),
  postgres: preparedByCount((...query: Parameters<typeof dueQuery>) =>
    dueQuery(...query)
      .forUpdate()
      .skipLocked(),
  ),
};

/** Values of a query about `count` notifications: `id0`, `id1` … beside the others. */
type WithIds<Values> = Values & { readonly [id: `id${number}`]: string };

const idsOf = (notices: readonly { readonly id: string }[]): WithIds<unknown> =>
  Object.fromEntries(notices.map(({ id }, index) => [`id${index}`, id]));

const each = (count: number, value: ValueOf<WithIds<unknown>>) =>
  Array.from({ length: count }, (_, index) => value(`id${index}`));

const claimUntil = preparedByCount(
  (database: Kysely<PlatformSchema>, value: ValueOf<WithIds<{ until: number }>>, count) =>
    database
      .updateTable('notices')
      .set({
        // A try without a saved result counts too: a notification that crashes its process must not do so endlessly.
        tries: sql`case when claimed_until is null then tries else tries + 1 end`,
        claimed_until: value('until'),
        due_at: value('until'),
      })
      .where('id', 'in', each(count, value)),
);

const noteSent = preparedByCount(
  (database: Kysely<PlatformSchema>, value: ValueOf<WithIds<{ at: number }>>, count) =>
    database
      .updateTable('notices')
      .set({
        status: 'sent',
        sent_at: value('at'),
        due_at: null,
        claimed_until: null,
        tries: sql`tries + 1`,
      })
      .where('id', 'in', each(count, value))
      .where(isWaiting)
      .returning('id'),
);

/**
 * Claims up to `limit` due notifications of a channel, oldest first. A claim moves `due_at` to its own end: until then no
 * process sees the row, and the claim of a crashed process expires by itself. An e-mail to an address at its limit is not
 * claimed: it is due again when the oldest e-mail to the address leaves the window.
 */
export async function claimNotices(
  transaction: Transaction<PlatformSchema>,
  dialect: Database<PlatformSchema>['dialect'],
  claim: {
    readonly channel: NoticeChannel;
    readonly now: number;
    readonly claimMs: number;
    readonly limit: number;
    readonly perAddress: AddressLimit | null;
  },
): Promise<{ readonly claimed: ClaimedNotice[]; readonly limited: number }> {
  const claimedUntil = claim.now + claim.claimMs;
  const { channel, now, limit } = claim;
  const { rows: found } = await dueNow[dialect](limit)(transaction, { channel, now });
  const { free: rows, limited } = await divideByAddress(transaction, found, claim.perAddress, claim.now);
  for (const { row, dueAt } of limited)
    await transaction.updateTable('notices').set({ due_at: dueAt }).where('id', '=', row.id).execute();
  if (rows.length === 0) return { claimed: [], limited: limited.length };
  await claimUntil(rows.length)(transaction, { ...idsOf(rows), until: claimedUntil });
  const claimed = rows
    .map((row) => {
      const repeated = row.claimed_until !== null;
      return { ...row, tries: row.tries + (repeated ? 1 : 0), claimedUntil, repeated };
    })
    .sort((a, b) => a.created_at - b.created_at || (a.id < b.id ? -1 : 1));
  return { claimed, limited: limited.length };
}

/** Writes down how a batch of tries ended, with the record's rows. Returns how many sent ones another process had sent already. */
export async function saveOutcomes(
  transaction: Transaction<PlatformSchema>,
  ids: Ids,
  outcomes: readonly Outcome[],
): Promise<number> {
  const sent = outcomes.filter((outcome) => outcome.status === 'sent');
  const noted = await markSent(transaction, sent);
  const records = sent
    .filter(({ notice }) => noted.has(notice.id))
    .map(({ notice, at }) => lineOf(notice, at, 'notice.sent'));
  for (const outcome of outcomes) {
    if (outcome.status === 'sent') continue;
    const changed = await markUnsent(transaction, outcome);
    if (outcome.status === 'dead' && outcome.isGone) await removeSubscription(transaction, outcome.notice);
    if (changed && outcome.status === 'dead')
      records.push(lineOf(outcome.notice, outcome.at, 'notice.dead', outcome.error));
  }
  await appendRecord(transaction, ids, records);
  return sent.length - noted.size;
}

/** One update for the notifications sent in the same millisecond; they stay sent even if another process has claimed them since. */
async function markSent(
  transaction: Transaction<PlatformSchema>,
  sent: readonly Outcome[],
): Promise<Set<string>> {
  const noted = new Set<string>();
  const moments = new Set(sent.map((outcome) => outcome.at));
  for (const at of moments) {
    const ofMoment = sent.filter((outcome) => outcome.at === at).map(({ notice }) => notice);
    const { rows } = await noteSent(ofMoment.length)(transaction, { ...idsOf(ofMoment), at });
    for (const row of rows) noted.add(row.id);
  }
  return noted;
}

/** Only while the claim is still ours: another process may be sending it by now. */
async function markUnsent(
  transaction: Transaction<PlatformSchema>,
  outcome: Exclude<Outcome, { status: 'sent' }>,
): Promise<boolean> {
  const { notice } = outcome;
  const change =
    outcome.status === 'released'
      ? { due_at: outcome.at }
      : {
          tries: notice.tries + 1,
          last_error: outcome.error,
          status: outcome.status === 'dead' ? ('dead' as const) : ('waiting' as const),
          due_at: outcome.status === 'dead' ? null : outcome.dueAt,
        };
  const result = await transaction
    .updateTable('notices')
    .set({ ...change, claimed_until: null })
    .where('id', '=', notice.id)
    .where(isWaiting)
    .where('claimed_until', '=', notice.claimedUntil)
    .executeTakeFirst();
  return result.numUpdatedRows === 1n;
}

/** Removes the subscription that is gone, unless the customer has another one by now; what waits for it is given up by its own try. */
async function removeSubscription(
  transaction: Transaction<PlatformSchema>,
  { customer_id, data }: ClaimedNotice,
): Promise<void> {
  const { subscription } = JSON.parse(data) as NoticeData;
  if (subscription === undefined) return;
  await transaction
    .updateTable('customers')
    .set({ push_subscription: null })
    .where('id', '=', customer_id)
    .where('push_subscription', '=', subscription)
    .execute();
}

function lineOf(notice: ClaimedNotice, at: number, type: string, error?: string): RecordLine {
  const { id: noticeId, kind, channel, repeated } = notice;
  return {
    purchaseId: notice.purchase_id,
    activationId: notice.activation_id,
    at,
    type,
    actor: 'notifications',
    data: {
      noticeId,
      kind,
      channel,
      tries: notice.tries + 1,
      ...(repeated ? { repeated } : {}),
      ...(error === undefined ? {} : { error }),
    },
  };
}
