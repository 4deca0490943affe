import { sql } from 'kysely';
import { Registry } from 'prom-client';
import { expect, it } from 'vitest';
import { migrateApiIot } from '../../../gateway/api-iot/store/migrations.ts';
import { apiIotRules } from '../../../gateway/api-iot/store/retention-rules.ts';
import type { ApiIotSchema } from '../../../gateway/api-iot/store/schema.ts';
import { standardAges } from '../../../gateway/retention/ages.ts';
import { type RetentionSettings, retention } from '../../../gateway/retention/retention.ts';
import { openSqlite } from '../../../shared/live/sqlite.ts';
import type { Database } from '../../../shared/ports/database.ts';
import { type ManualClock, manualClock } from '../../helpers/manual-clock.ts';

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const settings: RetentionSettings = { ages: standardAges, everyMs: hourMs, pauseMs: 100 };

interface World {
  readonly clock: ManualClock;
  readonly database: Database<ApiIotSchema>;
  readonly log: unknown[];
  job(options?: {
    readonly mayPrune?: () => boolean;
    readonly settings?: RetentionSettings;
  }): ReturnType<typeof retention>;
  run(text: string): Promise<unknown>;
  count(table: keyof ApiIotSchema): Promise<number>;
}

async function withJobs(run: (world: World) => Promise<void>): Promise<void> {
  const clock = manualClock();
  const database = openSqlite<ApiIotSchema>(':memory:');
  await migrateApiIot(database);
  const log: unknown[] = [];
  const note = (event: string, fields?: unknown) => log.push({ event, fields });
  const jobs: ReturnType<typeof retention>[] = [];
  try {
    await run({
      clock,
      database,
      log,
      job(options = {}) {
        const job = retention({
          ...{ database, clock, settings, rules: apiIotRules, service: 'api_iot' as const },
          log: { info: note, warn: note, error: note },
          ...options,
        });
        jobs.push(job);
        job.start();
        return job;
      },
      run: (text) => database.write((transaction) => sql.raw(text).execute(transaction)),
      count: async (table) => (await database.reader.selectFrom(table).selectAll().execute()).length,
    });
  } finally {
    for (const job of jobs) await job.stop();
    await database.close();
  }
}

const command = (id: string, at: number, state = 'applied') =>
  `insert into commands (id, vin, client_id, reference, state, features, accepted_at, expires_at, ended_at, late)
    values ('${id}', 'V', 'engine', 'act_1', '${state}', '[]', ${at}, ${at + 1}, ${state === 'accepted' ? 'null' : at + 1}, 0)`;

async function fill({ run, clock }: World): Promise<void> {
  const now = clock.now();
  await run(`insert into vehicles (vin, model, credential_digest) values ('V', 'm', 'd')`);
  await run(command('cmd_1', now - 91 * dayMs));
  await run(command('cmd_2', now - 91 * dayMs, 'accepted'));
  await run(command('cmd_3', now - 89 * dayMs));
  for (const [n, days] of [
    [1, 31],
    [2, 29],
  ] as const) {
    const at = now - days * dayMs;
    await run(
      `insert into connections (vin, n, at, online, reason) values ('V', ${n}, ${at}, 1, 'connected')`,
    );
    await run(`insert into telemetry_samples (vin, slot, at, signals) values ('V', ${n}, ${at}, '{}')`);
    await run(
      `insert into callbacks (id, url, body, failures, due_at, parked_at) values ('c${n}', 'u', 'b', 12, ${at}, ${at})`,
    );
  }
  await run(
    `insert into callbacks (id, url, body, failures, due_at) values ('c3', 'u', 'b', 1, ${now - 99 * dayMs})`,
  );
}

it('removes old commands, connections, samples and parked callbacks of the API IoT, and counts them', () =>
  withJobs(async (world) => {
    await fill(world);
    const job = world.job();
    await world.clock.advance(59_000);
    expect(await world.count('commands')).toBe(3);
    await world.clock.advance(1_000);
    const left = async () =>
      Promise.all(
        (['commands', 'connections', 'telemetry_samples', 'callbacks', 'vehicles'] as const).map(world.count),
      );
    expect(await left()).toEqual([2, 1, 1, 2, 1]);
    expect(world.log).toEqual([
      {
        event: 'retention.pruned',
        fields: {
          rows: {
            'commands.commands': 1,
            'callbacks.parked': 1,
            'connections.connections': 1,
            'telemetry_samples.telemetry': 1,
          },
        },
      },
    ]);
    const registry = new Registry();
    for (const metric of job.metrics) registry.registerMetric(metric);
    const text = await registry.metrics();
    expect(text).toContain(
      'fleetwake_api_iot_retention_rows_removed_total{table="commands",age="commands"} 1\n',
    );
    expect(text).toContain(
      `fleetwake_api_iot_retention_oldest_row_seconds{table="connections",age="connections"} ${29 * 86_400 + 60}\n`,
    );
    // The others reach their age a day later.
    await world.clock.advance(dayMs);
    expect(await left()).toEqual([1, 0, 0, 1, 1]);
  }));

it('lets one process at a time walk, and the next take over when it is gone', () =>
  withJobs(async (world) => {
    await fill(world);
    const first = world.job();
    await world.clock.advance(60_000);
    const second = world.job();
    await world.run(command('cmd_0', world.clock.now() - 91 * dayMs));
    // The turn is the first one's for an hour.
    await world.clock.advance(60_000);
    expect(await world.count('commands')).toBe(3);
    await first.stop();
    await world.clock.advance(hourMs - 60_000);
    expect(await world.count('commands')).toBe(2);
    await second.stop();
  }));

it('removes nothing while it may not, and nothing that is kept for ever', () =>
  withJobs(async (world) => {
    await fill(world);
    let mayPrune = false;
    const ages = { ...standardAges, commands: null };
    world.job({ mayPrune: () => mayPrune, settings: { ...settings, ages } });
    await world.clock.advance(2 * hourMs);
    expect([await world.count('commands'), await world.count('connections')]).toEqual([3, 2]);
    mayPrune = true;
    await world.clock.advance(hourMs);
    expect([await world.count('commands'), await world.count('connections')]).toEqual([3, 1]);
  }));

it('continues after another process had set the turn far ahead with a wrong clock', () =>
  withJobs(async (world) => {
    await fill(world);
    await world.run(`update pruning set value = ${world.clock.now() + 1_000 * dayMs} where name = 'turn'`);
    world.job();
    await world.clock.advance(60_000);
    expect(await world.count('commands')).toBe(2);
  }));

it('walks past a row that was written while the clock was ahead', () =>
  withJobs(async ({ clock, run, job, count }) => {
    const now = clock.now();
    await run(`insert into vehicles (vin, model, credential_digest) values ('V', 'm', 'd')`);
    await run(command('cmd_1', now + 3_650 * dayMs));
    await run(command('cmd_2', now - 91 * dayMs));
    job();
    await clock.advance(hourMs);
    expect(await count('commands')).toBe(1);
  }));
