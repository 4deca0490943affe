import { type Clock, sleep } from '../../shared/ports/clock.ts';
import type { Database } from '../../shared/ports/database.ts';
import type { Log } from '../../shared/ports/log.ts';
import { backgroundLoop } from '../background/background-loop.ts';
import { type Shard, textOfShard } from './shard.ts';
import {
  beatProcess,
  deleteProcess,
  insertProcess,
  listProcesses,
  releaseProcess,
} from './store/processes.ts';
import type { ApiIotSchema, ProcessRow } from './store/schema.ts';

const beatEveryMs = 2_000;
/** One that has not shown for so long that it runs is dead. */
const silentMaxMs = 10_000;
const backOff = { baseMs: 1_000, maxMs: 5_000 };

/** The place of one process among those of an API IoT; no two of them have the same shard. */
export interface ProcessLease {
  release(): Promise<void>;
}

interface LeaseDeps {
  readonly database: Database<ApiIotSchema>;
  readonly clock: Clock;
  readonly log: Log;
  readonly shard: Shard;
  /** Names this process in errors of others: `host 4711`. */
  readonly owner: string;
  /** Whether a process of this name certainly runs no more; it is then not waited for. */
  readonly isGone: (owner: string) => boolean;
  /** Called when another process has the shard: this one must end, or the two end each other's connection for ever. */
  readonly onLost: () => void;
}

/**
 * Takes the lease of a shard. What a dead process left is taken over once it has been silent for 10 s. Rejects with a sentence when a
 * process of this shard runs, or one that divides the vehicles into another number of shards.
 */
export async function takeProcessLease(deps: LeaseDeps): Promise<ProcessLease> {
  const { database, clock, log, shard, owner, onLost } = deps;
  await forgetDead(deps);
  if (!(await database.write((transaction) => insertProcess(transaction, shard, owner)))) {
    // It came while the dead ones were looked for.
    const rows = await listProcesses(database.reader);
    throw inTheWay(
      rows.find((row) => row.shard === shard.index),
      shard,
    );
  }
  const beats = backgroundLoop({
    clock,
    log,
    failureLog: 'api_iot.lease_not_renewed',
    backOff,
    async pass() {
      if (await database.write((transaction) => beatProcess(transaction, shard, owner)))
        return clock.now() + beatEveryMs;
      log.error('api_iot.lease_lost', {
        message: `another process has taken shard ${textOfShard(shard)} while this one did not reach the database: this one stops`,
      });
      onLost();
      return null;
    },
  });
  beats.start(beatEveryMs);
  return {
    async release() {
      await beats.stop();
      await database.write((transaction) => releaseProcess(transaction, shard, owner));
    },
  };
}

/** Removes the rows in our way whose processes are dead; rejects as soon as one of them shows that it runs. */
async function forgetDead({ database, clock, log, shard, isGone }: LeaseDeps): Promise<void> {
  const blocks = (row: ProcessRow) => row.shard === shard.index || row.shards !== shard.of;
  let silent = (await listProcesses(database.reader)).filter(blocks);
  const forget = async (row: ProcessRow) => {
    await database.write((transaction) => deleteProcess(transaction, row));
    log.info('api_iot.lease_taken_over', { shard: `${row.shard}/${row.shards}`, from: row.owner });
  };
  for (const row of silent.filter(({ owner }) => isGone(owner))) await forget(row);
  silent = silent.filter(({ owner }) => !isGone(owner));
  for (let waitedMs = 0; silent.length > 0 && waitedMs < silentMaxMs; waitedMs += beatEveryMs) {
    await sleep(clock, beatEveryMs);
    const now = (await listProcesses(database.reader)).filter(blocks);
    const alive = now.find((row) =>
      silent.every(({ owner, beat }) => owner !== row.owner || beat !== row.beat),
    );
    if (alive !== undefined) throw inTheWay(alive, shard);
    silent = now;
  }
  for (const row of silent) await forget(row);
}

function inTheWay(row: ProcessRow | undefined, shard: Shard): Error {
  const owner = row === undefined ? 'another process' : `process ${row.owner}`;
  return new Error(
    row === undefined || row.shards === shard.of
      ? `shard ${textOfShard(shard)} of the API IoT runs in ${owner}: stop that one, or give this one another --api-iot-shard (API_IOT_SHARD)`
      : `the API IoT on this database runs in ${row.shards} shards (${owner} has ${row.shard}/${row.shards}): stop its processes before the first one of ${shard.of} shards starts, or correct --api-iot-shard (API_IOT_SHARD)`,
  );
}
