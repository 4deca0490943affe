import { describe, expect, it } from 'vitest';
import { rowOfKey, rowsWith, scrollOf, shownRows } from '../../../simulator/timeline/rows.ts';

describe('rows of a long list', () => {
  it('are drawn where they are seen, and some around them', () => {
    expect(shownRows(10_000, 0, 400, 40)).toEqual({ first: 0, count: 26 });
    expect(shownRows(10_000, 200_000, 400, 40)).toEqual({ first: 4_992, count: 26 });
    expect(shownRows(10_000, 399_600, 400, 40)).toEqual({ first: 9_982, count: 18 });
    // A search has made the list shorter than it was scrolled.
    expect(shownRows(3, 200_000, 400, 40)).toEqual({ first: 0, count: 3 });
  });

  it('are drawn with the one that has the focus, wherever it is', () => {
    const rows = { first: 10, count: 3 };
    expect([rowsWith(rows, 2), rowsWith(rows, 11), rowsWith(rows, 40)]).toEqual([
      [2, 10, 11, 12],
      [10, 11, 12],
      [10, 11, 12, 40],
    ]);
  });

  it('scroll as far as a row needs to be seen', () => {
    expect([
      scrollOf(3, 0, 100, 20),
      scrollOf(5, 0, 100, 20),
      scrollOf(2, 80, 100, 20),
      scrollOf(9_999, 0, 100, 20),
    ]).toEqual([0, 20, 40, 199_900]);
  });

  it('are reached by keys', () => {
    const from = (key: string, row = 50) => rowOfKey(key, row, 100, 10);
    expect(['ArrowDown', 'ArrowUp', 'PageDown', 'PageUp', 'Home', 'End'].map((key) => from(key))).toEqual([
      51, 49, 60, 40, 0, 99,
    ]);
    expect([from('ArrowDown', 99), from('PageUp', 3), from('Tab')]).toEqual([99, 0, null]);
  });
});
