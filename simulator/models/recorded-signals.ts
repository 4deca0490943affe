import { type Mistake, shorten } from '../../shared/files/mistake.ts';
import { similarName } from '../../shared/protocol/similar-field.ts';
import type { Recording } from '../vehicle/recording.ts';
import type { ModelFile } from './model-schema.ts';
import {
  collectMistakes,
  type RecordedRow,
  type RecordedRows,
  type RowMistakes,
  readRecordedFile,
} from './recorded-file.ts';
import { readRecordedValue } from './recorded-value.ts';
import type { SignalFile } from './signal-schema.ts';

/** Gives a file of the model's folder: its text, and how sentences call it; or why it cannot be read, with the fix. */
export type ReadBeside = (
  name: string,
) => { readonly path: string; readonly text: string } | { readonly fault: string };

export interface RecordedSignals {
  /** By the path of the signal. */
  readonly recordings: ReadonlyMap<string, Recording>;
  /** Of the model's file. */
  readonly mistakes: readonly Mistake[];
  /** Of the recorded files: a sentence each, with file and line; the first ones of each file. */
  readonly sentences: readonly string[];
  /** Mistakes of the recorded files that have no sentence. */
  readonly leftOut: number;
}

/** A signal of the model that a file plays. */
interface Played {
  readonly index: number;
  readonly signal: SignalFile;
  readonly atEnd: Recording['atEnd'];
}

/** Reads the files that the signals of a model name, each once, and says what is wrong with them. */
export function recordedSignals({ signals = [] }: ModelFile, readBeside: ReadBeside): RecordedSignals {
  const recordings = new Map<string, Recording>();
  const mistakes: Mistake[] = [];
  const sentences: string[] = [];
  let leftOut = 0;
  const names = signals.map(({ path }) => path);
  for (const [name, played] of filesOf(signals)) {
    const found = readBeside(name);
    if ('fault' in found) {
      const { index } = played[0];
      const text = `is ${JSON.stringify(shorten(name))}, ${found.fault}`;
      mistakes.push({ path: ['signals', index, 'generator', 'file'], text });
      continue;
    }
    const read = readRecordedFile(found.text);
    const ofRows = [read.mistakes, unknownSignals(read, names)];
    // The rows that are left would say less than the file.
    const bySignal = currentRows(read);
    for (const { index, signal, atEnd } of read.mistakes.count > 0 ? [] : played) {
      const rows = bySignal.get(signal.path) ?? [];
      if (rows.length === 0) {
        const text = `is "${signal.path}", of which ${name} has no current value; correct one of the two`;
        mistakes.push({ path: ['signals', index, 'path'], text });
        continue;
      }
      const { values, wrong } = valuesOf(rows, signal);
      ofRows.push(wrong);
      const atMs = rows.map((row) => row.atMs);
      recordings.set(signal.path, { file: name, atEnd, lengthMs: read.lengthMs, atMs, values });
    }
    const inOrder = ofRows.flatMap(({ first }) => first).sort((a, b) => a.line - b.line);
    for (const { line, text } of inOrder) sentences.push(`${found.path}:${line}: ${text}`);
    leftOut += ofRows.reduce((sum, { count, first }) => sum + count - first.length, 0);
  }
  return { recordings, mistakes, sentences, leftOut };
}

/** Each file with the signals that it plays. */
function filesOf(signals: readonly SignalFile[]): Map<string, [Played, ...Played[]]> {
  const files = new Map<string, [Played, ...Played[]]>();
  for (const [index, signal] of signals.entries()) {
    const { generator } = signal;
    if (generator.from !== 'recorded') continue;
    const { file, atEnd } = generator;
    const played = { index, signal, atEnd };
    const known = files.get(file);
    if (known) known.push(played);
    else files.set(file, [played]);
  }
  return files;
}

function currentRows({ rows }: RecordedRows): Map<string, RecordedRow[]> {
  const bySignal = new Map<string, RecordedRow[]>();
  for (const row of rows) {
    if (!row.isCurrent) continue;
    const known = bySignal.get(row.signal);
    if (known) known.push(row);
    else bySignal.set(row.signal, [row]);
  }
  return bySignal;
}

/** Signals that the model does not have, each at its first row. Those with another generator only take their time. */
function unknownSignals({ rows }: RecordedRows, names: readonly string[]): RowMistakes {
  const seen = new Set(names);
  const mistakes = collectMistakes();
  for (const { signal, line } of rows) {
    if (seen.has(signal)) continue;
    seen.add(signal);
    mistakes.add(line, () => {
      const similar = similarName(signal, names);
      const fix = similar === null ? 'add it to signals, or remove its rows' : `did you mean ${similar}?`;
      return `signal is "${shorten(signal)}", which this model does not have; ${fix}`;
    });
  }
  return mistakes;
}

function valuesOf(rows: readonly RecordedRow[], { path: name, type }: SignalFile) {
  const values: Recording['values'][number][] = [];
  const wrong = collectMistakes();
  for (const { line, value } of rows) {
    const reading = readRecordedValue(value, type);
    if (reading.ok) values.push(reading.value);
    else {
      const shown = JSON.stringify(shorten(value));
      wrong.add(line, () => `value is ${shown}, and ${name} is ${type}; ${reading.hint}`);
    }
  }
  return { values, wrong };
}
