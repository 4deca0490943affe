import { join } from 'node:path';
import { Kysely, SqliteDialect } from 'kysely';
import { expect, it } from 'vitest';
import { migratePlatform } from '../../../gateway/store/migrations.ts';
import type { PlatformSchema } from '../../../gateway/store/schema.ts';
import { pickTechnician } from '../../../gateway/support/assignment.ts';
import { alwaysOnDuty } from '../../../gateway/support/roster.ts';
import { listTickets } from '../../../gateway/support/ticket-list.ts';
import { dueTickets, nextDueTicketAt } from '../../../gateway/support/ticket-look-ups.ts';
import { openSqlite } from '../../../shared/live/sqlite.ts';
import { BetterSqlite3 } from '../../../shared/sql/better-sqlite3.ts';
import { withTemporaryFolder } from '../../helpers/temporary-folder.ts';

const vin = 'WFWAUR1E6TA100001';

type Reader = Kysely<PlatformSchema>;

/** What each look-up asks, and the one step of SQLite's plan for it: an index, and no sorting. */
const looks: [string, (reader: Reader) => Promise<unknown>, string][] = [
  ['open', (reader) => listTickets(reader, { status: 'open', limit: 20 }), 'tickets_by_status (status=?)'],
  [
    'by state',
    (reader) => listTickets(reader, { status: 'open', state: 'in_progress', limit: 20 }),
    'tickets_by_state (status=? AND state=?)',
  ],
  [
    'by priority',
    (reader) => listTickets(reader, { status: 'open', priority: 'MEDIUM', limit: 20 }),
    'tickets_by_status (status=? AND priority=?)',
  ],
  [
    'by technician',
    (reader) => listTickets(reader, { status: 'open', assignee: 'ana', limit: 20 }),
    'tickets_by_assignee (status=? AND assigned_to=?)',
  ],
  [
    'of a vehicle',
    (reader) => listTickets(reader, { status: 'open', vin, limit: 20 }),
    'tickets_by_vehicle (vin=? AND status=?)',
  ],
  [
    'of a vehicle, by state',
    (reader) => listTickets(reader, { status: 'open', vin, state: 'in_progress', limit: 20 }),
    'tickets_by_vehicle (vin=? AND status=?)',
  ],
  [
    'of a vehicle, by technician',
    (reader) => listTickets(reader, { status: 'open', vin, assignee: 'ana', limit: 20 }),
    'tickets_by_vehicle (vin=? AND status=?)',
  ],
  [
    'a late page',
    (reader) => listTickets(reader, { status: 'open', limit: 20, cursor: 'HIGH.1.tkt_1' }),
    'tickets_by_status (status=? AND (priority,opened_at,id)>(?,?,?))',
  ],
  ['late', (reader) => listTickets(reader, { status: 'open', overdue: true, limit: 20 }), 'tickets_overdue'],
  [
    'of an incident',
    (reader) => listTickets(reader, { status: 'open', incidentId: 'inc_1', limit: 20 }),
    'tickets_by_incident (incident_id=?)',
  ],
  [
    'whose turn it is',
    (reader) => pickTechnician(reader, alwaysOnDuty(['ana', 'ben']), 0),
    'tickets_by_assignee (status=? AND assigned_to=?)',
  ],
  ['due', (reader) => dueTickets(reader, 1, 20), 'tickets_due (due_at<?)'],
  ['next due', (reader) => nextDueTicketAt(reader), 'tickets_due (due_at>?)'],
];

it('finds tickets by an index and sorts nothing, however many are open', () =>
  withTemporaryFolder(async (folder) => {
    const file = join(folder, 'platform.db');
    const database = openSqlite<PlatformSchema>(file);
    await migratePlatform(database);
    const connection = new BetterSqlite3(file);
    const plans: [string, string][] = [];
    for (const [name, look] of looks) {
      const asked: { text: string; parameters: readonly unknown[] }[] = [];
      const reader = new Kysely<PlatformSchema>({
        dialect: new SqliteDialect({ database: new BetterSqlite3(file) }),
        log: ({ query }) => void asked.push({ text: query.sql, parameters: query.parameters }),
      });
      await look(reader);
      await reader.destroy();
      for (const { text, parameters } of asked) {
        const steps = connection.prepare(`explain query plan ${text}`).all(...parameters) as {
          detail: string;
        }[];
        plans.push([name, steps.map(({ detail }) => detail.replace(/^.* INDEX /, '')).join(', then ')]);
      }
    }
    connection.close();
    await database.close();
    expect(plans).toEqual(looks.map(([name, , plan]) => [name, plan]));
  }));
