import { integerBetween, type Random } from '../../shared/ports/random.ts';
import type { Range } from './vehicle-fault.ts';

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
