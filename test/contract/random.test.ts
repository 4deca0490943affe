import { describe, expect, test } from 'vitest';
import { systemRandom } from '../../shared/live/random.ts';
import { integerBetween, pick, type Random } from '../../shared/ports/random.ts';
import { seededRandom } from '../../shared/virtual/random.ts';

const draws = (random: Random, count: number) => Array.from({ length: count }, () => random.fraction());

describe.each([
  ['the system', () => systemRandom],
  ['a seed', () => seededRandom(1)],
])('chance from %s', (_name, make: () => Random) => {
  test('lies in [0, 1) and is spread evenly over ten parts', () => {
    const counts = Array.from({ length: 10 }, () => 0);
    for (const fraction of draws(make(), 100_000)) {
      expect(fraction >= 0 && fraction < 1).toBe(true);
      const part = Math.floor(fraction * 10);
      counts[part] = (counts[part] ?? 0) + 1;
    }
    // 10,000 each; seven standard deviations of 95.
    expect(counts.filter((count) => Math.abs(count - 10_000) > 665)).toEqual([]);
  });

  test('gives streams that do not follow each other', () => {
    const random = make();
    expect(draws(random.stream('a'), 4)).not.toEqual(draws(random.stream('b'), 4));
  });

  test('gives whole numbers with both ends, and items of a list', () => {
    const random = make();
    expect(new Set(Array.from({ length: 200 }, () => integerBetween(random, 3, 5)))).toEqual(
      new Set([3, 4, 5]),
    );
    expect(new Set(Array.from({ length: 200 }, () => pick(random, ['x', 'y'])))).toEqual(new Set(['x', 'y']));
  });
});

describe('chance from a seed', () => {
  test('is the same on every machine', () => {
    expect(draws(seededRandom(1), 3)).toEqual([0.9938483211278442, 0.6335904585214339, 0.3257406578085368]);
    expect(draws(seededRandom(1).stream('network'), 3)).toEqual([
      0.6119195848297665, 0.42368037072740594, 0.3560596498217323,
    ]);
  });

  test('differs from seed to seed, also for seeds that are neighbours', () => {
    const firsts = Array.from({ length: 10_000 }, (_, seed) => seededRandom(seed).fraction());
    expect(new Set(firsts).size).toBe(10_000);
    const mean = firsts.reduce((sum, fraction) => sum + fraction, 0) / firsts.length;
    expect(Math.abs(mean - 0.5)).toBeLessThan(0.02);
  });

  test('is not moved by draws of another stream', () => {
    const alone = seededRandom(9).stream('fleet');
    const random = seededRandom(9);
    draws(random, 100);
    draws(random.stream('network'), 100);
    expect(draws(random.stream('fleet'), 5)).toEqual(draws(alone, 5));
  });

  test('distinguishes paths of names that concatenate to the same text', () => {
    const random = seededRandom(3);
    expect(draws(random.stream('a').stream('b'), 3)).not.toEqual(draws(random.stream('a/1:b'), 3));
    expect(draws(random.stream('ab'), 3)).not.toEqual(draws(random.stream('ba'), 3));
  });

  test('takes whole numbers only', () => {
    expect(() => seededRandom(1.5)).toThrow('a seed is a whole number of at least 0, not 1.5');
    expect(() => seededRandom(-1)).toThrow('a seed is a whole number of at least 0, not -1');
  });
});
