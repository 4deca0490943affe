import { createHash } from 'node:crypto';
import type { Log, LogFields } from '../ports/log.ts';
import type { VirtualProcess } from './process.ts';

export interface TraceLine {
  /** True virtual time, without the error of the process's own clock. */
  readonly at: number;
  readonly process: string;
  readonly level: 'info' | 'warn' | 'error';
  readonly event: string;
  readonly fields: LogFields;
}

export interface Trace {
  /** Log of a process; lines after its end are dropped. */
  log(process: VirtualProcess): Log;
  /** Writes a line of the virtual system itself: a fault, an MQTT message, a ledger entry. */
  record(process: string, event: string, fields?: LogFields): void;
  /** Called with each line as it comes. */
  onLine(listener: (line: TraceLine) => void): void;
  /** The lines that were kept, oldest first. */
  readonly lines: readonly TraceLine[];
  readonly count: number;
  /** SHA-256 over the bytes of all lines so far, lower-case hex. */
  hash(): string;
}

export interface TraceOptions {
  readonly now: () => number;
  /** How many lines are kept; later ones are hashed and handed to listeners only (1,000,000). */
  readonly keptMax?: number;
}

const keptMaxDefault = 1_000_000;
/** Log lines that repeat what saved states show: saved hashes are older than they. */
const left: ReadonlySet<string> = new Set(['activation.attempt_ended', 'activation.ended']);

/** Log of a virtual run: the same seed gives the same bytes, in any process on any machine. */
export function virtualTrace({ now, keptMax = keptMaxDefault }: TraceOptions): Trace {
  const lines: TraceLine[] = [];
  const listeners: ((line: TraceLine) => void)[] = [];
  const hash = createHash('sha256');
  let count = 0;

  function add(line: TraceLine): void {
    count += 1;
    hash.update(`${textOf(line)}\n`);
    if (lines.length < keptMax) lines.push(line);
    for (const listener of listeners) listener(line);
  }

  return {
    log(process) {
      const at =
        (level: TraceLine['level']) =>
        (event: string, fields: LogFields = {}) => {
          if (process.isAlive && !left.has(event))
            add({ at: now(), process: process.name, level, event, fields });
        };
      return { info: at('info'), warn: at('warn'), error: at('error') };
    },
    record: (process, event, fields = {}) => add({ at: now(), process, level: 'info', event, fields }),
    onLine: (listener) => void listeners.push(listener),
    lines,
    get count() {
      return count;
    },
    hash: () => hash.copy().digest('hex'),
  };
}

/** One line as it is hashed: JSON with the fields in the order in which they were given. */
export function textOf(line: TraceLine): string {
  return JSON.stringify(line, plain);
}

/** Errors without their stack, which names this machine's folders. */
function plain(_key: string, value: unknown): unknown {
  if (value instanceof Error) return `${value.name}: ${value.message}`;
  return typeof value === 'bigint' ? String(value) : value;
}
