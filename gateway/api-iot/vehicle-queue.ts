/** The most messages of one vehicle that wait to be handled. */
const waitingMax = 1_000;

/** Handles the messages of each vehicle one after the other, those of different vehicles side by side. */
export interface VehicleQueue {
  /** Resolves when the work is done, with false when it was not taken because too much waits. */
  run(vin: string, work: () => Promise<void>): Promise<boolean>;
  /** Resolves when nothing is under way. */
  idle(): Promise<void>;
}

export function newVehicleQueue(): VehicleQueue {
  const lines = new Map<string, { tail: Promise<void>; length: number }>();
  return {
    async run(vin, work) {
      const line = lines.get(vin) ?? { tail: Promise.resolve(), length: 0 };
      if (line.length >= waitingMax) return false;
      line.length += 1;
      lines.set(vin, line);
      const done = line.tail.then(work);
      line.tail = done.catch(() => undefined);
      try {
        await done;
      } finally {
        line.length -= 1;
        if (line.length === 0) lines.delete(vin);
      }
      return true;
    },
    async idle() {
      while (lines.size > 0) await Promise.all([...lines.values()].map((line) => line.tail));
    },
  };
}
