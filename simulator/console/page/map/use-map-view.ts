import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import { type Area, rectangle } from './area.ts';
import type { FleetMarks } from './fleet-marks.ts';
import {
  fitted,
  fromScreen,
  type Point,
  panned,
  project,
  type Size,
  unproject,
  type View,
  zoomed,
} from './projection.ts';

const panPx = 80;
/** Of a button or key that zooms. */
export const zoomStep = 1.6;

/** What a map shows of the Earth, with the ways to change it. The first vehicles with a place choose it; afterwards the operator does. */
export function useMapView(size: Size | null, marks: FleetMarks, area: Area | null) {
  const [view, setView] = useState<View | null>(null);
  const isFitted = useRef(false);
  useLayoutEffect(() => {
    if (size === null || isFitted.current) return;
    const points = area === null ? marks.points : area.map(project);
    setView(fitted(points, size));
    isFitted.current = points.length > 0;
  }, [size, marks, area]);

  const zoomBy = (factor: number) => {
    if (view !== null && size !== null)
      setView(zoomed(view, factor, { x: size.width / 2, y: size.height / 2 }, size));
  };
  const fit = () => {
    if (size !== null) setView(fitted(marks.points, size));
  };
  const move = (x: number, y: number) => () => view !== null && setView(panned(view, x * panPx, y * panPx));
  return {
    ...{ view, setView, zoomBy, fit },
    /** Null until something is shown. */
    shownArea(): Area | null {
      if (view === null || size === null) return null;
      const placeOf = (point: Point) => unproject(fromScreen(point, view, size));
      return rectangle(placeOf({ x: 0, y: 0 }), placeOf({ x: size.width, y: size.height }));
    },
    keys: {
      ArrowLeft: move(1, 0),
      ArrowRight: move(-1, 0),
      ArrowUp: move(0, 1),
      ArrowDown: move(0, -1),
      '+': () => zoomBy(zoomStep),
      '=': () => zoomBy(zoomStep),
      '-': () => zoomBy(1 / zoomStep),
      '0': fit,
    } satisfies Readonly<Record<string, () => unknown>>,
  };
}
