import type { Random } from '../../shared/ports/random.ts';

/** Every draw is the same. */
export function constantRandom(fraction: number): Random {
  const random: Random = { fraction: () => fraction, stream: () => random };
  return random;
}
