import type { Random } from '../ports/random.ts';

/**
 * Chance that can be replayed: xoshiro128** (Blackman and Vigna, 2018) on 32-bit integers, so every machine draws the
 * same. A stream is a function of the seed and the path of names that led to it: asking twice for one name gives two
 * streams that draw the same, and no order of draws elsewhere moves it.
 */
export function seededRandom(seed: number): Random {
  if (!Number.isSafeInteger(seed) || seed < 0)
    throw new Error(`a seed is a whole number of at least 0, not ${seed}`);
  return streamOf(String(seed));
}

function streamOf(path: string): Random {
  const next = xoshiro(path);
  return {
    // 53 bits: 27 of one draw and 26 of the next, the precision of a double between 0 and 1.
    fraction: () => ((next() >>> 5) * 0x4000000 + (next() >>> 6)) / 0x20000000000000,
    // The length keeps `a` in `b/c` apart from `a/b` in `c`.
    stream: (name) => streamOf(`${path}/${name.length}:${name}`),
  };
}

function xoshiro(path: string): () => number {
  const fill = splitmix(hash(path));
  let a = fill();
  let b = fill();
  let c = fill();
  let d = fill() | 1;
  return () => {
    const result = Math.imul(rotate(Math.imul(b, 5), 7), 9);
    const shifted = b << 9;
    c ^= a;
    d ^= b;
    b ^= c;
    a ^= d;
    c ^= shifted;
    d = rotate(d, 11);
    return result >>> 0;
  };
}

function rotate(value: number, by: number): number {
  return (value << by) | (value >>> (32 - by));
}

/** FNV-1a over UTF-16 units, as two hashes, so that two names with one equal hash differ in the other. */
function hash(text: string): readonly [number, number] {
  let low = 0x811c9dc5;
  let high = 0x9dc5811c;
  for (let index = 0; index < text.length; index += 1) {
    const unit = text.charCodeAt(index);
    low = Math.imul(low ^ unit, 0x01000193);
    high = Math.imul(high ^ (unit + index), 0x85ebca6b);
  }
  return [low, high];
}

/** Spreads 64 bits of hash over the requested number of words (splitmix32, with both halves mixed). */
function splitmix([low, high]: readonly [number, number]): () => number {
  let state = low;
  return () => {
    state = (state + 0x9e3779b9) | 0;
    let word = state ^ high;
    word = Math.imul(word ^ (word >>> 16), 0x21f0aaad);
    word = Math.imul(word ^ (word >>> 15), 0x735a2d97);
    return word ^ (word >>> 15);
  };
}
