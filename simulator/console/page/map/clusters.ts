/** Vehicles on the plane of `projection.ts`, each with the place of its colour in the legend. Arrays of the same length. */
export interface Marks {
  readonly xs: Float64Array;
  readonly ys: Float64Array;
  readonly kinds: Uint8Array;
  /** 0 where the filter by area leaves the vehicle out. */
  readonly isChosen: Uint8Array;
}

/** Vehicles that stand close to each other. */
export interface Cluster {
  readonly x: number;
  readonly y: number;
  readonly count: number;
  /** Vehicles by kind. */
  readonly counts: readonly number[];
  /** Place of one of the vehicles in `Marks`. */
  readonly first: number;
}

/** Pixels from cluster to cluster. */
const cellPx = 64;

interface Cell {
  x: number;
  y: number;
  count: number;
  readonly counts: number[];
  readonly first: number;
}

/** Gathers the chosen vehicles by squares of the plane, so that moving the map changes no cluster, and joins those that would overlap. */
export function clustersOf(marks: Marks, scale: number, kindCount: number): Cluster[] {
  // Powers of two, so that clusters split as the map is zoomed instead of changing at each step.
  const size = cellPx / 2 ** Math.floor(Math.log2(scale));
  const columns = Math.ceil(1 / size) + 1;
  const cells = cellsOf(marks, size, columns, kindCount);
  const joined = new Map<number, Cell>();
  const ordered = [...cells].sort(([, one], [, other]) => other.count - one.count || one.first - other.first);
  for (const [key, cell] of ordered) {
    const near = neighbours(key, columns).map((one) => joined.get(one));
    const other = near.find((one) => one !== undefined && overlaps(one, cell, scale));
    if (other === undefined) joined.set(key, cell);
    else join(other, cell);
  }
  return [...joined.values()];
}

function cellsOf(
  { xs, ys, kinds, isChosen }: Marks,
  size: number,
  columns: number,
  kindCount: number,
): Map<number, Cell> {
  const cells = new Map<number, Cell>();
  for (let index = 0; index < xs.length; index += 1) {
    if (isChosen[index] === 0) continue;
    const [x, y, kind] = [xs[index] ?? 0, ys[index] ?? 0, kinds[index] ?? 0];
    const key = Math.floor(y / size) * columns + Math.floor(x / size);
    let cell = cells.get(key);
    if (cell === undefined) {
      cell = { x, y, count: 0, counts: new Array<number>(kindCount).fill(0), first: index };
      cells.set(key, cell);
    }
    cell.count += 1;
    // The mean of the places so far.
    cell.x += (x - cell.x) / cell.count;
    cell.y += (y - cell.y) / cell.count;
    cell.counts[kind] = (cell.counts[kind] ?? 0) + 1;
  }
  return cells;
}

function neighbours(key: number, columns: number): number[] {
  return [-columns, 0, columns].flatMap((row) => [key + row - 1, key + row, key + row + 1]);
}

function overlaps(one: Cell, other: Cell, scale: number): boolean {
  const apart = Math.hypot(one.x - other.x, one.y - other.y) * scale;
  return apart < radiusOf(one.count) + radiusOf(other.count) + 6;
}

function join(into: Cell, cell: Cell): void {
  const count = into.count + cell.count;
  into.x += ((cell.x - into.x) * cell.count) / count;
  into.y += ((cell.y - into.y) * cell.count) / count;
  into.count = count;
  for (const [kind, more] of cell.counts.entries()) into.counts[kind] = (into.counts[kind] ?? 0) + more;
}

/** Pixels of a cluster's radius: a hundred times as many vehicles are twice as wide. */
export function radiusOf(count: number): number {
  return 11 + 5.5 * Math.log10(count);
}
