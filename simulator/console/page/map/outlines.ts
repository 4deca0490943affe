import { project } from './projection.ts';

/** Lines of the map, each as x and y by turns, on the plane of `projection.ts`. */
export interface Outlines {
  /** Closed rings. */
  readonly land: readonly Float64Array[];
  /** Between two countries. */
  readonly borders: readonly Float64Array[];
}

/** Reads `outlines.txt`, which `.ci/map-outlines.mjs` has written. */
export function readOutlines(text: string): Outlines {
  const land: Float64Array[] = [];
  const borders: Float64Array[] = [];
  for (const line of text.split('\n')) {
    if (line.startsWith('L')) land.push(decoded(line));
    else if (line.startsWith('B')) borders.push(decoded(line));
  }
  return { land, borders };
}

/** Hundredths of a degree, each the difference from the one before, written as Google's encoded polylines are. */
function decoded(line: string): Float64Array {
  const points: number[] = [];
  let place = 1;
  const next = () => {
    let [value, shift, part] = [0, 0, 0x20];
    while (part >= 0x20) {
      part = line.charCodeAt(place) - 63;
      place += 1;
      value |= (part & 0x1f) << shift;
      shift += 5;
    }
    return value & 1 ? ~(value >> 1) : value >> 1;
  };
  let [longitude, latitude] = [0, 0];
  while (place < line.length) {
    longitude += next();
    latitude += next();
    const { x, y } = project({ longitude: longitude / 100, latitude: latitude / 100 });
    points.push(x, y);
  }
  return Float64Array.from(points);
}
