import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type AcceptanceDeps, accept, type Verdict } from '../../gateway/api-iot/acceptance.ts';
import { applyStatus } from '../../gateway/api-iot/presence.ts';
import { applyResult } from '../../gateway/api-iot/results.ts';
import { wholeFleet } from '../../gateway/api-iot/shard.ts';
import {
  insertCallback,
  listDueCallbacks,
  listParkedCallbacks,
  parkCallback,
  replayCallback,
} from '../../gateway/api-iot/store/callbacks.ts';
import {
  countWaiting,
  findCommand,
  listDesired,
  listHistory,
  listOverdue,
  listWaiting,
  listWaitingOf,
  nextExpiry,
} from '../../gateway/api-iot/store/commands.ts';
import {
  connectionsMax,
  insertConnection,
  listConnections,
} from '../../gateway/api-iot/store/connections.ts';
import { migrateApiIot } from '../../gateway/api-iot/store/migrations.ts';
import type { ApiIotSchema, CallbackRow, CommandRow } from '../../gateway/api-iot/store/schema.ts';
import { findTelemetry, saveSamples, saveTelemetry } from '../../gateway/api-iot/store/telemetry.ts';
import { listDesiredBetween, listVehicles } from '../../gateway/api-iot/store/vehicle-list.ts';
import {
  claimVehicles,
  countVehicles,
  findTwin,
  listKnown,
  markAllOffline,
  saveVehicles,
} from '../../gateway/api-iot/store/vehicles.ts';
import { newIdempotencyStore } from '../../gateway/http/idempotency-store.ts';
import { systemIds } from '../../shared/live/ids.ts';
import type { Clock } from '../../shared/ports/clock.ts';
import type { Database } from '../../shared/ports/database.ts';

export interface StorageUnderTest {
  /** A connection as another process has it; the first one finds the database empty. */
  open(): Database<ApiIotSchema>;
  remove(): Promise<void>;
}

const quota = 10;
const at = 1_900_000_000_000;
const clock: Clock = {
  now: () => at,
  setTimer: () => {
    throw new Error('storage sets no timer');
  },
};
const vinOf = (index: number) => `1M8GDM9AXKP04${String(2_000 + index)}`;

/** What a process needs to accept commands on this database. */
const processOn = (database: Database<ApiIotSchema>): AcceptanceDeps => ({
  database,
  clock,
  ids: systemIds(),
  keys: newIdempotencyStore(),
  limits: { limit: quota, windowMs: 3_600_000 },
  commandTimeoutMs: 300_000,
});

function order(vin: string, key: string | null = null) {
  return {
    vin,
    clientId: 'engine',
    request: {
      reference: 'act_1',
      features: [{ feature: 'heated_seats', target: 'active' as const }],
      callbackUrl: 'http://127.0.0.1:1/callback',
    },
    use: key === null ? null : { owner: 'engine', key, fingerprint: 'f' },
    traceparent: undefined,
  };
}

function commandOf(verdict: Verdict): CommandRow {
  if (verdict.kind !== 'accepted') throw new Error(`not accepted: ${JSON.stringify(verdict)}`);
  return verdict.command;
}

const resultOf = ({ id, vin }: CommandRow, version = 1) => ({
  commandId: id,
  vin,
  results: [{ feature: 'heated_seats', outcome: 'applied' as const, version }],
  clock: at,
});

const counts = (verdicts: readonly { readonly kind: string }[]) =>
  Object.fromEntries(
    [...new Set(verdicts.map(({ kind }) => kind))]
      .sort()
      .map((kind) => [kind, verdicts.filter((verdict) => verdict.kind === kind).length]),
  );

/** The API IoT's storage on one database, as two processes use it. */
export function describeApiIotStorage(name: string, make: () => Promise<StorageUnderTest>): void {
  describe(`API IoT storage on ${name}`, () => {
    let storage: StorageUnderTest;
    let first: Database<ApiIotSchema>;
    let second: Database<ApiIotSchema>;
    let vehicles = 0;
    /** A registered vehicle that no other test uses. */
    const newVin = async () => {
      const vin = vinOf(vehicles++);
      await first.write((transaction) =>
        saveVehicles(transaction, [{ vin, model: 'alpha', credential_digest: 'd', registered_by: null }]),
      );
      return vin;
    };

    beforeAll(async () => {
      storage = await make();
      first = storage.open();
      second = storage.open();
      await Promise.all([migrateApiIot(first), migrateApiIot(second)]);
    });
    afterAll(async () => {
      await first.close();
      await second.close();
      await storage.remove();
    });

    it('is migrated once by two processes that start together', async () => {
      const { rows } = await sql<{ name: string }>`select name from migrations order by name`.execute(
        first.reader,
      );
      expect(rows.map((row) => row.name)).toEqual([...new Set(rows.map((row) => row.name))]);
      expect(rows[0]?.name).toBe('001-vehicles');
    });

    it('is refused when a newer version made it, and left as it is', async () => {
      const write = (text: string) => first.write((transaction) => sql.raw(text).execute(transaction));
      await write(`insert into migrations (name) values ('999-of-tomorrow'), ('998-of-tomorrow')`);
      await expect(migrateApiIot(second)).rejects.toThrow(
        'its schema has 998-of-tomorrow and 1 more, which this version does not know: it is of a newer version or of another service',
      );
      await write(`delete from migrations where name like '99%'`);
      await expect(migrateApiIot(second)).resolves.toBeUndefined();
    });

    it('accepts ten commands of a vehicle an hour from two processes together, each with a version of its own', async () => {
      const vin = await newVin();
      const [one, other] = [processOn(first), processOn(second)];
      const verdicts = await Promise.all(
        Array.from({ length: 24 }, (_, index) => accept(index % 2 === 0 ? one : other, order(vin))),
      );
      expect(counts(verdicts)).toEqual({ accepted: quota, quota: 24 - quota });
      const history = await listHistory(first.reader, vin, 100, null);
      const versions = history.map(({ features }) => JSON.parse(features)[0].version as number);
      expect(versions.toSorted((a, b) => a - b)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
      expect(await listDesired(second.reader, vin)).toEqual([
        { vin, feature: 'heated_seats', state: 'active', version: 10 },
      ]);
    });

    it('makes one command of an Idempotency-Key that two processes get at once', async () => {
      const vins = await Promise.all(Array.from({ length: 12 }, newVin));
      const [one, other] = [processOn(first), processOn(second)];
      const verdicts = await Promise.all(
        vins.flatMap((vin, index) => [
          accept(one, order(vin, `key-${index}`)),
          accept(other, order(vin, `key-${index}`)),
        ]),
      );
      expect(counts(verdicts)).toEqual({ accepted: vins.length, key: vins.length });
      for (const vin of vins) expect(await countWaiting(first.reader, vin)).toBe(1);
      const replay = await accept(other, order(vins[0] ?? '', 'key-0'));
      expect(replay).toMatchObject({ kind: 'key', claim: { kind: 'replay', answer: { status: 202 } } });
    });

    it('ends a command once when two processes get its result, and once more for neither of them', async () => {
      const vins = await Promise.all(Array.from({ length: 6 }, newVin));
      const one = processOn(first);
      for (const vin of vins) {
        const command = commandOf(await accept(one, order(vin)));
        const verdicts = await Promise.all(
          [first, second].map((database) =>
            database.write((transaction) => applyResult(transaction, resultOf(command), at)),
          ),
        );
        expect(counts(verdicts)).toEqual({ duplicate: 1, ended: 1 });
        expect(await findCommand(second.reader, command.id)).toMatchObject({ state: 'applied', late: 0 });
      }
      const due = await listDueCallbacks(first.reader, 100);
      expect(due.filter(({ body }) => vins.some((vin) => body.includes(vin)))).toHaveLength(vins.length);
    });

    it('lists what waits of a vehicle and of all, and what is overdue, by expiry', async () => {
      const vin = await newVin();
      const deps = processOn(first);
      const early = { ...deps, commandTimeoutMs: -5_000 };
      const overdue = commandOf(await accept(early, order(vin)));
      const waiting = commandOf(await accept(deps, order(vin)));
      expect((await listWaitingOf(second.reader, vin, at)).map(({ id }) => id)).toEqual([waiting.id]);
      expect((await listOverdue(second.reader, at, 10)).map(({ id }) => id)).toEqual([overdue.id]);
      expect(await nextExpiry(second.reader)).toBe(at - 5_000);
      const all = await listWaiting(second.reader, at, null, 100);
      const last = all.at(-1);
      expect(all.map(({ id }) => id)).toContain(waiting.id);
      const after = { expiresAt: last?.expires_at ?? 0, id: last?.id ?? '' };
      expect(await listWaiting(second.reader, at, after, 100)).toEqual([]);
    });

    it('keeps presence, connections up to their limit, and the newest telemetry', async () => {
      const vin = await newVin();
      const status = (online: boolean) => ({
        ...{ vin, online, clock: at, model: 'alpha', unreadFeatures: [] },
        features: [{ feature: 'heated_seats', state: 'dormant' as const, version: 0 }],
      });
      await first.write((transaction) => applyStatus(transaction, status(true), false, at));
      expect(await findTwin(second.reader, vin)).toMatchObject({ online: 1, last_seen_at: at });
      await second.write((transaction) => markAllOffline(transaction, at + 1, wholeFleet));
      expect(await findTwin(first.reader, vin)).toMatchObject({ online: 0 });
      expect((await listConnections(first.reader, vin, 0)).map(({ reason }) => reason)).toEqual([
        'broker_lost',
        'connected',
      ]);
      for (let n = 0; n < connectionsMax; n += 1)
        await second.write((transaction) =>
          insertConnection(transaction, vin, { at: at + 2 + n, online: true, reason: 'message_received' }),
        );
      expect(await listConnections(first.reader, vin, 0)).toHaveLength(connectionsMax);

      const telemetry = { vin, signals: '{"Vehicle.Speed":3}', clock_skew_ms: 2, latitude: 40.4 };
      const rows = [{ ...telemetry, at, longitude: -3.7 }];
      await first.write((transaction) => saveTelemetry(transaction, rows));
      await second.write((transaction) => saveTelemetry(transaction, rows));
      await second.write((transaction) => saveSamples(transaction, [{ vin, slot: 0, at, signals: '{}' }]));
      expect(await findTelemetry(first.reader, vin)).toEqual(rows[0]);
      const [row] = (await listVehicles(first.reader, '', 200)).filter((one) => one.vin === vin);
      expect(row).toMatchObject({ online: 0, telemetry_at: at, latitude: 40.4, longitude: -3.7 });
      expect(await listDesiredBetween(first.reader, vin, vin)).toEqual([]);
    });

    it('says which credential was replaced, and leaves a vehicle to who holds it', async () => {
      const vin = await newVin();
      const before = await countVehicles(second.reader);
      const row = { vin, model: 'beta', credential_digest: 'other', registered_by: null };
      expect(await second.write((transaction) => claimVehicles(transaction, [row]))).toEqual([]);
      expect(await second.write((transaction) => saveVehicles(transaction, [row]))).toEqual([vin]);
      expect(await listKnown(first.reader, [vin])).toEqual([{ ...row, isConnected: false }]);
      expect(await countVehicles(first.reader)).toBe(before);
    });

    it('parks callbacks and takes them up again', async () => {
      const callback: CallbackRow = {
        ...{ id: 'cmd_parked.applied', url: 'http://127.0.0.1:1/', body: '{}', traceparent: null },
        ...{ failures: 0, due_at: at, parked_at: null, last_error: null },
      };
      await first.write((transaction) => insertCallback(transaction, callback));
      await second.write((transaction) => insertCallback(transaction, callback));
      const parking = { failures: 12, at, reason: 'the receiver answered 500' };
      await second.write((transaction) => parkCallback(transaction, callback.id, parking));
      expect(await listParkedCallbacks(first.reader, '', 10)).toMatchObject([
        { id: callback.id, failures: 12 },
      ]);
      const replayed = await Promise.all(
        [first, second].map((database) =>
          database.write((transaction) => replayCallback(transaction, callback.id, at)),
        ),
      );
      expect(replayed.filter((row) => row !== null)).toHaveLength(1);
    });

    it('takes no name that a vehicle invents for a failure of the database', async () => {
      const vin = await newVin();
      const command = commandOf(await accept(processOn(first), order(vin)));
      const strange = {
        ...resultOf(command),
        results: [{ feature: 'heated_seats\0', outcome: 'superseded' as const, version: 7 }],
      };
      const unknown = { ...strange, commandId: 'cmd\0' };
      await expect(first.write((transaction) => applyResult(transaction, unknown, at))).resolves.toEqual({
        kind: 'refused',
        reason: 'unknown_command',
      });
      expect(await first.write((transaction) => applyResult(transaction, strange, at))).toMatchObject({
        kind: 'ended',
      });
    });
  });
}
