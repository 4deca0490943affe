import { join } from 'node:path';
import { Kysely, SqliteDialect } from 'kysely';
import { expect, it } from 'vitest';
import { phases } from '../../../gateway/activation/phase.ts';
import { listActivations, readActivation } from '../../../gateway/platform/activation-view.ts';
import { newMetrics } from '../../../gateway/platform/metrics.ts';
import { listDeadNotices } from '../../../gateway/platform/notice-view.ts';
import { listOpenVehicles } from '../../../gateway/platform/open-vehicles-route.ts';
import { purchaseAdmission } from '../../../gateway/platform/purchase-admission.ts';
import { listPurchases, readPurchase } from '../../../gateway/platform/purchase-view.ts';
import { listRecord, newestSequence, rowsFor } from '../../../gateway/platform/record-view.ts';
import { listSettlements } from '../../../gateway/platform/settlement-list.ts';
import { readVehicle } from '../../../gateway/platform/vehicle-view.ts';
import { overdueEntitlements } from '../../../gateway/store/entitlements.ts';
import { recordAfter } from '../../../gateway/store/record-reader.ts';
import type { PlatformSchema } from '../../../gateway/store/schema.ts';
import { listTickets } from '../../../gateway/support/ticket-list.ts';
import { systemSecrets } from '../../../shared/live/secrets.ts';
import { openSqlite } from '../../../shared/live/sqlite.ts';
import { BetterSqlite3 } from '../../../shared/sql/better-sqlite3.ts';
import { order, register, vin, withPlatform } from '../../helpers/platform-under-test.ts';
import { withTemporaryFolder } from '../../helpers/temporary-folder.ts';

/** Runs the queries and returns SQLite's plan of each, a line a step. */
async function plansOf(
  file: string,
  run: (reader: Kysely<PlatformSchema>) => Promise<unknown>,
): Promise<Map<string, string[]>> {
  const connection = new BetterSqlite3(file);
  const queries = new Map<string, readonly unknown[]>();
  const reader = new Kysely<PlatformSchema>({
    dialect: new SqliteDialect({ database: connection }),
    log: ({ query }) => void queries.set(query.sql, query.parameters),
  });
  await run(reader);
  const plans = new Map<string, string[]>();
  for (const [text, parameters] of queries) {
    const rows = connection.prepare(`explain query plan ${text}`).all(...parameters) as { detail: string }[];
    plans.set(
      text,
      rows.map(({ detail }) => detail),
    );
  }
  await reader.destroy();
  return plans;
}

it('every look-up goes by an index and sorts nothing, however long the history is', () =>
  withTemporaryFolder((folder) => {
    const file = join(folder, 'platform.db');
    return withPlatform(
      async (world) => {
        await register(world);
        const { body } = await world.call('POST', '/purchases', order);
        const cursor = { at: 1_800_000_000_000, id: 'pur_x' };
        const { clock } = world;
        const plans = await plansOf(file, async (reader) => {
          const database = { ...world.database, reader };
          await readPurchase({ database, clock }, body.id, null);
          for (const customerId of [undefined, 'ana']) {
            await listPurchases(
              { database, clock },
              { owner: null, customerId, limit: 20, cursor: undefined },
            );
            await listPurchases({ database, clock }, { owner: null, customerId, limit: 20, cursor });
          }
          await readActivation(reader, body.activation.id, systemSecrets, null);
          for (const phase of [undefined, phases[1]]) {
            await listActivations(reader, { owner: null, phase, limit: 20, cursor: undefined });
            await listActivations(reader, { owner: null, phase, limit: 20, cursor });
          }
          await listDeadNotices(reader, 20, cursor);
          await listSettlements(reader, { status: 'unsettled', limit: 20, cursor: 'act_x', now: 0 });
          await listRecord(reader, body.id, { view: 'support', limit: 20, after: 1 });
          await recordAfter(reader, 1, 100);
          await newestSequence(reader);
          await overdueEntitlements(reader, 1_800_000_000_000, null, 100);
          await listOpenVehicles(reader, 10_001);
          await listTickets(reader, { status: 'open', limit: 20 });
          await readVehicle({ database, clock }, vin, null);
          await newMetrics({
            database,
            clock,
            bus: { problem: () => null },
            admission: purchaseAdmission({ clock }),
          }).registry.metrics();
        });
        expect(plans.size).toBe(36);
        const scans: string[] = [];
        const indexes = new Set<string>();
        for (const [text, steps] of plans) {
          expect(steps, text).not.toContainEqual(expect.stringContaining('TEMP B-TREE'));
          for (const step of steps) indexes.add(/USING (?:COVERING )?INDEX (\S+)/.exec(step)?.[1] ?? '');
          scans.push(...steps.filter((step) => step.startsWith('SCAN')));
        }
        expect(new Set([...indexes].filter((name) => !/^$|autoindex/.test(name)))).toEqual(
          new Set([
            'activations_by_parent',
            'activations_by_phase',
            'activations_by_time',
            'activations_by_vehicle',
            'activations_due',
            'activations_unsettled',
            'disputes_open',
            'entitlements_by_feature',
            'entitlements_by_purchase',
            'entitlements_due',
            'incidents_open',
            'notices_dead',
            'notices_due',
            'purchases_by_customer',
            'purchases_by_time',
            'purchases_by_vehicle',
            'record_by_purchase',
            'tickets_by_assignee',
            'tickets_by_status',
            'tickets_overdue',
          ]),
        );
        // Each of these stops at its limit: the page before all others in an index, and what the gauges count.
        expect(new Set(scans)).toEqual(
          new Set([
            'SCAN a USING INDEX activations_by_time',
            'SCAN activations USING INDEX activations_by_vehicle',
            // At most one is open.
            'SCAN incidents USING INDEX incidents_open',
            'SCAN disputes USING INDEX disputes_open',
            'SCAN dead',
            'SCAN late',
            // One row.
            'SCAN installation',
            'SCAN notices USING INDEX notices_dead',
            'SCAN notices USING INDEX notices_due',
            'SCAN tickets USING COVERING INDEX tickets_overdue',
            'SCAN open',
            'SCAN p USING INDEX purchases_by_time',
            'SCAN record',
          ]),
        );
      },
      { open: () => openSqlite<PlatformSchema>(file) },
    );
  }));

it("a customer's own lists read that customer's rows alone", () =>
  withTemporaryFolder((folder) => {
    const file = join(folder, 'platform.db');
    return withPlatform(
      async (world) => {
        await register(world);
        const { body } = await world.call('POST', '/purchases', order);
        const { clock } = world;
        const cursor = { at: 1_800_000_000_000, id: 'pur_x' };
        const plans = await plansOf(file, async (reader) => {
          const database = { ...world.database, reader };
          const page = { owner: 'ana', limit: 20, cursor };
          await listPurchases({ database, clock }, { ...page, customerId: undefined });
          await listActivations(reader, { ...page, phase: undefined });
          await rowsFor(reader, 'ana', await recordAfter(reader, 0, 100));
          await readActivation(reader, body.activation.id, systemSecrets, 'ana');
        });
        const steps = new Set([...plans.values()].flat());
        expect(steps).toContain('SEARCH a USING INDEX activations_by_purchase (purchase_id=?)');
        expect([...steps].filter((step) => step.startsWith('SCAN'))).toEqual([]);
      },
      { open: () => openSqlite<PlatformSchema>(file) },
    );
  }));
