import { type ProblemError, problemError } from '../../gateway/http/problem.ts';
import type { FaultRecord } from '../faults/fault.ts';
import type { FaultDesk, PlacedFault, RemovedFault } from './fault-desk.ts';
import { readFault } from './read-fault.ts';

/** The most VINs in an answer. */
const vinsMax = 100;

/** A fault as the control shows it, over HTTP and NATS alike. */
export type FaultView = ReturnType<typeof faultView>;

/** A fault in a list: one that was removed says when. */
export type ListedFault = FaultView | (Omit<FaultView, 'state'> & RemovedFields);

interface RemovedFields {
  readonly state: 'removed';
  readonly removedAt: number;
}

export interface FaultFilter {
  /** With the newest that were removed. */
  readonly hasRemoved?: boolean;
  readonly vin?: string | undefined;
}

/** What the control of faults does, over HTTP and NATS alike. Each throws a `ProblemError` for a request that cannot be. */
export interface FaultOperations {
  /** Oldest first. Of a vehicle: its own, and those of services. */
  list(filter?: FaultFilter): { readonly faults: readonly ListedFault[] };
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
    list({ hasRemoved = false, vin } = {}) {
      const isWanted = ({ record, vins }: PlacedFault) =>
        vin === undefined || record.layer === 'services' || vins.includes(vin);
      const removed = hasRemoved ? desk.removed().filter(isWanted).map(removedView) : [];
      return { faults: [...removed, ...desk.list().filter(isWanted).map(faultView)] };
    },
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

function removedView({ removedAt, ...fault }: RemovedFault): ListedFault {
  return { ...faultView(fault), state: 'removed', remainingMs: null, removedAt };
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
