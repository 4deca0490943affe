/**
 * Whether `npm run test:proofs` runs: it repeats the files that import this one, with every step, seed, kill and size. `npm test`
 * takes a part of each that can still fail.
 */
const isWhole = process.env.PROOFS === 'all';

/** Returns how much of a slow proof is tried: each day, or in `npm run test:proofs`. */
export function sized<Size>(everyDay: Size, whole: Size): Size {
  return isWhole ? whole : everyDay;
}
