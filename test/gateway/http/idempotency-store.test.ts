import { expect, it } from 'vitest';
import {
  createIdempotencyTable,
  type IdempotencySchema,
  type KeyUse,
  newIdempotencyStore,
} from '../../../gateway/http/idempotency-store.ts';
import { openSqlite } from '../../../shared/live/sqlite.ts';
import type { Database } from '../../../shared/ports/database.ts';

const use: KeyUse = { owner: 'engine', key: 'k', fingerprint: 'one' };
const answer = { status: 201, headers: { location: '/x' }, body: '{"id":1}' };

async function withTable(run: (database: Database<IdempotencySchema>) => Promise<void>): Promise<void> {
  const database = openSqlite<IdempotencySchema>(':memory:');
  try {
    await database.write((transaction) => createIdempotencyTable<IdempotencySchema>(transaction, 'sqlite'));
    await run(database);
  } finally {
    await database.close();
  }
}

it('a key is in flight between claim and answer, and belongs to its owner alone', () =>
  withTable(async (database) => {
    const keys = newIdempotencyStore();
    const claim = (wanted: KeyUse, now: number) => database.write((trx) => keys.claimKey(trx, wanted, now));
    expect(await claim(use, 0)).toEqual({ kind: 'new' });
    expect(await claim(use, 59_999)).toEqual({ kind: 'in_flight' });
    expect(await claim({ ...use, fingerprint: 'two' }, 1)).toEqual({ kind: 'mismatch' });
    expect(await claim({ ...use, owner: 'another' }, 1)).toEqual({ kind: 'new' });
    await database.write((trx) => keys.storeAnswer(trx, use, answer));
    expect(await claim(use, 86_399_999)).toEqual({ kind: 'replay', answer });
    expect(await claim(use, 86_400_000)).toEqual({ kind: 'new' });
  }));

it('a key whose request died is taken over after a minute', () =>
  withTable(async (database) => {
    const keys = newIdempotencyStore();
    const claim = (now: number) => database.write((trx) => keys.claimKey(trx, use, now));
    expect(await claim(0)).toEqual({ kind: 'new' });
    expect(await claim(60_000)).toEqual({ kind: 'new' });
    expect(await claim(60_001)).toEqual({ kind: 'in_flight' });
    await database.write((trx) => keys.releaseKey(trx, use));
    expect(await claim(60_002)).toEqual({ kind: 'new' });
  }));

it('outdated keys are removed in portions, at most one a second, faster than new ones come', () =>
  withTable(async (database) => {
    const full = newIdempotencyStore();
    const claim = (keys: typeof full, key: string, now: number) =>
      database.write((trx) => keys.claimKey(trx, { ...use, key }, now));
    for (let index = 0; index < 250; index += 1) await claim(full, `old-${index}`, 0);
    // A restarted process, which has not counted the old ones.
    const keys = newIdempotencyStore();
    const counts: number[] = [];
    for (const ms of [0, 999, 1_000, 2_000, 3_000]) {
      await claim(keys, `new-${ms}`, 86_400_000 + ms);
      const rows = await database.reader.selectFrom('idempotency_keys').select('key').execute();
      counts.push(rows.length);
    }
    expect(counts).toEqual([149, 150, 47, 4, 5]);
  }));
