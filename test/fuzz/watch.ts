import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect } from 'vitest';

/** How many requests or messages a part of the fuzz sends, and from which seed: more by `npm run fuzz`. */
export const fuzzCount = (standard: number) => Math.round(standard * Number(process.env.FUZZ_TIMES ?? 1));
export const fuzzSeed = Number(process.env.FUZZ_SEED ?? 1);
export const fuzzTimeoutMs = 300_000 * Math.max(1, Number(process.env.FUZZ_TIMES ?? 1));

function collectedHeapBytes(): number {
  setFlagsFromString('--expose_gc');
  const collect = runInNewContext('gc') as () => void;
  collect();
  return process.memoryUsage().heapUsed;
}

/** Memory that the second half may use in addition to the first: bounded caches are full after the first. */
const growthMaxBytes = 24 * 1024 * 1024;

/** Runs a half of the work, then the other, and asserts that the second keeps no more memory, and that no promise was lost. */
export async function withoutTrace(half: (index: number) => Promise<void>): Promise<void> {
  const rejections: unknown[] = [];
  const onRejection = (reason: unknown) => rejections.push(reason);
  process.on('unhandledRejection', onRejection);
  try {
    await half(0);
    const before = collectedHeapBytes();
    await half(1);
    const grown = collectedHeapBytes() - before;
    await new Promise((resolve) => setImmediate(resolve));
    expect(rejections).toEqual([]);
    expect(grown).toBeLessThan(growthMaxBytes);
  } finally {
    process.off('unhandledRejection', onRejection);
  }
}
