import { describe, expect, it } from 'vitest';
import { standardDispatch } from '../../../gateway/notifications/delivery.ts';
import { noticeDispatcher } from '../../../gateway/notifications/dispatcher.ts';
import { migratePlatform } from '../../../gateway/store/migrations.ts';
import type { PlatformSchema } from '../../../gateway/store/schema.ts';
import { alwaysOnDuty } from '../../../gateway/support/roster.ts';
import { standardSupport } from '../../../gateway/support/support-settings.ts';
import { openTicket } from '../../../gateway/support/ticket-desk.ts';
import { listTickets } from '../../../gateway/support/ticket-list.ts';
import { ticketById } from '../../../gateway/support/ticket-look-ups.ts';
import { wallClock } from '../../../shared/live/clock.ts';
import { systemIds } from '../../../shared/live/ids.ts';
import { openPostgres } from '../../../shared/live/postgres.ts';
import { silentLog } from '../../../shared/ports/log.ts';
import { fact, notices, placeOrder, render, startAt, tell } from '../../helpers/notification-rows.ts';
import { withPostgres } from '../../helpers/postgres.ts';
import { diagnostics, failedActivation } from '../../helpers/ticket-samples.ts';
import { until } from '../../helpers/until.ts';

describe('on PostgreSQL', () => {
  it('two processes share the notifications and send each once, and a ticket is opened once', async () => {
    await withPostgres(async (url) => {
      const databases = [openPostgres<PlatformSchema>(url), openPostgres<PlatformSchema>(url)] as const;
      const [database] = databases;
      const ids = systemIds();
      await migratePlatform(database);

      const sent: string[] = [];
      const failedOnce = new Set<string>();
      const dispatchers = databases.map((one) =>
        noticeDispatcher({
          database: one,
          clock: wallClock,
          ids: systemIds(),
          log: silentLog,
          render,
          mailer: {
            async send({ messageId }) {
              const isFirst = !failedOnce.has(messageId);
              failedOnce.add(messageId);
              if (isFirst && failedOnce.size % 3 === 0) throw new Error('try later');
              sent.push(messageId.slice(0, messageId.indexOf('@')));
            },
            async close() {},
          },
          pusher: {
            async send({ topic }) {
              sent.push(topic);
            },
          },
          settings: { ...standardDispatch, concurrency: { email: 8, push: 8 }, retryBaseMs: 20 },
        }),
      );
      for (const dispatcher of dispatchers) dispatcher.start();
      for (let number = 1; number <= 30; number += 1) {
        const activation = await placeOrder(database, { number });
        const at = wallClock.now();
        const facts = [
          fact('activation.payment_confirmed', {}, at),
          fact('activation.sending_command', { attempt: 1 }, at),
          fact('activation.active', {}, at),
        ];
        expect(await tell(database, ids, activation, facts)).toBe(6);
        expect(await tell(database, ids, activation, facts)).toBe(0);
        for (const dispatcher of dispatchers) dispatcher.wake();
      }
      const waiting = async () => (await notices(database)).filter((row) => row.status !== 'sent').length;
      await until(async () => (await waiting()) === 0, 'every notice is sent');
      await Promise.all(dispatchers.map((dispatcher) => dispatcher.stop()));
      expect(sent).toHaveLength(180);
      expect(new Set(sent).size).toBe(180);
      const recorded = await database.reader.selectFrom('record').select('type').execute();
      expect(recorded.map((row) => row.type)).toEqual(Array.from({ length: 180 }, () => 'notice.sent'));

      const activation = failedActivation(await placeOrder(database, { number: 31 }));
      const deps = { ids, settings: standardSupport(alwaysOnDuty(['ana'])) };
      const open = () =>
        database.write((transaction) => openTicket(transaction, deps, activation, diagnostics, startAt));
      const { id } = await open();
      expect(await open()).toMatchObject({ id, opened: false });
      expect((await ticketById(database.reader, id))?.openedAt).toBe(startAt);
      expect(await listTickets(database.reader, { limit: 1, cursor: `HIGH.${startAt}.tkt_0` })).toMatchObject(
        { tickets: [{ id }], next: null },
      );

      for (const one of databases) await one.close();
    });
  });
});
