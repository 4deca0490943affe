/**
 * Writes the outlines of the console's map: `node .ci/map-outlines.mjs countries-50m.json > simulator/console/page/map/outlines.txt`, with the file of
 * that name from the npm package world-atlas 2.0.2 (Natural Earth, public domain).
 *
 * One line of the result is one line on the map: `L` and a closed ring of land, or `B` and a border between two countries. The
 * points are hundredths of a degree, each as the difference from the one before, written as Google's encoded polylines are.
 */
import { readFileSync } from 'node:fs';

const { arcs: coded, transform, objects } = JSON.parse(readFileSync(process.argv[2], 'utf8'));
/** Degrees: what is thinner than this is not drawn. */
const tolerance = 0.02;
/** Rings of fewer square degrees are islands that no map of a fleet shows. */
const leastArea = 0.005;

const arcs = coded.map((arc) => simplified(decoded(arc)));

function decoded(arc) {
  let [x, y] = [0, 0];
  return arc.map(([dx, dy]) => {
    [x, y] = [x + dx, y + dy];
    return [x * transform.scale[0] + transform.translate[0], y * transform.scale[1] + transform.translate[1]];
  });
}

/** Douglas and Peucker's: leaves out points that are nearly on the line between their neighbours. */
function simplified(points) {
  const kept = new Set([0, points.length - 1]);
  const open = [[0, points.length - 1]];
  while (open.length > 0) {
    const [first, last] = open.pop();
    let [farthest, most] = [-1, tolerance];
    for (let index = first + 1; index < last; index += 1) {
      const away = distance(points[index], points[first], points[last]);
      if (away > most) [farthest, most] = [index, away];
    }
    if (farthest === -1) continue;
    kept.add(farthest);
    open.push([first, farthest], [farthest, last]);
  }
  return points.filter((_, index) => kept.has(index));
}

function distance([x, y], [ax, ay], [bx, by]) {
  const length = (bx - ax) ** 2 + (by - ay) ** 2;
  const part = length === 0 ? 0 : Math.min(1, Math.max(0, ((x - ax) * (bx - ax) + (y - ay) * (by - ay)) / length));
  return Math.hypot(x - ax - part * (bx - ax), y - ay - part * (by - ay));
}

const arcOf = (index) => (index < 0 ? arcs[~index].toReversed() : arcs[index]);
const ringOf = (indexes) => indexes.flatMap((index, place) => arcOf(index).slice(place === 0 ? 0 : 1));

function area(ring) {
  let sum = 0;
  for (let index = 1; index < ring.length; index += 1)
    sum += ring[index - 1][0] * ring[index][1] - ring[index][0] * ring[index - 1][1];
  return Math.abs(sum / 2);
}

function encoded(points) {
  let [x, y] = [0, 0];
  return points
    .map(([longitude, latitude]) => {
      const [nextX, nextY] = [Math.round(longitude * 100), Math.round(latitude * 100)];
      const text = numberText(nextX - x) + numberText(nextY - y);
      [x, y] = [nextX, nextY];
      return text;
    })
    .join('');
}

function numberText(value) {
  let rest = value < 0 ? ~(value << 1) : value << 1;
  let text = '';
  while (rest >= 0x20) {
    text += String.fromCharCode((0x20 | (rest & 0x1f)) + 63);
    rest >>= 5;
  }
  return text + String.fromCharCode(rest + 63);
}

const land = objects.land.geometries.flatMap((shape) =>
  shape.type === 'Polygon' ? shape.arcs : shape.arcs.flat(),
);
const uses = new Map();
for (const country of objects.countries.geometries)
  for (const index of new Set((country.arcs ?? []).flat(3).map((one) => (one < 0 ? ~one : one))))
    uses.set(index, (uses.get(index) ?? 0) + 1);

const rings = land.map(ringOf).filter((ring) => area(ring) >= leastArea);
const borders = [...uses].filter(([, count]) => count > 1).map(([index]) => arcs[index]);
process.stdout.write(
  `${[...rings.map((ring) => `L${encoded(ring)}`), ...borders.map((line) => `B${encoded(line)}`)].join('\n')}\n`,
);
