import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  areaFrom,
  areaText,
  cornersMax,
  isWithin,
  rectangle,
  thinned,
} from '../../../simulator/console/page/map/area.ts';
import { clustersOf } from '../../../simulator/console/page/map/clusters.ts';
import { readOutlines } from '../../../simulator/console/page/map/outlines.ts';
import {
  fitted,
  fromScreen,
  type Place,
  panned,
  project,
  toScreen,
  unproject,
  zoomed,
} from '../../../simulator/console/page/map/projection.ts';

const size = { width: 800, height: 400 };
const berlin = { longitude: 13.405, latitude: 52.52 };
const view = { ...project(berlin), scale: 10_000 };
const near = ({ x, y }: { x: number; y: number }) => [Math.round(x * 1e6) / 1e6, Math.round(y * 1e6) / 1e6];

describe('the plane of the map', () => {
  it('projects every place to one point, with the poles at the edges', () => {
    const back = unproject(project(berlin));
    expect([back.longitude, back.latitude]).toEqual([expect.closeTo(13.405, 9), expect.closeTo(52.52, 9)]);
    const corners = [project({ longitude: -180, latitude: 90 }), project({ longitude: 180, latitude: -90 })];
    expect(corners.map(near)).toEqual([
      [0, 0],
      [1, 1],
    ]);
  });

  it('moves by pixels, and keeps what is under the pointer when it zooms', () => {
    const at = { x: 100, y: 300 };
    const place = fromScreen(at, view, size);
    expect(near(toScreen(place, zoomed(view, 3, at, size), size))).toEqual([100, 300]);
    expect(near(toScreen(place, panned(view, 40, -10), size))).toEqual([140, 290]);
    expect(zoomed(view, 1e9, at, size).scale).toBe(40_000_000);
  });

  it('shows every vehicle to begin with', () => {
    const places = [berlin, { longitude: -3.7, latitude: 40.4 }, { longitude: 18, latitude: 59.3 }];
    const whole = fitted(places.map(project), size);
    for (const place of places) {
      const { x, y } = toScreen(project(place), whole, size);
      expect([x > 0, x < size.width, y > 0, y < size.height]).toEqual([true, true, true, true]);
    }
    expect(fitted([], size).scale).toBeGreaterThan(0);
  });
});

describe('an area', () => {
  const square = rectangle({ longitude: 10, latitude: 54 }, { longitude: 14, latitude: 50 });

  it('has the places within its corners, also where its form is hollow', () => {
    const inside = (longitude: number, latitude: number) => isWithin(square, { longitude, latitude });
    expect([inside(13, 52), inside(15, 52), inside(13, 49)]).toEqual([true, false, false]);
    const hollow: Place[] = [
      [0, 0],
      [4, 0],
      [4, 4],
      [2, 1],
      [0, 4],
    ].map(([longitude = 0, latitude = 0]) => ({ longitude, latitude }));
    expect([
      isWithin(hollow, { longitude: 2, latitude: 3 }),
      isWithin(hollow, { longitude: 0.5, latitude: 1 }),
    ]).toEqual([false, true]);
  });

  it('is written to an address and read back; an invalid text gives null', () => {
    expect(areaText(square)).toBe('10,54;14,54;14,50;10,50');
    expect(areaFrom(areaText(square))).toEqual(square);
    const wrong = [null, '', '1,2;3,4', '1,2;3,4;x,5', '1,2;3,4;5,95', '1,2,3;4,5;6,7'];
    expect(wrong.map(areaFrom)).toEqual(wrong.map(() => null));
    expect(areaFrom(Array.from({ length: cornersMax + 1 }, () => '1,2').join(';'))).toBe(null);
  });

  it('that was drawn with the hand has at most as many corners as an address takes', () => {
    const line = Array.from({ length: 500 }, (_, index) => ({ longitude: index / 10, latitude: 0 }));
    expect(thinned(line)?.length).toBe(cornersMax);
    expect([thinned(line.slice(0, 2)), thinned(square)]).toEqual([null, square]);
  });
});

describe('clusters', () => {
  const marks = (
    points: readonly (readonly [number, number, number?])[],
    isChosen = points.map(() => 1),
  ) => ({
    xs: Float64Array.from(points, ([x]) => x),
    ys: Float64Array.from(points, ([, y]) => y),
    kinds: Uint8Array.from(points, ([, , kind = 0]) => kind),
    isChosen: Uint8Array.from(isChosen),
  });

  it('have every chosen vehicle once, counted by kind', () => {
    const found = clustersOf(
      marks(
        [
          [0.1, 0.1],
          [0.1, 0.1, 1],
          [0.9, 0.9],
          [0.9, 0.9],
        ],
        [1, 1, 1, 0],
      ),
      1_000,
      2,
    );
    expect(found.map(({ count, counts, first }) => [count, counts, first])).toEqual([
      [2, [1, 1], 0],
      [1, [1, 0], 2],
    ]);
  });

  it('are joined where their discs would overlap, and apart when the map is zoomed in', () => {
    // 20 pixels from each other, on both sides of the edge of a square.
    const close = marks([
      [0.495, 0.5],
      [0.515, 0.5],
    ]);
    expect(clustersOf(close, 1_000, 1).map(({ count, x }) => [count, x])).toEqual([
      [2, expect.closeTo(0.505, 9)],
    ]);
    expect(clustersOf(close, 16_000, 1).map(({ count }) => count)).toEqual([1, 1]);
  });

  it('of 10,000 vehicles hold them all', () => {
    const many = Array.from(
      { length: 10_000 },
      (_, index) => [0.5 + (index % 100) / 2_000, 0.3 + index / 200_000] as const,
    );
    const found = clustersOf(marks(many), 20_000, 1);
    expect(found.reduce((sum, { count }) => sum + count, 0)).toBe(10_000);
  });
});

it('the outlines have Berlin on land, and no place in the Atlantic', () => {
  const file = new URL('../../../simulator/console/page/map/outlines.txt', import.meta.url);
  const { land, borders } = readOutlines(readFileSync(file, 'utf8'));
  const isLand = (place: Place) => {
    const { x, y } = project(place);
    return land.some((ring) => {
      const corners: Place[] = [];
      for (let index = 0; index < ring.length; index += 2)
        corners.push({ longitude: ring[index] ?? 0, latitude: ring[index + 1] ?? 0 });
      return isWithin(corners, { longitude: x, latitude: y });
    });
  };
  const places = [berlin, { longitude: -100, latitude: 40 }, { longitude: -30, latitude: 40 }];
  expect(places.map(isLand)).toEqual([true, true, false]);
  expect(borders.length).toBeGreaterThan(300);
});
