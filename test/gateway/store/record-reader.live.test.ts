import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { migratePlatform } from '../../../gateway/store/migrations.ts';
import { recordReader } from '../../../gateway/store/record-reader.ts';
import type { PlatformSchema } from '../../../gateway/store/schema.ts';
import { wallClock } from '../../../shared/live/clock.ts';
import { openPostgres } from '../../../shared/live/postgres.ts';
import type { Database } from '../../../shared/ports/database.ts';
import { type Postgres, startPostgres } from '../../helpers/postgres.ts';

function rowOf(id: string) {
  return { id, purchase_id: null, activation_id: null, at: 0, type: 'x', actor: 'engine', data: '{}' };
}

function gate() {
  let open: () => void = () => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { open, opened };
}

describe('on PostgreSQL', () => {
  let postgres: Postgres;
  let [first, second] = [] as unknown as [Database<PlatformSchema>, Database<PlatformSchema>];

  beforeAll(async () => {
    postgres = await startPostgres();
    [first, second] = [openPostgres(postgres.url), openPostgres(postgres.url)];
    await migratePlatform(first);
  });

  afterAll(async () => {
    await first?.close();
    await second?.close();
    await postgres?.stop();
  });

  const write = (database: Database<PlatformSchema>, ...ids: string[]) =>
    database.write((transaction) => transaction.insertInto('record').values(ids.map(rowOf)).execute());
  const newest = async () =>
    (await first.reader.selectFrom('record').select('seq').orderBy('seq', 'desc').limit(1).execute())[0]
      ?.seq ?? 0;

  /** A process that has taken its sequence and not committed yet. */
  async function slowly(id: string, end: () => Promise<void>): Promise<{ done: Promise<unknown> }> {
    const begun = gate();
    const done = first
      .write(async (transaction) => {
        await transaction.insertInto('record').values(rowOf(id)).execute();
        begun.open();
        await end();
      })
      .catch((error: unknown) => error);
    await begun.opened;
    return { done };
  }

  it('waits for a row whose transaction began before one that is seen already', async () => {
    const after = await newest();
    const end = gate();
    const slow = await slowly('rec_slow', () => end.opened);
    await write(second, 'rec_fast');
    const record = recordReader({ database: second, clock: wallClock });
    expect(await record.read(after, 10)).toEqual({ rows: [], isLast: false });
    const reading = record.read(after, 10);
    end.open();
    await slow.done;
    expect((await reading).rows.map(({ id }) => id)).toEqual(['rec_slow', 'rec_fast']);
  });

  it('goes past what was rolled back, once for all of it', async () => {
    const after = await newest();
    for (const name of ['a', 'b', 'c']) {
      const slow = await slowly(`rec_${name}_lost`, () => Promise.reject(new Error('rolled back')));
      await slow.done;
      await write(second, `rec_${name}`);
    }
    const record = recordReader({ database: second, clock: wallClock });
    expect((await record.read(after, 10)).rows.map(({ id }) => id)).toEqual(['rec_a', 'rec_b', 'rec_c']);
    await write(second, 'rec_d', 'rec_e');
    expect((await record.read((await newest()) - 2, 10)).rows.map(({ id }) => id)).toEqual([
      'rec_d',
      'rec_e',
    ]);
  });
});
