/** Rows of a list in which each has the same height. */
export interface Rows {
  readonly first: number;
  readonly count: number;
}

/** Returns the rows that a scrolled box shows, with some around them. */
export function shownRows(total: number, scrollTop: number, boxPx: number, rowPx: number): Rows {
  const around = 8;
  const first = Math.max(0, Math.min(total, Math.floor(scrollTop / rowPx)) - around);
  return { first, count: Math.max(0, Math.min(total - first, Math.ceil(boxPx / rowPx) + 2 * around)) };
}

/** Returns the indices of these rows and of another one, which may be elsewhere, in their order. */
export function rowsWith({ first, count }: Rows, other: number): number[] {
  const rows = Array.from({ length: count }, (_, index) => first + index);
  if (other < first) return [other, ...rows];
  return other >= first + count ? [...rows, other] : rows;
}

/** Returns where a box scrolls so that a row is within it; it stays where it is when the row is. */
export function scrollOf(row: number, scrollTop: number, boxPx: number, rowPx: number): number {
  if (row * rowPx < scrollTop) return row * rowPx;
  return Math.max(scrollTop, (row + 1) * rowPx - boxPx);
}

/** Returns the row that a key leads to, or null for any other key. */
export function rowOfKey(key: string, row: number, total: number, page: number): number | null {
  const within = (target: number) => Math.max(0, Math.min(total - 1, target));
  switch (key) {
    case 'ArrowDown':
      return within(row + 1);
    case 'ArrowUp':
      return within(row - 1);
    case 'PageDown':
      return within(row + page);
    case 'PageUp':
      return within(row - page);
    case 'Home':
      return 0;
    case 'End':
      return within(total - 1);
    default:
      return null;
  }
}
