import type { Random } from '../ports/random.ts';

/** Chance from the system. Streams are all alike: nothing here can be replayed. */
export const systemRandom: Random = {
  fraction: () => Math.random(),
  stream: () => systemRandom,
};
