import type { Telemetry } from '../../shared/protocol/device-messages.ts';

type SignalValue = Telemetry['signals'][string];

/** The recorded values of one signal. Invariant: `atMs` never falls, and has an entry for each of `values`. */
export interface Recording {
  /** Of the file, as the model calls it. */
  readonly file: string;
  /** What happens after the end: it begins again, or its last value stays. */
  readonly atEnd: 'repeat' | 'hold';
  /** How long the whole file lasts, with the delay of its last row. */
  readonly lengthMs: number;
  /** When each value begins to hold, from the beginning of the file. Milliseconds. */
  readonly atMs: readonly number[];
  readonly values: readonly SignalValue[];
}

/** Returns the value after `playedMs`; undefined before the first row of the signal. */
export function recordedValue(recording: Recording, playedMs: number): SignalValue | undefined {
  const { atEnd, lengthMs, values } = recording;
  const isOver = playedMs >= lengthMs;
  const positionMs = isOver && atEnd === 'repeat' && lengthMs > 0 ? playedMs % lengthMs : playedMs;
  const index = lastUntil(recording.atMs, positionMs);
  // In the second pass, the last value of the first one holds until the signal's first row.
  return index >= 0 ? values[index] : isOver ? values.at(-1) : undefined;
}

/** Index of the last instant that is not after `positionMs`, or -1. */
function lastUntil(atMs: readonly number[], positionMs: number): number {
  let from = 0;
  let to = atMs.length;
  while (from < to) {
    const middle = (from + to) >>> 1;
    if ((atMs[middle] ?? 0) <= positionMs) from = middle + 1;
    else to = middle;
  }
  return from - 1;
}
