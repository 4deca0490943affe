import { expect, it } from 'vitest';
import type { PlatformSchema } from '../../../gateway/store/schema.ts';
import { type DeskCommand, runDeskCommand } from '../../../gateway/support/desk-command.ts';
import { alwaysOnDuty, type Roster } from '../../../gateway/support/roster.ts';
import { slaTimer } from '../../../gateway/support/sla.ts';
import { standardSupport } from '../../../gateway/support/support-settings.ts';
import { openTicket } from '../../../gateway/support/ticket-desk.ts';
import { listTickets } from '../../../gateway/support/ticket-list.ts';
import type { Database } from '../../../shared/ports/database.ts';
import { silentLog } from '../../../shared/ports/log.ts';
import { type ManualClock, manualClock } from '../../helpers/manual-clock.ts';
import { countingIds, placeOrder, withDatabase } from '../../helpers/notification-rows.ts';
import { catalogue, diagnostics, failedActivation } from '../../helpers/ticket-samples.ts';

const minute = 60_000;
const hour = 60 * minute;
/** A Monday. */
const monday = Date.parse('2027-01-18T00:00:00.000Z');

interface Desk {
  readonly clock: ManualClock;
  readonly database: Database<PlatformSchema>;
  open(number: number, preDelivery?: boolean): Promise<string>;
  run(id: string, command: DeskCommand): Promise<void>;
  start(lookEveryMs?: number): ReturnType<typeof slaTimer>;
  /** Lines of these types: ticket, time since the start of the week, and what is asked for. */
  lines(types: readonly string[], field: string): Promise<string[]>;
}

async function withDesk(roster: Roster, startAt: number, work: (desk: Desk) => Promise<void>): Promise<void> {
  await withDatabase(async (database) => {
    const clock = manualClock(startAt);
    const ids = countingIds();
    const settings = standardSupport(roster);
    const notices = { contact: 'support@caas.example', webUrl: 'https://caas.example' };
    const timers: ReturnType<typeof slaTimer>[] = [];
    await work({
      clock,
      database,
      async open(number, preDelivery = false) {
        const activation = failedActivation(await placeOrder(database, { number, preDelivery }));
        const { id } = await database.write((transaction) =>
          openTicket(transaction, { ids, settings }, activation, diagnostics, clock.now()),
        );
        return id;
      },
      async run(id, command) {
        const deps = { ids, settings, notices, catalogue };
        const answer = await database.write((transaction) =>
          runDeskCommand(transaction, deps, id, command, { at: clock.now(), by: 'ana' }),
        );
        if (answer.kind !== 'done') throw new Error(JSON.stringify(answer));
      },
      start(lookEveryMs = minute) {
        const onRecorded = () => {};
        const timer = slaTimer({
          database,
          clock,
          ids,
          log: silentLog,
          roster,
          lookEveryMs,
          onRecorded,
        });
        timer.start();
        timers.push(timer);
        return timer;
      },
      async lines(types, field) {
        const rows = await database.reader.selectFrom('record').selectAll().orderBy('seq').execute();
        return rows
          .filter(({ type }) => types.includes(type))
          .map(({ type, at, data }) => {
            const { ticketId, ...told } = JSON.parse(data) as Record<string, string> & { ticketId: string };
            const number = Number(ticketId.slice(-3));
            return `${number} ${(at - monday) / hour} ${type.replace('ticket.', '')} ${told[field]}`;
          });
      },
    });
    for (const timer of timers) await timer.stop();
  });
}

const said = ['ticket.sla_warning', 'ticket.sla_breached'];

it('warns and breaches to the millisecond, HIGH and MEDIUM by their own times, and each once', () =>
  withDesk(alwaysOnDuty(['ana']), monday, async (desk) => {
    desk.start();
    await desk.open(1);
    await desk.open(2, true);
    await desk.clock.advance(4 * 24 * hour);
    expect(await desk.lines(said, 'clock')).toEqual([
      '1 3.2 sla_warning response',
      '1 4 sla_breached response',
      '2 6.4 sla_warning response',
      '2 8 sla_breached response',
      '1 19.2 sla_warning resolution',
      '1 24 sla_breached resolution',
      '2 57.6 sla_warning resolution',
      '2 72 sla_breached resolution',
    ]);
    const late = await listTickets(desk.database.reader, { overdue: true, limit: 10 });
    expect(late).toMatchObject({ tickets: [{ activationId: 'act_1' }, { activationId: 'act_2' }] });
  }));

it('writes the events that came due before a restart once, and continues from there', () =>
  withDesk(alwaysOnDuty(['ana']), monday, async (desk) => {
    const first = desk.start();
    await desk.open(1);
    await desk.clock.advance(3.5 * hour);
    await first.stop();
    await desk.clock.advance(hour);
    desk.start();
    await desk.clock.advance(24 * hour);
    expect(await desk.lines(said, 'clock')).toEqual([
      '1 3.2 sla_warning response',
      '1 4.5 sla_breached response',
      '1 19.2 sla_warning resolution',
      '1 24 sla_breached resolution',
    ]);
  }));

it('reads the clocks of a new ticket to the millisecond when it is woken, between two polls', () =>
  withDesk(alwaysOnDuty(['ana']), monday, async (desk) => {
    const timer = desk.start(1_000 * hour);
    await desk.clock.advance(hour);
    await desk.open(1);
    timer.wake();
    await desk.clock.advance(4 * hour);
    expect(await desk.lines(said, 'clock')).toEqual([
      '1 4.2 sla_warning response',
      '1 5 sla_breached response',
    ]);
  }));

it('says nothing of what is done, nor while the customer is waited for', () =>
  withDesk(alwaysOnDuty(['ana']), monday, async (desk) => {
    desk.start();
    const id = await desk.open(1);
    await desk.clock.advance(2 * hour);
    await desk.run(id, { move: 'contact', message: 'Where is it?' });
    await desk.clock.advance(100 * hour);
    await desk.run(id, { move: 'start' });
    await desk.clock.advance(17.1 * hour);
    expect(await desk.lines(said, 'clock')).toEqual([]);
    await desk.clock.advance(0.1 * hour);
    expect(await desk.lines(said, 'clock')).toEqual(['1 119.2 sla_warning resolution']);
  }));

const weekdays = [1, 2, 3, 4, 5];
/** Madrid, Mexico and Kathmandu; no technician between 23:00 and 03:15 UTC. */
const sun: Roster = [
  { name: 'ana', utcOffsetMinutes: 60, shifts: [{ weekdays, fromMinute: 540, toMinute: 1_020 }] },
  { name: 'ben', utcOffsetMinutes: -360, shifts: [{ weekdays, fromMinute: 540, toMinute: 1_020 }] },
  { name: 'cleo', utcOffsetMinutes: 345, shifts: [{ weekdays, fromMinute: 540, toMinute: 1_020 }] },
];

it('assigns a ticket that opens while no technician is on duty to the first whose shift begins', () =>
  withDesk(sun, monday + 1 * hour, async (desk) => {
    desk.start();
    await desk.open(1);
    const open = await listTickets(desk.database.reader, { state: 'open', limit: 10 });
    expect(open).toMatchObject({ tickets: [{ work: { state: 'open', assignee: null } }] });
    await desk.clock.advance(3 * hour);
    expect(await desk.lines(['ticket.handed_over'], 'technician')).toEqual(['1 3.25 handed_over cleo']);
  }));

it('hands over at the end of a shift to the technician on duty with the fewest tickets, and keeps waiting tickets', () =>
  withDesk(sun, monday + 10 * hour, async (desk) => {
    // 10:00 UTC: ana and cleo. Their shifts end at 16:00 and 11:15; ben comes at 15:00.
    desk.start();
    const [first, second, third] = [await desk.open(1), await desk.open(2), await desk.open(3)];
    const page = await listTickets(desk.database.reader, { limit: 10 });
    if (page === 'bad_cursor') throw new Error(page);
    expect(page.tickets.map(({ work }) => work.assignee)).toEqual(['ana', 'cleo', 'ana']);
    await desk.run(third, { move: 'contact', message: 'Where is it?' });
    await desk.run(first, { move: 'start' });
    await desk.clock.advance(2 * hour);
    expect(await desk.lines(['ticket.handed_over'], 'technician')).toEqual(['2 11.25 handed_over ana']);
    await desk.clock.advance(5 * hour);
    expect((await desk.lines(['ticket.handed_over'], 'technician')).slice(1)).toEqual([
      '1 16 handed_over ben',
      '2 16 handed_over ben',
    ]);
    expect(await desk.lines(['ticket.handed_over'], 'from')).toEqual([
      '2 11.25 handed_over cleo',
      '1 16 handed_over ana',
      '2 16 handed_over ana',
    ]);
    // 23:00: no shift begins, so ben keeps them until the shift in Kathmandu.
    await desk.clock.advance(8 * hour);
    const kept = await listTickets(desk.database.reader, { assignee: 'ben', limit: 10 });
    expect(kept).toMatchObject({ tickets: [{ id: first }, { id: second }] });
    await desk.clock.advance(3 * hour);
    const woken = await listTickets(desk.database.reader, { assignee: 'cleo', limit: 10 });
    expect(woken).toMatchObject({ tickets: [{ id: first }, { id: second }] });
  }));

it('shares out what one technician leaves among all who are there', () => {
  const shift = (fromMinute: number, toMinute: number) => [{ weekdays, fromMinute, toMinute }];
  const roster: Roster = [
    { name: 'ana', utcOffsetMinutes: 0, shifts: shift(0, 480) },
    { name: 'ben', utcOffsetMinutes: 0, shifts: shift(480, 960) },
    { name: 'cleo', utcOffsetMinutes: 0, shifts: shift(480, 960) },
  ];
  return withDesk(roster, monday, async (desk) => {
    desk.start();
    for (const number of [1, 2, 3, 4]) await desk.open(number);
    await desk.clock.advance(8 * hour);
    expect(await desk.lines(['ticket.handed_over'], 'technician')).toEqual([
      '1 8 handed_over ben',
      '2 8 handed_over cleo',
      '3 8 handed_over ben',
      '4 8 handed_over cleo',
    ]);
  });
});
