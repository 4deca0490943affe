import type { Random } from '../ports/random.ts';

/** Random numbers of the system. All streams are the same source: nothing can be replayed. */
export const systemRandom: Random = {
  fraction: () => Math.random(),
  stream: () => systemRandom,
};
