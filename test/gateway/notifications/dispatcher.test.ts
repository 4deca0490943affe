import { expect, it } from 'vitest';
import type { DispatcherDeps } from '../../../gateway/notifications/channel-dispatcher.ts';
import { type DispatchSettings, standardDispatch } from '../../../gateway/notifications/delivery.ts';
import { noticeDispatcher } from '../../../gateway/notifications/dispatcher.ts';
import type { PlatformSchema } from '../../../gateway/store/schema.ts';
import type { Database } from '../../../shared/ports/database.ts';
import type { Ids } from '../../../shared/ports/ids.ts';
import { silentLog } from '../../../shared/ports/log.ts';
import { ChannelFailure, type Mail } from '../../../shared/ports/mailer.ts';
import type { Push } from '../../../shared/ports/pusher.ts';
import { type ManualClock, manualClock } from '../../helpers/manual-clock.ts';
import {
  countingIds,
  fact,
  notices,
  placeOrder,
  render,
  startAt,
  tell,
  withDatabase,
} from '../../helpers/notification-rows.ts';

const story = [
  fact('activation.payment_confirmed', {}, startAt),
  fact('activation.sending_command', { attempt: 1 }, startAt + 1),
  fact('activation.active', {}, startAt + 2),
];

interface Stage {
  readonly database: Database<PlatformSchema>;
  readonly clock: ManualClock;
  readonly ids: Ids;
  /** What the channels took, in order: `+{ms since start} {subject or title}`. */
  readonly taken: string[];
  readonly mails: Mail[];
  /** One process. `mail` and `push` run before a message counts as taken. */
  dispatcher(options?: {
    mail?: (mail: Mail) => void | Promise<void>;
    push?: (push: Push) => void | Promise<void>;
    settings?: Partial<DispatchSettings>;
    database?: Database<PlatformSchema>;
    deps?: Partial<DispatcherDeps>;
  }): ReturnType<typeof noticeDispatcher>;
  record(): Promise<string[]>;
}

async function withStage(run: (stage: Stage) => Promise<void>) {
  await withDatabase(async (database) => {
    const clock = manualClock(startAt + 10);
    const ids = countingIds();
    const taken: string[] = [];
    const mails: Mail[] = [];
    const note = (text: string) => taken.push(`+${clock.now() - startAt - 10} ${text}`);
    const started: ReturnType<typeof noticeDispatcher>[] = [];
    await run({
      database,
      clock,
      ids,
      taken,
      mails,
      dispatcher({ mail: onMail, push: onPush, settings, deps, ...other } = {}) {
        const dispatcher = noticeDispatcher({
          database: other.database ?? database,
          clock,
          ids,
          log: silentLog,
          render,
          mailer: {
            async send(mail) {
              await onMail?.(mail);
              mails.push(mail);
              note(mail.subject);
            },
            async close() {},
          },
          pusher: {
            async send(push) {
              await onPush?.(push);
              note((JSON.parse(push.payload) as { title: string }).title);
            },
          },
          settings: { ...standardDispatch, ...settings },
          ...deps,
        });
        started.push(dispatcher);
        return dispatcher;
      },
      async record() {
        const rows = await database.reader.selectFrom('record').selectAll().orderBy('seq').execute();
        return rows.map((row) => `${row.actor} ${row.type} ${row.data}`);
      },
    });
    await Promise.all(started.map((dispatcher) => dispatcher.stop()));
    expect(clock.pending()).toEqual([]);
  });
}

it('sends one address no more e-mails than its limit in the window, for all its customers, and the rest later', async () => {
  await withStage(async ({ database, clock, ids, mails, dispatcher }) => {
    const log: unknown[] = [];
    const warn = (event: string, fields?: object) => log.push([event, fields]);
    const perAddress = { max: 2, windowMs: 3_600_000 };
    const one = dispatcher({ settings: { perAddress }, deps: { log: { ...silentLog, warn } } });
    one.start();
    await one.idle();
    const orders = [1, 2, 3, 4].map((number) => placeOrder(database, { number, hasPush: false }));
    const activations = await Promise.all(orders);
    await database.write(async (transaction) => {
      for (const [id, email] of [
        ['cus_1', 'flood@example.org'],
        ['cus_2', 'Flood@Example.org'],
        ['cus_3', 'flood@example.org'],
      ] as const)
        await transaction.updateTable('customers').set({ email }).where('id', '=', id).execute();
    });
    for (const activation of activations)
      await tell(database, ids, activation, [fact('activation.payment_confirmed')]);
    one.wake();
    await clock.advance(10);
    await one.idle();
    expect(mails.map(({ to }) => to)).toEqual([
      'flood@example.org',
      'Flood@Example.org',
      'customer4@example.org',
    ]);
    expect(log).toEqual([['notice.address_limited', { waiting: 1, max: 2 }]]);
    await clock.advance(3_600_000 - 100);
    expect(mails).toHaveLength(3);
    await clock.advance(1_000);
    await one.idle();
    expect(mails.map(({ to }) => to).slice(3)).toEqual(['flood@example.org']);
    expect((await notices(database)).map(({ status }) => status)).toEqual(['sent', 'sent', 'sent', 'sent']);
  });
});

it('sends each notification once on each of its channels, those of one channel in order', async () => {
  await withStage(async ({ database, clock, ids, taken, dispatcher, record }) => {
    const activation = await placeOrder(database);
    const one = dispatcher();
    one.start();
    await one.idle();
    await tell(database, ids, activation, story);
    one.wake();
    one.wake();
    await clock.advance(4);
    expect(taken).toEqual([]);
    await clock.advance(1);
    expect(taken.filter((line) => /Heated/.test(line))).toEqual([
      '+5 Receipt: Heated Seats for your Aurora EX',
      '+5 Activating your service: Heated Seats',
      '+5 Your Heated Seats is now active',
    ]);
    expect(taken.filter((line) => !/Heated/.test(line))).toEqual([
      '+5 Service purchased',
      '+5 Activating...',
      '+5 Service ready to use',
    ]);
    const rows = await notices(database);
    expect(rows.map((row) => [row.status, row.tries, row.sent_at, row.due_at, row.claimed_until])).toEqual(
      Array.from({ length: 6 }, () => ['sent', 1, startAt + 15, null, null]),
    );
    expect(await record()).toContain(
      'notifications notice.sent {"noticeId":"ntc_00000000000000000000000001","kind":"payment_confirmed","channel":"email","tries":1}',
    );
    expect(await record()).toHaveLength(6);
    await clock.advance(3_600_000);
    expect(taken).toHaveLength(6);
    expect(one.counters()).toEqual({ sent: 6, retried: 0, dead: 0, repeated: 0 });
  });
});

it('tries again after 1 s and 2 s when the mail server failed twice, and the push does not wait for it', async () => {
  await withStage(async ({ database, clock, ids, taken, mails, dispatcher, record }) => {
    const tries: string[] = [];
    const one = dispatcher({
      mail(mail) {
        tries.push(`+${clock.now() - startAt - 10} ${mail.messageId}`);
        if (tries.length < 3) throw new ChannelFailure('451 try later', false);
      },
    });
    await tell(database, ids, await placeOrder(database), story.slice(0, 1));
    one.start();
    await one.idle();
    expect(taken).toEqual(['+0 Service purchased']);
    expect((await notices(database))[0]).toMatchObject({
      status: 'waiting',
      tries: 1,
      due_at: startAt + 1_010,
      claimed_until: null,
      last_error: '451 try later',
    });
    await clock.advance(10_000);
    const id = 'ntc_00000000000000000000000001@notices.caas.example';
    expect(tries).toEqual([`+0 ${id}`, `+1000 ${id}`, `+3000 ${id}`]);
    expect(taken).toEqual(['+0 Service purchased', '+3000 Receipt: Heated Seats for your Aurora EX']);
    expect(mails).toHaveLength(1);
    expect((await notices(database))[0]).toMatchObject({
      status: 'sent',
      tries: 3,
      sent_at: startAt + 3_010,
    });
    expect((await record())[1]).toContain('"channel":"email","tries":3}');
    expect(one.counters()).toEqual({ sent: 2, retried: 2, dead: 0, repeated: 0 });
  });
});

it('doubles the wait up to its limit and gives up after the last try', async () => {
  await withStage(async ({ database, clock, ids, dispatcher, record }) => {
    const tries: number[] = [];
    const one = dispatcher({
      settings: { retryBaseMs: 100, retryMaxMs: 400, triesMax: 6 },
      mail() {
        tries.push(clock.now() - startAt - 10);
        throw new Error('connection refused');
      },
    });
    await tell(database, ids, await placeOrder(database, { hasPush: false }), story.slice(0, 1));
    one.start();
    await clock.advance(60_000);
    expect(tries).toEqual([0, 100, 300, 700, 1_100, 1_500]);
    expect((await notices(database))[0]).toMatchObject({
      status: 'dead',
      tries: 6,
      due_at: null,
      last_error: 'connection refused',
    });
    expect(await record()).toEqual([
      'notifications notice.dead {"noticeId":"ntc_00000000000000000000000001","kind":"payment_confirmed","channel":"email","tries":6,"error":"connection refused"}',
    ]);
  });
});

it('gives up at once on what no retry can help: a mailbox that does not exist, a notification that cannot be rendered', async () => {
  await withStage(async ({ database, clock, ids, taken, dispatcher }) => {
    const one = dispatcher({
      mail() {
        throw new ChannelFailure('550 no such mailbox', true);
      },
    });
    const activation = await placeOrder(database);
    await tell(database, ids, activation, story.slice(0, 1));
    await database.write((transaction) =>
      transaction.updateTable('notices').set({ data: '{' }).where('channel', '=', 'push').execute(),
    );
    one.start();
    await one.idle();
    expect(taken).toEqual([]);
    expect((await notices(database)).map((row) => [row.channel, row.status, row.tries])).toEqual([
      ['email', 'dead', 1],
      ['push', 'dead', 1],
    ]);
    expect((await notices(database))[0]?.last_error).toBe('550 no such mailbox');
    await clock.advance(3_600_000);
    expect(one.counters()).toEqual({ sent: 0, retried: 0, dead: 2, repeated: 0 });
  });
});

it('removes a push subscription that is gone at once, and keeps one that the customer has made anew', async () => {
  for (const isRenewed of [false, true]) {
    await withStage(async ({ database, clock, ids, dispatcher }) => {
      const one = dispatcher({
        push() {
          throw new ChannelFailure('The push service answered 410: gone', true, { isGone: true });
        },
      });
      await tell(database, ids, await placeOrder(database), story.slice(0, 1));
      if (isRenewed)
        await database.write((transaction) =>
          transaction.updateTable('customers').set({ push_subscription: '{"endpoint":"new"}' }).execute(),
        );
      one.start();
      await one.idle();
      await clock.advance(3_600_000);
      const { push_subscription } = await database.reader
        .selectFrom('customers')
        .select('push_subscription')
        .executeTakeFirstOrThrow();
      expect(push_subscription).toBe(isRenewed ? '{"endpoint":"new"}' : null);
      expect(one.counters()).toEqual({ sent: 1, retried: 0, dead: 1, repeated: 0 });
    });
  }
});

it('keeps a push subscription whose service refuses our keys (403), and logs what to check', async () => {
  const log: unknown[] = [];
  await withStage(async ({ database, clock, ids, dispatcher }) => {
    const reason =
      'The push service answered 403: {"reason":"BadJwtToken"} (check the VAPID keys and --push-contact)';
    const one = dispatcher({
      push() {
        throw new ChannelFailure(reason, true, { isGone: false });
      },
      deps: { log: { ...silentLog, error: (event, fields) => log.push([event, fields]) } },
    });
    await tell(database, ids, await placeOrder(database), story.slice(0, 1));
    one.start();
    await one.idle();
    await clock.advance(3_600_000);
    const { push_subscription } = await database.reader
      .selectFrom('customers')
      .select('push_subscription')
      .executeTakeFirstOrThrow();
    expect(push_subscription).not.toBeNull();
    expect(log).toEqual([['notice.dead', expect.objectContaining({ channel: 'push', tries: 1, reason })]]);
  });
});

/** The same database in a process that dies in its `n`th write: nothing of that write or of a later one is kept. */
function dyingAtWrite(database: Database<PlatformSchema>, n: number): Database<PlatformSchema> {
  let writes = 0;
  return {
    ...database,
    write(work) {
      writes += 1;
      return writes < n ? database.write(work) : new Promise(() => {});
    },
  };
}

it('sends again under the same Message-ID after a crash between sending and saving, marked as repeated', async () => {
  await withStage(async ({ database, clock, ids, mails, dispatcher, record }) => {
    await tell(database, ids, await placeOrder(database, { hasPush: false }), story.slice(0, 1));
    const dead = noticeDispatcher({
      database: dyingAtWrite(database, 2),
      clock,
      ids,
      log: silentLog,
      render,
      mailer: {
        async send(mail) {
          mails.push(mail);
        },
        async close() {},
      },
      pusher: { async send() {} },
      // Its writes end with the claim of the other channel, which comes second, so the save never happens.
      settings: { ...standardDispatch, claimMs: 10_000 },
    });
    dead.start();
    await clock.advance(0);
    expect(mails).toHaveLength(1);

    const next = dispatcher({ settings: { claimMs: 10_000 } });
    next.start();
    await clock.advance(9_999);
    expect(mails).toHaveLength(1);
    await clock.advance(1);
    expect(mails).toHaveLength(2);
    expect(mails[1]).toEqual(mails[0]);
    expect(await record()).toEqual([
      'notifications notice.sent {"noticeId":"ntc_00000000000000000000000001","kind":"payment_confirmed","channel":"email","tries":2,"repeated":true}',
    ]);
    expect((await notices(database))[0]).toMatchObject({ status: 'sent', tries: 2 });
    expect(next.counters()).toEqual({ sent: 1, retried: 0, dead: 0, repeated: 1 });
    void dead.stop();
  });
});

it('gives up on a notification whose every try ended without a result', async () => {
  await withStage(async ({ database, ids, mails, dispatcher }) => {
    await tell(database, ids, await placeOrder(database, { hasPush: false }), story.slice(0, 1));
    await database.write((transaction) =>
      transaction.updateTable('notices').set({ tries: 2, claimed_until: startAt, due_at: startAt }).execute(),
    );
    const one = dispatcher({ settings: { triesMax: 3 } });
    one.start();
    await one.idle();
    expect(mails).toEqual([]);
    expect((await notices(database))[0]).toMatchObject({
      status: 'dead',
      last_error: 'no try of 3 has a result',
    });
  });
});

it('never sends one notification in two processes at once', async () => {
  await withStage(async ({ database, clock, ids, taken, dispatcher }) => {
    for (let number = 1; number <= 40; number += 1)
      await tell(database, ids, await placeOrder(database, { number }), story);
    const underWay = new Set<string>();
    const clashes: string[] = [];
    const seen = new Map<string, number>();
    const by = [0, 0];
    const channel = (process: 0 | 1) => async (id: string) => {
      if (underWay.has(id)) clashes.push(id);
      underWay.add(id);
      seen.set(id, (seen.get(id) ?? 0) + 1);
      by[process] = (by[process] ?? 0) + 1;
      await new Promise<void>((resolve) => clock.setTimer(50, resolve));
      underWay.delete(id);
    };
    const options = (process: 0 | 1) => ({
      settings: { concurrency: { email: 7, push: 7 }, batch: 3 },
      mail: (mail: Mail) => channel(process)(mail.messageId),
      push: (push: Push) => channel(process)(push.topic),
    });
    const first = dispatcher(options(0));
    const second = dispatcher(options(1));
    first.start();
    second.start();
    await clock.advance(10_000);
    expect(clashes).toEqual([]);
    expect(seen.size).toBe(240);
    expect([...seen.values()].filter((count) => count !== 1)).toEqual([]);
    expect(taken).toHaveLength(240);
    expect(by.every((count) => count > 0)).toBe(true);
    expect(first.counters().sent + second.counters().sent).toBe(240);
  });
});

it('sends no more than its limit at once, and one customer’s notifications one after the other', async () => {
  await withStage(async ({ database, clock, ids, dispatcher }) => {
    for (let number = 1; number <= 10; number += 1)
      await tell(database, ids, await placeOrder(database, { number, hasPush: false }), story);
    let most = 0;
    let now = 0;
    const order = new Map<string, string[]>();
    const busy = new Set<string>();
    const one = dispatcher({
      settings: { concurrency: { email: 8, push: 8 }, batch: 5 },
      async mail(mail) {
        now += 1;
        most = Math.max(most, now);
        expect(busy.has(mail.to)).toBe(false);
        busy.add(mail.to);
        order.set(mail.to, [...(order.get(mail.to) ?? []), mail.subject.split(' ')[0] ?? '']);
        await new Promise<void>((resolve) => clock.setTimer(10, resolve));
        busy.delete(mail.to);
        now -= 1;
      },
    });
    one.start();
    await clock.advance(10_000);
    expect(most).toBe(8);
    expect(order.size).toBe(10);
    for (const subjects of order.values()) expect(subjects).toEqual(['Receipt:', 'Activating', 'Your']);
  });
});

it('lets a channel that never answers hold up neither the other channel nor a stop', async () => {
  await withStage(async ({ database, clock, ids, taken, dispatcher }) => {
    const one = dispatcher({
      settings: { concurrency: { email: 2, push: 2 }, claimMs: 10_000 },
      mail: () => new Promise(() => {}),
    });
    for (let number = 1; number <= 5; number += 1)
      await tell(database, ids, await placeOrder(database, { number }), story.slice(0, 1));
    one.start();
    await clock.advance(0);
    expect(taken).toEqual(Array.from({ length: 5 }, () => '+0 Service purchased'));
    await clock.advance(5_000);
    const errors = (await notices(database)).map((row) => row.last_error).filter((error) => error !== null);
    expect(errors).toEqual([
      'the email channel gave no answer within 5000 ms',
      'the email channel gave no answer within 5000 ms',
    ]);
    const stopped = one.stop();
    await clock.advance(5_000);
    await stopped;
  });
});

it('starts no try that could outlast its claim', async () => {
  await withStage(async ({ database, clock, ids, dispatcher }) => {
    const activation = await placeOrder(database, { hasPush: false });
    await tell(database, ids, activation, story);
    const tries: string[] = [];
    const one = dispatcher({
      settings: { claimMs: 10_000 },
      async mail(mail) {
        tries.push(`+${clock.now() - startAt - 10} ${mail.subject.split(' ')[0]}`);
        await new Promise<void>((resolve) => clock.setTimer(4_000, resolve));
      },
    });
    one.start();
    await clock.advance(60_000);
    // The third would start 8 s into a claim of 10 s, so it is claimed anew.
    expect(tries).toEqual(['+0 Receipt:', '+4000 Activating', '+8000 Your']);
    const rows = await notices(database);
    expect(rows.map((row) => [row.status, row.tries])).toEqual([
      ['sent', 1],
      ['sent', 1],
      ['sent', 1],
    ]);
  });
});

it('finds what another process left without being woken', async () => {
  await withStage(async ({ database, clock, ids, taken, dispatcher }) => {
    const one = dispatcher({ settings: { pollMs: 10_000 } });
    one.start();
    await one.idle();
    await tell(database, ids, await placeOrder(database, { hasPush: false }), story.slice(0, 1));
    await clock.advance(10_000);
    expect(taken).toEqual(['+10000 Receipt: Heated Seats for your Aurora EX']);
  });
});

it('continues after a database error, without sending a notification twice', async () => {
  await withStage(async ({ database, clock, ids, taken, dispatcher }) => {
    let failures = 0;
    const flaky: Database<PlatformSchema> = {
      ...database,
      write(work) {
        // Away for the first claim, there for the next, away again while what was sent is to be written down.
        const isAway = clock.now() < startAt + 1_010 || (taken.length > 0 && clock.now() < startAt + 1_510);
        if (!isAway) return database.write(work);
        failures += 1;
        return Promise.reject(new Error('database is away'));
      },
    };
    await tell(database, ids, await placeOrder(database, { hasPush: false }), story.slice(0, 1));
    const one = dispatcher({ database: flaky });
    one.start();
    await clock.advance(1_999);
    expect(failures).toBe(2);
    expect((await notices(database))[0]).toMatchObject({ status: 'waiting', tries: 0 });
    await clock.advance(1);
    expect(taken).toEqual(['+1000 Receipt: Heated Seats for your Aurora EX']);
    expect((await notices(database))[0]).toMatchObject({
      status: 'sent',
      tries: 1,
      sent_at: startAt + 1_010,
    });
    await clock.advance(3_600_000);
    expect(taken).toHaveLength(1);
  });
});

it('tells after each commit to the record that there is something to relay', async () => {
  await withStage(async ({ database, clock, ids, dispatcher }) => {
    const activation = await placeOrder(database);
    let rows: Promise<number> = Promise.resolve(0);
    const onRecorded = () => {
      rows = database.reader
        .selectFrom('record')
        .select('seq')
        .execute()
        .then((all) => all.length);
    };
    const one = dispatcher({ deps: { onRecorded } });
    one.start();
    await one.idle();
    await tell(database, ids, activation, story);
    one.wake();
    await clock.advance(10);
    await one.idle();
    // Three notifications on two channels.
    expect(await rows).toBe(6);
  });
});

it('sends the link that is made for the try, and saves it nowhere', async () => {
  await withStage(async ({ database, ids, clock, mails, record, dispatcher }) => {
    const pushes: string[] = [];
    const one = dispatcher({
      push: ({ payload }) => void pushes.push((JSON.parse(payload) as { url: string }).url),
      deps: { linkOf: ({ purchase_id: id, created_at: at }) => `https://caas.example/key/${id}/${at}` },
    });
    const activation = await placeOrder(database);
    await tell(database, ids, activation, [fact('activation.payment_confirmed', {}, startAt)]);
    one.start();
    await clock.advance(10);
    await one.idle();
    const link = `https://caas.example/key/pur_1/${startAt}`;
    expect(
      mails.map(({ text, html = '' }) => [
        text.includes(`\n${link}\n`),
        html.replaceAll('&#x2F;', '/').includes(`href="${link}"`),
      ]),
    ).toEqual([[true, true]]);
    expect(pushes).toEqual([link]);
    expect(JSON.stringify([await notices(database), await record()])).not.toContain('/key/');
  });
});
