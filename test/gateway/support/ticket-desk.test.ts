import { expect, it } from 'vitest';
import { newDeactivation } from '../../../gateway/activation/activation.ts';
import type { Failure, FailureCategory } from '../../../gateway/activation/failure.ts';
import { insertActivation, loadActivation, saveActivation } from '../../../gateway/store/activations.ts';
import type { PlatformSchema } from '../../../gateway/store/schema.ts';
import { type DeskCommand, type DeskDeps, runDeskCommand } from '../../../gateway/support/desk-command.ts';
import { alwaysOnDuty } from '../../../gateway/support/roster.ts';
import { standardSupport } from '../../../gateway/support/support-settings.ts';
import { noteOnTicket, openTicket } from '../../../gateway/support/ticket-desk.ts';
import { listTickets } from '../../../gateway/support/ticket-list.ts';
import { ticketById } from '../../../gateway/support/ticket-look-ups.ts';
import { saveFields } from '../../../gateway/support/ticket-store.ts';
import type { Database } from '../../../shared/ports/database.ts';
import { countingIds, notices, placeOrder, startAt, withDatabase } from '../../helpers/notification-rows.ts';
import { catalogue, command, diagnostics, failedActivation } from '../../helpers/ticket-samples.ts';

function desk(database: Database<PlatformSchema>, roster: readonly string[] = ['ana', 'ben', 'cleo']) {
  const ids = countingIds();
  const notices = { contact: 'support@caas.example', webUrl: 'https://caas.example' };
  const deps: DeskDeps = { ids, settings: standardSupport(alwaysOnDuty(roster)), notices, catalogue };
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
    run: (id: string, command: DeskCommand, at: number, by = 'ana') =>
      database.write((transaction) => runDeskCommand(transaction, deps, id, command, { at, by })),
    async record() {
      const rows = await database.reader.selectFrom('record').selectAll().orderBy('seq').execute();
      return rows.map((row) => [row.purchase_id, row.activation_id, row.at, row.actor, row.type, row.data]);
    },
  };
}

const resolution = {
  kind: 'service_appointment',
  appointment: { workshop: 'Workshop North', at: startAt + 24 * 3_600_000 },
} as const;

/** The reversal of the first activation is confirmed. */
async function settleMoney(database: Database<PlatformSchema>): Promise<void> {
  await database.write(async (transaction) => {
    const stored = await loadActivation(transaction, 'act_1');
    if (!stored) throw new Error('no activation');
    await saveActivation(
      transaction,
      stored,
      { ...stored.activation, phase: 'failed', dueAt: null },
      startAt + 4,
    );
  });
}

const ticketId = (number: number) => `tkt_${String(number).padStart(26, '0')}`;

it('opens one ticket an activation, assigned, with its deadline and a line in the record', async () => {
  await withDatabase(async (database) => {
    const { open, record } = desk(database);
    expect(await open(1)).toEqual({ id: ticketId(1), opened: true, priority: 'HIGH' });
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
      work: { state: 'assigned', assignee: 'ana' },
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
    expect(await openFor(activation, startAt + 2)).toEqual({
      id: ticketId(1),
      opened: false,
      priority: 'HIGH',
    });
    expect(await ticketById(database.reader, ticketId(1))).toEqual(first);
    expect(await record()).toHaveLength(1);
  });
});

it('assigns tickets to the technicians on duty in turn, and to none if none is on duty', async () => {
  await withDatabase(async (database) => {
    const { open } = desk(database);
    for (let number = 1; number <= 5; number += 1) await open(number);
    const page = await listTickets(database.reader, { limit: 10 });
    if (page === 'bad_cursor') throw new Error(page);
    expect(page.tickets.map((ticket) => ticket.work.assignee)).toEqual(['ana', 'ben', 'cleo', 'ana', 'ben']);
  });
  await withDatabase(async (database) => {
    await desk(database, []).open(1);
    expect((await ticketById(database.reader, ticketId(1)))?.work.assignee).toBe(null);
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

it('closes a ticket once, after it was resolved', async () => {
  await withDatabase(async (database) => {
    const { open, run, record } = desk(database);
    await open(1);
    await settleMoney(database);
    const id = ticketId(1);
    const early = { kind: 'refused', reason: 'a ticket that is assigned has no close' };
    expect(await run(id, { move: 'close' }, startAt + 5)).toEqual({
      ...early,
      legal: ['assign', 'start', 'comment', 'contact'],
    });
    await run(id, { move: 'start' }, startAt + 6);
    await run(id, { move: 'resolve', resolution }, startAt + 7);
    expect(await run(id, { move: 'close' }, startAt + 9, 'ben')).toMatchObject({ kind: 'done' });
    expect(await run(id, { move: 'close' }, startAt + 10)).toMatchObject({
      kind: 'refused',
      legal: ['reopen'],
    });
    expect(await run('tkt_unknown', { move: 'close' }, startAt + 10)).toEqual({ kind: 'not_found' });
    expect(await ticketById(database.reader, id)).toMatchObject({
      status: 'closed',
      closedAt: startAt + 9,
      work: { state: 'closed', resolution },
    });
    expect((await record()).at(-1)).toEqual([
      'pur_1',
      'act_1',
      startAt + 9,
      'support:ben',
      'ticket.closed',
      `{"ticketId":"${id}","state":"closed"}`,
    ]);
    await run(id, { move: 'reopen', reason: 'the customer called' }, startAt + 20);
    expect(await ticketById(database.reader, id)).toMatchObject({
      status: 'open',
      closedAt: null,
      work: { state: 'assigned', assignee: 'ana', resolution: null },
    });
  });
});

it('refuses actions that notify "not charged" before the reversal is confirmed', async () => {
  await withDatabase(async (database) => {
    const { open, run, record } = desk(database);
    await open(1);
    await run(ticketId(1), { move: 'start' }, startAt + 6);
    const before = await record();
    for (const command of [{ move: 'retry' }, { move: 'resolve', resolution }] as const)
      expect(await run(ticketId(1), command, startAt + 7)).toMatchObject({
        kind: 'refused',
        reason: 'the reversal of the payment is not confirmed yet',
      });
    expect(await record()).toEqual(before);
    expect(await notices(database)).toEqual([]);
  });
});

it('assigns a ticket only to technicians of the roster', async () => {
  await withDatabase(async (database) => {
    const { open, run } = desk(database);
    await open(1);
    const moved = await run(ticketId(1), { move: 'assign', technician: 'cleo' }, startAt + 5);
    expect(moved).toMatchObject({ ticket: { work: { assignee: 'cleo' } } });
    expect(await run(ticketId(1), { move: 'assign', technician: 'zoe' }, startAt + 6)).toMatchObject({
      kind: 'refused',
      reason: 'the roster has no technician called zoe',
    });
  });
});

it('groups tickets of one cause within half an hour under one incident, and no others', async () => {
  await withDatabase(async (database) => {
    const { openFor } = desk(database);
    const opened = async (number: number, category: FailureCategory, minutes: number) => {
      const activation = failedActivation(await placeOrder(database, { number }));
      const failure = { ...(activation.failure as Failure), category };
      const { id } = await openFor({ ...activation, failure }, startAt + minutes * 60_000);
      return id;
    };
    const ids = [
      await opened(1, 'authorization_failure', 0),
      await opened(2, 'authorization_failure', 29),
      // An outage of another kind, and failures of single vehicles.
      await opened(3, 'api_iot_error', 30),
      await opened(4, 'vehicle_offline', 31),
      await opened(5, 'vehicle_offline', 32),
      await opened(6, 'authorization_failure', 59),
      await opened(7, 'authorization_failure', 90),
    ];
    const incidents = await Promise.all(
      ids.map(async (id) => (await ticketById(database.reader, id))?.incidentId ?? null),
    );
    const incident = `inc_${'1'.padStart(26, '0')}`;
    expect(incidents).toEqual([incident, incident, null, null, null, incident, null]);
    const page = await listTickets(database.reader, { incidentId: incident, limit: 10 });
    expect(page).toMatchObject({ tickets: [{ id: ids[0] }, { id: ids[1] }, { id: ids[5] }] });
  });
});

it('works on a ticket that was opened before tickets had any work', async () => {
  await withDatabase(async (database) => {
    const { open, run } = desk(database);
    await open(1);
    await database.write((transaction) => transaction.updateTable('tickets').set({ work: null }).execute());
    expect(await ticketById(database.reader, ticketId(1))).toMatchObject({
      work: { state: 'assigned', assignee: 'ana', response: { dueAt: startAt + 1 + 4 * 3_600_000 } },
    });
    expect(await run(ticketId(1), { move: 'start' }, startAt + 5)).toMatchObject({
      ticket: { work: { state: 'in_progress', response: { metAt: startAt + 5 } } },
    });
  });
});

it('lists what is to be worked on first, page by page, each ticket once', async () => {
  await withDatabase(async (database) => {
    const { open } = desk(database);
    for (let number = 1; number <= 7; number += 1) await open(number, { preDelivery: number % 2 === 1 });
    await database.write((transaction) =>
      transaction.updateTable('tickets').set({ status: 'closed' }).where('id', '=', ticketId(2)).execute(),
    );
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

it('keeps a note that was written since the ticket was read', async () => {
  await withDatabase(async (database) => {
    const { open, note } = desk(database);
    await open(1);
    const read = await ticketById(database.reader, ticketId(1));
    await note('act_1', 'first', startAt + 10);
    const late = database.write((transaction) => {
      if (read === null) throw new Error('no ticket');
      return saveFields(transaction, read, { ...read.fields, notes: [] });
    });
    await expect(late).rejects.toThrow(`ticket ${ticketId(1)} was saved by another process`);
    expect((await ticketById(database.reader, ticketId(1)))?.fields.notes.map(({ text }) => text)).toEqual([
      'first',
    ]);
  });
});
