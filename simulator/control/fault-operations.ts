import { type ProblemError, problemError } from '../../gateway/http/problem.ts';
import type { FaultRecord } from '../faults/fault.ts';
import type { FaultDesk, PlacedFault } from './fault-desk.ts';
import { readFault } from './read-fault.ts';

/** The most VINs in an answer. */
const vinsMax = 100;

/** A fault as the control shows it, over HTTP and NATS alike. */
export type FaultView = ReturnType<typeof faultView>;

/** What the control of faults does, over HTTP and NATS alike. Each throws a `ProblemError` for a request that cannot be. */
export interface FaultOperations {
  /** Oldest first. */
  list(): { readonly faults: readonly FaultView[] };
  /** Of a body: a fault record. Places nothing. */
  preview(body: unknown): {
    readonly vehicles: number;
    readonly candidates: number;
    readonly vins: readonly string[];
  };
  add(body: unknown): FaultView;
  get(id: string): FaultView;
  remove(id: string): void;
  clear(): { readonly removed: number };
}

export function faultOperations(desk: FaultDesk): FaultOperations {
  return {
    list: () => ({ faults: desk.list().map(faultView) }),
    preview(body) {
      const { vins, count } = desk.preview(recordOf(body));
      return { vehicles: count, candidates: vins.length, vins: vins.slice(0, vinsMax) };
    },
    add(body) {
      const placing = desk.add(recordOf(body));
      if (!placing.ok) throw problemError('invalid-request', `The fault cannot be added: ${placing.reason}.`);
      return faultView(placing.fault);
    },
    get(id) {
      const fault = desk.find(id);
      if (!fault) throw noFault(id);
      return faultView(fault);
    },
    remove(id) {
      if (!desk.remove(id)) throw noFault(id);
    },
    clear: () => ({ removed: desk.clear() }),
  };
}

/** The problem of a body that cannot be read. */
export function noJson(): ProblemError {
  return problemError('malformed-request', 'The body is no JSON. Send a fault as docs/faults.md shows it.');
}

export function faultView({ id, addedAt, record, vins, struck, time }: PlacedFault) {
  return { id, addedAt, ...record, vehicles: vins.length, vins: vins.slice(0, vinsMax), struck, ...time };
}

function recordOf(body: unknown): FaultRecord {
  const reading = readFault(body);
  if (reading.ok) return reading.record;
  throw problemError('invalid-request', reading.mistakes.join('; '), { mistakes: reading.mistakes });
}

function noFault(id: string): ProblemError {
  return problemError(
    'not-found',
    `There is no fault ${id}; "fleetwake fault list" shows those that there are.`,
  );
}
