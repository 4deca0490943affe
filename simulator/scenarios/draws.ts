import { integerBetween, type Random } from '../../shared/ports/random.ts';
import type { Range } from './vehicle-fault.ts';

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

/** A new list in a drawn order (Fisher and Yates). */
export function shuffled<T>(random: Random, items: readonly T[]): T[] {
  const list = [...items];
  for (let index = list.length - 1; index > 0; index -= 1) {
    const other = integerBetween(random, 0, index);
    const [a, b] = [list[index] as T, list[other] as T];
    list[index] = b;
    list[other] = a;
  }
  return list;
}

export function inRange(random: Random, [from, to]: Range): number {
  return integerBetween(random, from, to);
}
