import type { Clock, Timer } from '../../shared/ports/clock.ts';
import type { Database } from '../../shared/ports/database.ts';
import type { Telemetry } from '../../shared/protocol/device-messages.ts';
import type { Background } from './background.ts';
import type { ApiIotSchema, TelemetryRow } from './store/schema.ts';
import { findTelemetry, listTelemetry, saveTelemetry } from './store/telemetry.ts';

/** The most signals kept for one vehicle; beyond it the newest message replaces what was known. */
const signalMax = 256;
/** Rows read and written by one statement. */
const rowMax = 200;

type Signals = Telemetry['signals'];

interface Heard {
  readonly signals: Signals;
  readonly at: number;
  readonly clockSkewMs: number;
}

/** Keeps the last known telemetry: in memory at once, in the database at most once in `flushMs`, all vehicles in one commit. */
export interface TelemetryStore {
  heard(message: Telemetry): void;
  find(vin: string): Promise<TelemetryRow | null>;
  flush(): Promise<void>;
  stop(): void;
}

function merge(known: Signals, heard: Signals): Signals {
  const merged = { ...known, ...heard };
  return Object.keys(merged).length > signalMax ? heard : merged;
}

function mergedRow(vin: string, stored: TelemetryRow | null, heard: Heard): TelemetryRow {
  const known = stored === null ? {} : (JSON.parse(stored.signals) as Signals);
  return {
    vin,
    signals: JSON.stringify(merge(known, heard.signals)),
    at: heard.at,
    clock_skew_ms: heard.clockSkewMs,
  };
}

export function newTelemetryStore(deps: {
  readonly database: Database<ApiIotSchema>;
  readonly clock: Clock;
  readonly background: Background;
  readonly flushMs: number;
}): TelemetryStore {
  const { database, clock, background, flushMs } = deps;
  /** Bounded by the number of vehicles: only known ones get here. */
  let pending = new Map<string, Heard>();
  /** Being written: still the newest that is known. */
  let writing = new Map<string, Heard>();
  let flushing: Promise<void> = Promise.resolve();
  let timer: Timer | null = null;

  function writePages(entries: readonly [string, Heard][]): Promise<void> {
    return database.write(async (transaction) => {
      for (let from = 0; from < entries.length; from += rowMax) {
        const page = entries.slice(from, from + rowMax);
        const rows = await listTelemetry(
          transaction,
          page.map(([vin]) => vin),
        );
        const stored = new Map(rows.map((row) => [row.vin, row]));
        await saveTelemetry(
          transaction,
          page.map(([vin, heard]) => mergedRow(vin, stored.get(vin) ?? null, heard)),
        );
      }
    });
  }

  async function writePending(): Promise<void> {
    if (pending.size === 0) return;
    writing = pending;
    pending = new Map();
    try {
      await writePages([...writing]);
    } catch (error) {
      // Kept for the next flush, below whatever has been heard since.
      for (const [vin, heard] of writing) if (!pending.has(vin)) pending.set(vin, heard);
      throw error;
    } finally {
      writing = new Map();
    }
  }

  function flush(): Promise<void> {
    flushing = flushing.catch(() => undefined).then(writePending);
    return flushing;
  }

  return {
    heard({ vin, clock: vehicleClock, signals }) {
      const now = clock.now();
      const before = pending.get(vin);
      const merged = before === undefined ? signals : merge(before.signals, signals);
      pending.set(vin, { signals: merged, at: now, clockSkewMs: vehicleClock - now });
      timer ??= clock.setTimer(flushMs, () => {
        timer = null;
        background.run('telemetry', flush);
      });
    },
    async find(vin) {
      let row = await findTelemetry(database.reader, vin);
      for (const heard of [writing.get(vin), pending.get(vin)]) {
        if (heard !== undefined) row = mergedRow(vin, row, heard);
      }
      return row;
    },
    flush,
    stop() {
      timer?.cancel();
      timer = null;
    },
  };
}
