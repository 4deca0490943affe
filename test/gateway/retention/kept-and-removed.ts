import { sql } from 'kysely';
import { describe, expect, it } from 'vitest';
import type { PruneRule } from '../../../gateway/retention/rule.ts';
import { type Step, walkStep } from '../../../gateway/retention/walk.ts';
import { migratePlatform } from '../../../gateway/store/migrations.ts';
import { platformRules } from '../../../gateway/store/retention-rules.ts';
import type { PlatformSchema } from '../../../gateway/store/schema.ts';
import type { Database } from '../../../shared/ports/database.ts';

type WithDatabase = (run: (database: Database<PlatformSchema>) => Promise<void>) => Promise<void>;

const old = 1_000;
const before = 2_000;
const young = 3_000;

/** One purchase whose rows are all old and done; each test changes one of them. */
const rows: readonly string[] = [
  `insert into customers (id, name, email, language, created_at) values ('ana', 'Ana', 'a@x', 'en', ${old})`,
  `insert into vehicles (vin, model, model_name, registered_at) values ('V', 'm', 'M', ${old})`,
  `insert into purchases (id, customer_id, vin, service_id, service_name, feature, duration, amount_minor, currency,
    capture, pre_delivery, activation_id, status, created_at)
    values ('pur_1', 'ana', 'V', 's', 'S', 'f', '{}', 1, 'EUR', 'on_delivery', 0, 'act_1', 'active', ${old})`,
  `insert into activations (id, purchase_id, vin, service_id, feature, kind, phase, settlement, priority, state, version,
    requested_at, ended_at) values ('act_1', 'pur_1', 'V', 's', 'f', 'activation', 'active', 'captured', 0, '{}', 1, ${old}, ${old})`,
  `insert into activations (id, vin, service_id, feature, kind, phase, priority, state, version, requested_at, ended_at)
    values ('act_2', 'V', 's', 'f', 'deactivation', 'dormant', 1, '{}', 1, ${old}, ${old})`,
  `insert into entitlements (id, vin, feature, service_id, customer_id, purchase_id, source, valid_from, valid_until, ended_at)
    values ('ent_1', 'V', 'f', 's', 'ana', 'pur_1', 'purchase', ${old}, ${old}, ${old})`,
  `insert into record (id, purchase_id, activation_id, at, type, actor, data)
    values ('rec_1', 'pur_1', 'act_1', ${old}, 'purchase.created', 'customer', '{}')`,
  `insert into record (id, purchase_id, activation_id, at, type, actor, data)
    values ('rec_2', null, 'act_2', ${old}, 'activation.dormant', 'engine', '{}')`,
  `insert into record (id, purchase_id, activation_id, at, type, actor, data)
    values ('rec_3', 'pur_1', null, ${old}, 'vehicle.transferred', 'shop', '{}')`,
  `insert into tickets (id, activation_id, purchase_id, vin, service_id, priority, status, opened_at, response_due_at, closed_at, fields)
    values ('tkt_1', 'act_1', 'pur_1', 'V', 's', 'HIGH', 'closed', ${old}, ${old}, ${old}, '{}')`,
  `insert into disputes (id, payment_id, activation_id, purchase_id, amount_minor, currency, reason, status, opened_at, settle_by)
    values ('dp_1', 'pi_1', 'act_1', 'pur_1', 1, 'EUR', 'r', 'won', ${old}, ${old})`,
  `insert into notices (id, purchase_id, activation_id, customer_id, kind, channel, data, status, tries, created_at, sent_at)
    values ('ntc_1', 'pur_1', 'act_1', 'ana', 'activation_started', 'email', '{}', 'sent', 1, ${old}, ${old})`,
  `insert into webhook_events (id, seq, type, ticket_id, tries, reason, parked_at)
    values ('rec_9', 9, 'ticket.opened', 'tkt_1', 20, 'r', ${old})`,
  `insert into incidents (id, cause, calls, closes_by, opened_at, probe_at, closed_at)
    values ('inc_1', 'forbidden', 1, 'any', ${old}, ${old}, ${old})`,
  `insert into payment_events (id, at) values ('evt_1', ${old})`,
  `insert into idempotency_keys (owner, key, fingerprint, held_until, expires_at) values ('shop', 'k', 'f', ${old}, ${old})`,
  `insert into cursors (name, seq) values ('events', 3)`,
];

const everything = [
  'record history 1',
  'record operations 1',
  'tickets history 1',
  'notices notifications 1',
  'activations operations 1',
  'incidents operations 1',
  'webhook_events parked 1',
  'payment_events payment-events 1',
  'idempotency_keys expired 1',
];

async function removedBy(database: Database<PlatformSchema>, rules: readonly PruneRule[]): Promise<string[]> {
  const removed: string[] = [];
  for (const rule of rules) {
    const step = await walkStep(database, rule, null, before);
    expect(step.next).toBeNull();
    if (step.removed > 0) removed.push(`${rule.table} ${rule.age} ${step.removed}`);
  }
  return removed;
}

/** What stays when one thing is open or young, by the statement that makes it so. */
const obstacles: readonly (readonly [what: string, change: string, kept: readonly string[]])[] = [
  [
    'an activation in progress',
    `update activations set ended_at = null, due_at = 1 where id = 'act_1'`,
    ['record history', 'tickets', 'notices'],
  ],
  [
    'a payment step that is due',
    `update activations set due_at = 1 where id = 'act_1'`,
    ['record history', 'tickets', 'notices'],
  ],
  [
    'a refused refund',
    `update activations set settlement = 'unsettled' where id = 'act_1'`,
    ['record history', 'tickets', 'notices'],
  ],
  [
    'an entitlement',
    `update entitlements set ended_at = null, valid_until = null`,
    ['record history', 'tickets'],
  ],
  ['an open ticket', `update tickets set status = 'open', closed_at = null`, ['record history', 'tickets']],
  ['a dispute', `update disputes set status = 'lost'`, ['record history', 'tickets', 'notices']],
  ['a notification that waits', `update notices set status = 'waiting', sent_at = null`, ['notices']],
  ['a line that is not published', `update cursors set seq = 0`, ['record']],
  ['a line that is parked', `update webhook_events set id = 'rec_1'`, ['record history']],
  ['a parked event that is sent again', `update webhook_events set replay_at = 1`, ['webhook_events']],
  [
    'a revocation that follows',
    `update activations set parent_id = 'act_2' where id = 'act_1'`,
    ['activations'],
  ],
  [
    'a deactivation with a ticket',
    `update tickets set activation_id = 'act_2', closed_at = ${young}`,
    ['activations', 'tickets'],
  ],
  [
    'a deactivation in progress',
    `update activations set ended_at = null where id = 'act_2'`,
    ['activations', 'record operations'],
  ],
  ['an open incident', `update incidents set closed_at = null`, ['incidents']],
];

/** The same on every database: `withDatabase` gives a new, empty one. */
export function describeKeptAndRemoved(withDatabase: WithDatabase): void {
  const withRows = (run: (database: Database<PlatformSchema>) => Promise<void>) =>
    withDatabase(async (database) => {
      await migratePlatform(database);
      await database.write(async (transaction) => {
        for (const row of rows) await sql.raw(row).execute(transaction);
      });
      await run(database);
    });
  const change = (database: Database<PlatformSchema>, text: string) =>
    database.write((transaction) => sql.raw(text).execute(transaction));

  it('removes what is old and done, and leaves the books', () =>
    withRows(async (database) => {
      // The ticket goes before the activation that it is about is asked for.
      expect(await removedBy(database, platformRules(false))).toEqual(everything);
      const left = (table: keyof PlatformSchema) => database.reader.selectFrom(table).selectAll().execute();
      const counts = await Promise.all(
        (['purchases', 'activations', 'entitlements', 'disputes', 'record', 'pruning'] as const).map(
          async (table) => `${table} ${(await left(table)).length}`,
        ),
      );
      expect(counts).toEqual([
        'purchases 1',
        'activations 1',
        'entitlements 1',
        'disputes 1',
        'record 1',
        'pruning 2',
      ]);
      expect(await removedBy(database, platformRules(false))).toEqual([]);
    }));

  it('removes nothing that is young', () =>
    withRows(async (database) => {
      for (const rule of platformRules(false))
        expect((await walkStep(database, rule, null, old - 1)).removed).toBe(0);
    }));

  describe('keeps what is needed by', () => {
    it.each(obstacles)('%s', (_, text, kept) =>
      withRows(async (database) => {
        await change(database, text);
        const expected = everything.filter((one) => !kept.some((name) => one.startsWith(name)));
        expect(await removedBy(database, platformRules(false))).toEqual(expected);
      }),
    );
  });

  it('keeps lines that the ticket webhook has not read', () =>
    withRows(async (database) => {
      await change(database, `insert into cursors (name, seq) values ('ticket-webhook', 1)`);
      const lines = (removed: readonly string[]) => removed.filter((one) => one.startsWith('record'));
      expect(lines(await removedBy(database, platformRules(true)))).toEqual(['record history 1']);
      await change(database, `update cursors set seq = 3 where name = 'ticket-webhook'`);
      expect(lines(await removedBy(database, platformRules(true)))).toEqual(['record operations 1']);
    }));

  it('lets no line be removed outside of its own transaction, and none that is younger than it says', () =>
    withRows(async (database) => {
      const attempt = (...texts: readonly string[]) =>
        database
          .write(async (transaction) => {
            for (const text of texts) await sql.raw(text).execute(transaction);
          })
          .then(
            () => 'done',
            (error: Error) => error.message,
          );
      const refusal = 'the record is append-only: add a line that says what changed';
      const remove = `delete from record where id = 'rec_1'`;
      const open = (at: number) => `insert into pruning (name, value) values ('record', ${at})`;
      expect(await attempt(remove)).toBe(refusal);
      expect(await attempt(open(old - 1), remove)).toBe(refusal);
      expect(await attempt(open(young), `update record set actor = 'x'`)).toBe(refusal);
      expect(await attempt(open(old), remove, `delete from pruning where name = 'record'`)).toBe('done');
      expect(await attempt(`delete from record where id = 'rec_2'`)).toBe(refusal);
    }));

  it('walks a long table in steps, from key to key', () =>
    withRows(async (database) => {
      await database.write(async (transaction) => {
        for (let n = 0; n < 450; n += 1)
          await sql`insert into payment_events (id, at) values (${`x_${String(n).padStart(3, '0')}`}, ${n % 3 === 0 ? young : old})`.execute(
            transaction,
          );
      });
      const rule = platformRules(false).find(({ table }) => table === 'payment_events') as PruneRule;
      const steps: [number, string | null][] = [];
      let after: readonly (string | number)[] | null = null;
      do {
        const { removed, next }: Step = await walkStep(database, rule, after, before);
        steps.push([removed, next === null ? null : String(next[0])]);
        after = next;
      } while (after !== null);
      expect(steps).toEqual([
        [133, 'x_198'],
        [134, 'x_398'],
        [34, null],
      ]);
    }));
}
