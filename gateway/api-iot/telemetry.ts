import { type Clock, type Timer, wallNow } from '../../shared/ports/clock.ts';
import type { Database } from '../../shared/ports/database.ts';
import { signalsMax, type Telemetry } from '../../shared/protocol/device-messages.ts';
import type { Background } from './background.ts';
import type { SampleSettings } from './config.ts';
import type { TelemetryReading } from './device-reading.ts';
import type { ApiIotSchema, TelemetryRow } from './store/schema.ts';
import { findTelemetry, listTelemetry, saveSamples, saveTelemetry } from './store/telemetry.ts';
import { positionOf, sampleOf } from './telemetry-sample.ts';

/** Rows read and written by one statement. */
const rowMax = 200;

type Signals = Telemetry['signals'];

interface Heard {
  readonly signals: Signals;
  readonly at: number;
  /** Null when the vehicle's clock could not be read. */
  readonly clockSkewMs: number | null;
}

/** Keeps the last known telemetry: in memory at once, in the database at most once in `flushMs`, all vehicles in one commit. */
export interface TelemetryStore {
  heard(message: TelemetryReading): void;
  find(vin: string): Promise<TelemetryRow | null>;
  flush(): Promise<void>;
  stop(): void;
}

/** Returns the known signals with their new values, and new ones as far as the limit of a vehicle lets them in. */
function merge(known: Signals, heard: Signals): { readonly signals: Signals; readonly leftOut: string[] } {
  const merged = new Map(Object.entries(known));
  const leftOut: string[] = [];
  for (const [path, value] of Object.entries(heard)) {
    if (merged.has(path) || merged.size < signalsMax) merged.set(path, value);
    else leftOut.push(path);
  }
  return { signals: Object.fromEntries(merged), leftOut };
}

function mergedRow(
  vin: string,
  stored: TelemetryRow | null,
  heard: Heard,
): { readonly row: TelemetryRow; readonly signals: Signals; readonly leftOut: string[] } {
  const known = stored === null ? {} : (JSON.parse(stored.signals) as Signals);
  const { signals, leftOut } = merge(known, heard.signals);
  const row = {
    vin,
    signals: JSON.stringify(signals),
    at: heard.at,
    clock_skew_ms: heard.clockSkewMs ?? stored?.clock_skew_ms ?? 0,
    ...positionOf(signals),
  };
  return { row, signals, leftOut };
}

export function newTelemetryStore(deps: {
  readonly database: Database<ApiIotSchema>;
  readonly clock: Clock;
  readonly background: Background;
  readonly flushMs: number;
  readonly samples: SampleSettings;
  /** Signals beyond the limit of a vehicle, by path. */
  readonly onLeftOut: (vin: string, paths: readonly string[]) => void;
}): TelemetryStore {
  const { database, clock, background, flushMs, samples, onLeftOut } = deps;
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
        const merged = page.map(([vin, heard]) => mergedRow(vin, stored.get(vin) ?? null, heard));
        await saveTelemetry(
          transaction,
          merged.map(({ row }) => row),
        );
        const taken = merged.flatMap(
          ({ row, signals }) => sampleOf(row, signals, stored.get(row.vin)?.at ?? null, samples) ?? [],
        );
        if (taken.length > 0) await saveSamples(transaction, taken);
        for (const { row, leftOut } of merged) onLeftOut(row.vin, leftOut);
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
      // Kept for the next flush; values received since then win.
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
      const merged = merge(before?.signals ?? {}, signals);
      onLeftOut(vin, merged.leftOut);
      const clockSkewMs =
        vehicleClock === null ? (before?.clockSkewMs ?? null) : vehicleClock - wallNow(clock);
      pending.set(vin, { signals: merged.signals, at: now, clockSkewMs });
      timer ??= clock.setTimer(flushMs, () => {
        timer = null;
        background.run('telemetry', flush);
      });
    },
    async find(vin) {
      let row = await findTelemetry(database.reader, vin);
      for (const heard of [writing.get(vin), pending.get(vin)]) {
        if (heard !== undefined) row = mergedRow(vin, row, heard).row;
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
