/** The only source of chance. */
export interface Random {
  /** A number in [0, 1). */
  fraction(): number;
  /** A stream of its own: draws from it never shift the draws of this one or of a stream with another name. */
  stream(name: string): Random;
}

/** A whole number in [from, to], both included. */
export function integerBetween(random: Random, from: number, to: number): number {
  return from + Math.floor(random.fraction() * (to - from + 1));
}

/** One of the items; throws on an empty list, which is a mistake of the caller. */
export function pick<T>(random: Random, items: readonly T[]): T {
  const item = items[Math.floor(random.fraction() * items.length)];
  if (item === undefined) throw new Error('pick: the list is empty');
  return item;
}

/** One of the items, each with a chance in proportion to its weight. Throws on an empty list. */
export function pickWeighted<T extends { readonly weight: number }>(random: Random, items: readonly T[]): T {
  const total = items.reduce((sum, item) => sum + item.weight, 0);
  let left = random.fraction() * total;
  for (const item of items) {
    left -= item.weight;
    if (left < 0) return item;
  }
  const last = items.at(-1);
  if (last === undefined) throw new Error('pickWeighted: the list is empty');
  return last;
}
