import { expect, it } from 'vitest';
import { newDeactivation } from '../../gateway/activation/activation.ts';
import { insertActivation } from '../../gateway/store/activations.ts';
import type { PlatformSchema } from '../../gateway/store/schema.ts';
import { closeTicket, noteOnTicket, openTicket } from '../../gateway/support/ticket-desk.ts';
import { listTickets, ticketById } from '../../gateway/support/ticket-store.ts';
import type { Database } from '../../shared/ports/database.ts';
import { countingIds, notices, placeOrder, startAt, withDatabase } from '../notifications/support.ts';
import { command, diagnostics, failedActivation } from './support.ts';

const settings = { responseMs: 4 * 3_600_000, roster: ['ana', 'ben', 'cleo'] };

function desk(database: Database<PlatformSchema>, roster: readonly string[] = settings.roster) {
  const deps = { ids: countingIds(), settings: { ...settings, roster } };
  return {
    async open(number: number, order: Parameters<typeof placeOrder>[1] = {}) {
      const activation = failedActivation(await placeOrder(database, { number, ...order }));
      const at = startAt + number;
      return database.write((transaction) => openTicket(transaction, deps, activation, diagnostics, at));
    },
    openFor: (activation: Parameters<typeof openTicket>[2], at: number) =>
      database.write((transaction) => openTicket(transaction, deps, activation, diagnostics, at)),
    note: (activationId: string, text: string, at: number) =>
      database.write((transaction) => noteOnTicket(transaction, deps, activationId, text, at)),
    close: (id: string, by: string, at: number) =>
      database.write((transaction) => closeTicket(transaction, deps, id, by, at)),
    async record() {
      const rows = await database.reader.selectFrom('record').selectAll().orderBy('seq').execute();
      return rows.map((row) => [row.purchase_id, row.activation_id, row.at, row.actor, row.type, row.data]);
    },
  };
}

const ticketId = (number: number) => `tkt_${String(number).padStart(26, '0')}`;

it('opens one ticket an activation, assigned, with its deadline and a line in the record', async () => {
  await withDatabase(async (database) => {
    const { open, record } = desk(database);
    expect(await open(1)).toEqual({ id: ticketId(1), opened: true });
    expect(await record()).toEqual([
      [
        'pur_1',
        'act_1',
        startAt + 1,
        'engine',
        'ticket.opened',
        `{"ticketId":"${ticketId(1)}","priority":"HIGH","assignedTo":"ana","responseDueAt":${startAt + 1 + 4 * 3_600_000}}`,
      ],
    ]);
    const ticket = await ticketById(database.reader, ticketId(1));
    expect(ticket).toMatchObject({
      id: ticketId(1),
      activationId: 'act_1',
      purchaseId: 'pur_1',
      status: 'open',
      assignedTo: 'ana',
      openedAt: startAt + 1,
      responseDueAt: startAt + 1 + 4 * 3_600_000,
      closedAt: null,
    });
    expect(ticket?.fields).toMatchObject({
      ticketId: ticketId(1),
      customerEmail: 'customer1@example.org',
      serviceName: 'Heated Seats',
      paymentTransactionId: 'pi_1',
      configurationHistory: [command(1)],
      notes: [],
    });
    expect(await ticketById(database.reader, 'tkt_unknown')).toBe(null);
  });
});

it('returns the first ticket when it is asked again, and changes nothing', async () => {
  await withDatabase(async (database) => {
    const { openFor, record } = desk(database);
    const activation = failedActivation(await placeOrder(database));
    await openFor(activation, startAt + 1);
    const first = await ticketById(database.reader, ticketId(1));
    expect(await openFor(activation, startAt + 2)).toEqual({ id: ticketId(1), opened: false });
    expect(await ticketById(database.reader, ticketId(1))).toEqual(first);
    expect(await record()).toHaveLength(1);
  });
});

it('gives tickets to the technicians on duty in turn, and to nobody when nobody is', async () => {
  await withDatabase(async (database) => {
    const { open } = desk(database);
    for (let number = 1; number <= 5; number += 1) await open(number);
    const page = await listTickets(database.reader, { limit: 10 });
    if (page === 'bad_cursor') throw new Error(page);
    expect(page.tickets.map((ticket) => ticket.assignedTo)).toEqual(['ana', 'ben', 'cleo', 'ana', 'ben']);
  });
  await withDatabase(async (database) => {
    await desk(database, []).open(1);
    expect((await ticketById(database.reader, ticketId(1)))?.assignedTo).toBe(null);
  });
});

it('opens a MEDIUM ticket for a deactivation that failed, and tells the customer nothing', async () => {
  await withDatabase(async (database) => {
    const { id: _, ...seats } = await placeOrder(database);
    const deactivation = newDeactivation({ ...seats, id: 'act_off' }, 'deactivation', startAt);
    await database.write((transaction) =>
      insertActivation(transaction, deactivation, { purchaseId: null, parentId: null, priority: 1 }),
    );
    await desk(database).openFor(deactivation, startAt);
    const ticket = await ticketById(database.reader, ticketId(1));
    expect(ticket?.fields).toMatchObject({
      priority: 'MEDIUM',
      // The vehicle's owner, where no purchase names a customer.
      customerId: 'cus_1',
      customerEmail: 'customer1@example.org',
      serviceName: { unavailable: 'this deactivation has no purchase' },
    });
    expect(await notices(database)).toEqual([]);
  });
});

it('notes a late success on the ticket and in the record', async () => {
  await withDatabase(async (database) => {
    const { open, note, record } = desk(database);
    await open(1);
    expect(await note('act_1', 'The vehicle applied it after all.', startAt + 9)).toBe(true);
    expect(await note('act_unknown', 'nobody', startAt + 9)).toBe(false);
    expect((await ticketById(database.reader, ticketId(1)))?.fields.notes).toEqual([
      { at: startAt + 9, by: 'engine', text: 'The vehicle applied it after all.' },
    ]);
    expect((await record())[1]).toEqual([
      'pur_1',
      'act_1',
      startAt + 9,
      'engine',
      'ticket.noted',
      `{"ticketId":"${ticketId(1)}","text":"The vehicle applied it after all."}`,
    ]);
  });
});

it('closes a ticket once', async () => {
  await withDatabase(async (database) => {
    const { open, close, record } = desk(database);
    await open(1);
    expect(await close(ticketId(1), 'ana', startAt + 9)).toBe('closed');
    expect(await close(ticketId(1), 'ben', startAt + 10)).toBe('already_closed');
    expect(await close('tkt_unknown', 'ben', startAt + 10)).toBe('not_found');
    expect(await ticketById(database.reader, ticketId(1))).toMatchObject({
      status: 'closed',
      closedAt: startAt + 9,
    });
    expect((await record()).slice(1)).toEqual([
      ['pur_1', 'act_1', startAt + 9, 'support:ana', 'ticket.closed', `{"ticketId":"${ticketId(1)}"}`],
    ]);
  });
});

it('lists what is to be worked on first, page by page, each ticket once', async () => {
  await withDatabase(async (database) => {
    const { open, close } = desk(database);
    for (let number = 1; number <= 7; number += 1) await open(number, { preDelivery: number % 2 === 1 });
    await close(ticketId(2), 'ana', startAt + 9);
    const pages = async (query: Omit<Parameters<typeof listTickets>[1], 'cursor'>) => {
      const seen: string[][] = [];
      let cursor: string | undefined;
      do {
        const page = await listTickets(database.reader, { ...query, cursor });
        if (page === 'bad_cursor') throw new Error(page);
        seen.push(page.tickets.map((ticket) => `${ticket.fields.priority} ${ticket.activationId}`));
        cursor = page.next ?? undefined;
      } while (cursor !== undefined);
      return seen;
    };
    expect(await pages({ status: 'open', limit: 4 })).toEqual([
      ['HIGH act_4', 'HIGH act_6', 'MEDIUM act_1', 'MEDIUM act_3'],
      ['MEDIUM act_5', 'MEDIUM act_7'],
    ]);
    expect(await pages({ priority: 'HIGH', limit: 2 })).toEqual([
      ['HIGH act_2', 'HIGH act_4'],
      ['HIGH act_6'],
    ]);
    expect(await pages({ status: 'closed', limit: 1 })).toEqual([['HIGH act_2']]);
    expect(await listTickets(database.reader, { limit: 2, cursor: 'nonsense' })).toBe('bad_cursor');
  });
});
