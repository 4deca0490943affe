import { join } from 'node:path';
import { openSqlite } from '../../shared/live/sqlite.ts';
import type { Clock, Timer } from '../../shared/ports/clock.ts';
import type { Log } from '../../shared/ports/log.ts';
import type { StoredVehicle, VehicleMemory, VehicleStore } from '../fleet/vehicle-store.ts';
import type { Motion } from '../vehicle/motion.ts';

interface VehicleFileSchema {
  vehicle_memory: { vin: string; memory: string };
  vehicle_motion: { vin: string; motion: string };
}

/** Places are written so often, those of every vehicle that moved together: one transaction for a whole fleet. */
const motionEveryMs = 5_000;
/** Rows of one statement. */
const rowMax = 500;

export interface VehicleFile extends VehicleStore {
  /** Writes what is not written yet, and closes the file. */
  stop(): Promise<void>;
}

/**
 * Opens the file `vehicles.db` of a data folder, where its fleets keep their vehicles. Only these vehicles are read, and with
 * `isFresh` removed first: others may be simulated by another process.
 */
export async function openVehicleFile(
  dataFolder: string,
  { clock, log }: { readonly clock: Clock; readonly log: Log },
  { isFresh, vins }: { readonly isFresh: boolean; readonly vins: readonly string[] },
): Promise<VehicleFile> {
  const path = join(dataFolder, 'vehicles.db');
  const database = openSqlite<VehicleFileSchema>(path);
  await database.write(async (transaction) => {
    for (const [table, column] of [
      ['vehicle_memory', 'memory'],
      ['vehicle_motion', 'motion'],
    ] as const) {
      await transaction.schema
        .createTable(table)
        .ifNotExists()
        .addColumn('vin', 'text', (each) => each.primaryKey())
        .addColumn(column, 'text', (each) => each.notNull())
        .execute();
      if (!isFresh) continue;
      for (const page of pagesOf(vins))
        await transaction.deleteFrom(table).where('vin', 'in', page).execute();
    }
  });
  const memories = new Map<string, string>();
  const motions = new Map<string, string>();
  for (const page of pagesOf(isFresh ? [] : vins)) {
    const ofMemory = database.reader.selectFrom('vehicle_memory').selectAll().where('vin', 'in', page);
    for (const { vin, memory } of await ofMemory.execute()) memories.set(vin, memory);
    const ofMotion = database.reader.selectFrom('vehicle_motion').selectAll().where('vin', 'in', page);
    for (const { vin, motion } of await ofMotion.execute()) motions.set(vin, motion);
  }
  const moved = new Map<string, Motion>();
  let timer: Timer | null = null;
  let writing: Promise<void> = Promise.resolve();

  async function writeMotions(): Promise<void> {
    const rows = [...moved].map(([vin, motion]) => ({ vin, motion: JSON.stringify(motion) }));
    moved.clear();
    if (rows.length === 0) return;
    await database.write(async (transaction) => {
      for (let from = 0; from < rows.length; from += rowMax) {
        await transaction
          .insertInto('vehicle_motion')
          .values(rows.slice(from, from + rowMax))
          .onConflict((row) =>
            row.column('vin').doUpdateSet(({ ref }) => ({ motion: ref('excluded.motion') })),
          )
          .execute();
      }
    });
  }

  function flush(): void {
    timer = null;
    writing = writing.then(writeMotions).catch((error: unknown) => {
      log.error('fleet.motion_not_saved', { error: String(error) });
    });
  }

  return {
    load(vin): StoredVehicle {
      const stored = {
        memory: parsed<VehicleMemory>(path, vin, memories.get(vin)),
        motion: parsed<Motion>(path, vin, motions.get(vin)),
      };
      memories.delete(vin);
      motions.delete(vin);
      return stored;
    },
    async saveMemory(vin, memory) {
      const text = JSON.stringify(memory);
      await database.write(async (transaction) => {
        await transaction
          .insertInto('vehicle_memory')
          .values({ vin, memory: text })
          .onConflict((row) => row.column('vin').doUpdateSet({ memory: text }))
          .execute();
      });
    },
    noteMotion(vin, motion) {
      moved.set(vin, motion);
      timer ??= clock.setTimer(motionEveryMs, flush);
    },
    async stop() {
      timer?.cancel();
      flush();
      await writing;
      await database.close();
    },
  };
}

/** VINs as statements take them. */
function pagesOf(vins: readonly string[]): string[][] {
  return Array.from({ length: Math.ceil(vins.length / rowMax) }, (_, page) =>
    vins.slice(page * rowMax, (page + 1) * rowMax),
  );
}

function parsed<T>(path: string, vin: string, text: string | undefined): T | null {
  if (text === undefined) return null;
  try {
    return JSON.parse(text) as T;
  } catch {
    throw new Error(`${path} cannot be read for ${vin}: restore it, or start with --fresh`);
  }
}
