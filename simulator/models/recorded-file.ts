import Papa from 'papaparse';
import { shorten } from '../../shared/files/mistake.ts';

/** A row of a recorded file. */
export interface RecordedRow {
  /** In the file, from 1. */
  readonly line: number;
  /** A current value; else the target of an actuator, which no vehicle reports. */
  readonly isCurrent: boolean;
  readonly signal: string;
  readonly value: string;
  /** When the row is played, from the beginning of the file. Milliseconds. */
  readonly atMs: number;
}

export interface RecordedRows {
  readonly rows: readonly RecordedRow[];
  /** With the delay of the last row. */
  readonly lengthMs: number;
  readonly mistakes: RowMistakes;
}

/** `3`, `value is empty; write …` */
export interface RowMistake {
  readonly line: number;
  readonly text: string;
}

/** Mistakes of rows. A wrong file may have hundreds of thousands. */
export interface RowMistakes {
  /** The first ones by line, at most `rowMistakesMax`. */
  readonly first: readonly RowMistake[];
  /** All of them. */
  readonly count: number;
}

/** More than a message shows (model-file.ts). */
export const rowMistakesMax = 100;

/** Collects mistakes in the order of their lines; `textOf` is asked only for those that are kept. */
export function collectMistakes(): RowMistakes & { add(line: number, textOf: () => string): void } {
  const first: RowMistake[] = [];
  let count = 0;
  return {
    first,
    get count() {
      return count;
    },
    add(line, textOf) {
      count += 1;
      if (first.length < rowMistakesMax) first.push({ line, text: textOf() });
    },
  };
}

const columns = ['field', 'signal', 'value', 'delay'] as const;
type Column = (typeof columns)[number];
const header = columns.join(',');
/** A delay is at most a day. */
const delayMaxS = 86_400;

/**
 * Reads a CSV of the form that KUKSA's csv provider plays and its recorder writes: a header with the columns field, signal,
 * value and delay, then a row a value. The delay is the time in seconds after the row.
 */
export function readRecordedFile(text: string): RecordedRows {
  const plain = text.replace(/\r\n?/g, '\n');
  // The provider takes | as the quote; the recorder writes the one of RFC 4180.
  const quoteChar = plain.includes('|') ? '|' : '"';
  // It also skips spaces after a comma.
  const given = quoteChar === '|' ? plain.replaceAll(/, +\|/g, ',|') : plain;
  const { data, errors } = Papa.parse<string[]>(given, { delimiter: ',', newline: '\n', quoteChar });
  const [first = [], ...others] = data;
  const names = first.map((name) => name.trim());
  const missing = columns.filter((name) => !names.includes(name));
  if (missing.length > 0) {
    const shown = missing.map((name) => `"${name}"`).join(' and ');
    return nothing(1, `has no column ${shown}; begin with the columns ${header}`);
  }
  const unfinished = errors.find(({ type }) => type === 'Quotes');
  if (unfinished) {
    const line = lineOf(data, unfinished.row ?? 0);
    return nothing(line, `has a ${quoteChar} without its other one; write both, or none`);
  }
  return rowsOf(others, names, 1 + breaksIn(first) + 1);
}

const nothing = (line: number, text: string): RecordedRows => ({
  ...{ rows: [], lengthMs: 0 },
  mistakes: { first: [{ line, text }], count: 1 },
});

/** A value in quotes may have line breaks. */
const breaksIn = (cells: readonly string[]) =>
  cells.reduce((sum, cell) => sum + (cell.includes('\n') ? cell.split('\n').length - 1 : 0), 0);

const lineOf = (data: readonly (readonly string[])[], row: number) =>
  data.slice(0, row).reduce((line, cells) => line + 1 + breaksIn(cells), 1);

function rowsOf(data: readonly (readonly string[])[], names: readonly string[], begin: number): RecordedRows {
  const rows: RecordedRow[] = [];
  const mistakes = collectMistakes();
  let seconds = 0;
  let line = begin;
  for (const cells of data) {
    const at = line;
    line += 1 + breaksIn(cells);
    if (cells.every((cell) => cell.trim() === '')) continue;
    const read = readRow(cells, names);
    if (typeof read === 'string') {
      mistakes.add(at, () => read);
      continue;
    }
    const { delayS, ...row } = read;
    rows.push({ ...row, line: at, atMs: Math.round(seconds * 1_000) });
    seconds += delayS;
  }
  if (rows.length === 0 && mistakes.count === 0) mistakes.add(1, () => noRow);
  return { rows, lengthMs: Math.round(seconds * 1_000), mistakes };
}

const noRow = 'has no row after its header; add one, such as current,Vehicle.Speed,48,1';

type ReadRow = Omit<RecordedRow, 'line' | 'atMs'> & { readonly delayS: number };

/** Returns the row, or what is wrong with it. */
function readRow(cells: readonly string[], names: readonly string[]): ReadRow | string {
  if (cells.length !== names.length) {
    const why = cells.length > names.length ? '; write | before and after a value with a comma' : '';
    return `has ${cells.length} columns, and the header has ${names.length}; write ${names.join(',')}${why}`;
  }
  const cell = (name: Column) => (cells[names.indexOf(name)] ?? '').trim();
  const [field, signal, value, delay] = columns.map(cell) as [string, string, string, string];
  if (field !== 'current' && field !== 'target') {
    return `field is "${shorten(field)}"; write current, or target for a command to an actuator`;
  }
  if (signal === '') return 'signal is empty; write its path, such as Vehicle.Speed';
  if (value === '') return `value is empty; write the value of ${shorten(signal)}, or remove the row`;
  if (/^-\d/.test(delay)) return `delay is "${shorten(delay)}", and time runs forwards; write ${delayHint}`;
  const delayS = /^\+?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i.test(delay) ? Number(delay) : Number.NaN;
  if (!(delayS <= delayMaxS)) return `delay is "${shorten(delay)}"; write ${delayHint}`;
  return { isCurrent: field === 'current', signal, value, delayS };
}

const delayHint = `the seconds until the next row, 0 to ${delayMaxS}, such as 0.5`;
