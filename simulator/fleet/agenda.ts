import type { Clock, Timer } from '../../shared/ports/clock.ts';

interface Entry {
  readonly dueAt: number;
  readonly sequence: number;
  callback: (() => void) | null;
}

/**
 * Many due moments on one timer of the clock: 5,000 vehicles with several each would be as many timers otherwise.
 * Entries that are due at the same instant run in the order in which they were made.
 */
export function agenda(clock: Clock) {
  /** A binary heap, the earliest first. */
  const heap: Entry[] = [];
  let armed: { timer: Timer; dueAt: number } | null = null;
  let sequence = 0;

  function arm(): void {
    const dueAt = heap[0]?.dueAt;
    if (dueAt === armed?.dueAt) return;
    armed?.timer.cancel();
    armed =
      dueAt === undefined ? null : { timer: clock.setTimer(Math.max(0, dueAt - clock.now()), runDue), dueAt };
  }

  function runDue(): void {
    armed = null;
    const now = clock.now();
    for (let entry = heap[0]; entry !== undefined && entry.dueAt <= now; entry = heap[0]) {
      removeFirst(heap);
      const { callback } = entry;
      entry.callback = null;
      callback?.();
    }
    arm();
  }

  return {
    /** Runs `callback` once, `delayMs` from now. */
    after(delayMs: number, callback: () => void): Timer {
      sequence += 1;
      const entry: Entry = { dueAt: clock.now() + Math.max(0, delayMs), sequence, callback };
      insert(heap, entry);
      arm();
      return {
        cancel: () => {
          entry.callback = null;
        },
      };
    },
    /** Forgets every entry. */
    clear(): void {
      heap.length = 0;
      arm();
    },
  };
}

export type Agenda = ReturnType<typeof agenda>;

function isBefore(left: Entry | undefined, right: Entry | undefined): boolean {
  if (!left || !right) return false;
  return left.dueAt < right.dueAt || (left.dueAt === right.dueAt && left.sequence < right.sequence);
}

function insert(heap: Entry[], entry: Entry): void {
  let index = heap.length;
  heap.push(entry);
  while (index > 0) {
    const parent = (index - 1) >> 1;
    if (!isBefore(entry, heap[parent])) return;
    swap(heap, index, parent);
    index = parent;
  }
}

function removeFirst(heap: Entry[]): void {
  const last = heap.pop();
  if (last === undefined || heap.length === 0) return;
  heap[0] = last;
  for (let index = 0; ; ) {
    const left = 2 * index + 1;
    const child = isBefore(heap[left + 1], heap[left]) ? left + 1 : left;
    if (!isBefore(heap[child], last)) return;
    swap(heap, index, child);
    index = child;
  }
}

function swap(heap: Entry[], left: number, right: number): void {
  const [first, second] = [heap[left], heap[right]];
  if (first === undefined || second === undefined) return;
  heap[left] = second;
  heap[right] = first;
}
