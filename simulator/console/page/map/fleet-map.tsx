import { useEffect, useId, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { Kind } from '../pages/fleet-colours.ts';
import type { FleetVehicle } from '../pages/fleet-vehicle.ts';
import { type Area, rectangle } from './area.ts';
import { type Cluster, radiusOf } from './clusters.ts';
import { drawMap } from './draw-map.ts';
import { type FleetMarks, marksOf } from './fleet-marks.ts';
import { MapTools } from './map-tools.tsx';
import {
  fitted,
  fromScreen,
  type Point,
  panned,
  project,
  toScreen,
  unproject,
  type View,
  zoomed,
} from './projection.ts';
import { paintNames, paintOf, useColourScheme, useSize } from './use-canvas.ts';
import { type Tool, useMapPointer } from './use-map-pointer.ts';
import { useOutlines } from './use-outlines.ts';

const panPx = 80;
const zoomStep = 1.6;

interface FleetMapProps {
  /** Those that the filter leaves, without the area. */
  readonly vehicles: readonly FleetVehicle[];
  readonly kinds: readonly Kind[];
  readonly kindOf: (vehicle: FleetVehicle) => number;
  readonly isClustered: boolean;
  readonly area: Area | null;
  readonly onArea: (area: Area | null) => void;
  readonly onOpen: (vin: string) => void;
}

/** The fleet on a map: moved and zoomed with mouse, finger or keys; a dragged area filters the list. */
export function FleetMap(props: FleetMapProps) {
  const { vehicles, kinds, kindOf, isClustered, area, onArea, onOpen } = props;
  const box = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const clusters = useRef<readonly Cluster[]>([]);
  const size = useSize(box);
  const scheme = useColourScheme();
  const paths = useOutlines();
  const help = useId();
  const [tool, setTool] = useState<Tool>('move');
  const [view, setView] = useState<View | null>(null);
  const marks = useMemo(() => marksOf(vehicles, kindOf, area), [vehicles, kindOf, area]);

  // The first vehicles with a place choose what is shown; afterwards the operator does.
  const isFitted = useRef(false);
  useLayoutEffect(() => {
    if (size === null || isFitted.current) return;
    const points = area === null ? marks.points : area.map(project);
    setView(fitted(points, size));
    isFitted.current = points.length > 0;
  }, [size, marks, area]);

  const pointer = useMapPointer({
    ...{ view, size, tool, onView: setView },
    onArea(drawn) {
      onArea(drawn);
      setTool('move');
    },
    onClick: (at) => open(at),
  });

  useEffect(() => {
    const pen = canvas.current?.getContext('2d');
    if (!pen || !canvas.current || !box.current || view === null || size === null) return;
    const density = Math.min(2, window.devicePixelRatio);
    const frame = requestAnimationFrame(() => {
      if (!canvas.current || !box.current) return;
      const [width, height] = [Math.round(size.width * density), Math.round(size.height * density)];
      if (canvas.current.width !== width) canvas.current.width = width;
      if (canvas.current.height !== height) canvas.current.height = height;
      const chosen = area === null ? null : area.map((place) => toScreen(project(place), view, size));
      clusters.current = drawMap(pen, {
        ...{ view, size, density, paths, marks, kinds, isClustered },
        paint: paintOf(box.current),
        area: pointer.draft ?? chosen,
      });
    });
    return () => cancelAnimationFrame(frame);
  }, [view, size, paths, marks, kinds, isClustered, area, pointer.draft, scheme]);

  function open(at: Point): void {
    if (view === null || size === null) return;
    const near = clusters.current.find((cluster) => {
      const { x, y } = toScreen(cluster, view, size);
      return Math.hypot(x - at.x, y - at.y) <= radiusOf(cluster.count) + 4;
    });
    if (near !== undefined && near.count > 1) setView(zoomed(view, 4, at, size));
    else {
      const vehicle = near === undefined ? nearest(marks, at, view, size) : marks.vehicles[near.first];
      if (vehicle) onOpen(vehicle.vin);
    }
  }

  const zoomBy = (factor: number) => {
    if (view !== null && size !== null)
      setView(zoomed(view, factor, { x: size.width / 2, y: size.height / 2 }, size));
  };
  const fit = () => {
    if (size !== null) setView(fitted(marks.points, size));
  };
  const chooseShown = () => {
    if (view === null || size === null) return;
    const placeOf = (point: Point) => unproject(fromScreen(point, view, size));
    onArea(rectangle(placeOf({ x: 0, y: 0 }), placeOf({ x: size.width, y: size.height })));
  };
  const move = (x: number, y: number) => () => view !== null && setView(panned(view, x * panPx, y * panPx));
  const keys: Readonly<Record<string, () => unknown>> = {
    ArrowLeft: move(1, 0),
    ArrowRight: move(-1, 0),
    ArrowUp: move(0, 1),
    ArrowDown: move(0, -1),
    '+': () => zoomBy(zoomStep),
    '=': () => zoomBy(zoomStep),
    '-': () => zoomBy(1 / zoomStep),
    '0': fit,
    Escape: pointer.cancel,
  };
  return (
    <section class="card map" aria-label="Map">
      <MapTools
        {...{ tool, setTool, fit, chooseShown }}
        hasArea={area !== null}
        onClear={() => onArea(null)}
        onIn={() => zoomBy(zoomStep)}
        onOut={() => zoomBy(1 / zoomStep)}
      />
      <div
        ref={box}
        class={`map-box ${tool}`}
        role="application"
        aria-roledescription="map"
        aria-label={`Map with ${marks.points.length} of ${vehicles.length} vehicles`}
        aria-describedby={help}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: the keys move the map
        tabIndex={0}
        onKeyDown={(event) => {
          const act = event.ctrlKey || event.metaKey || event.altKey ? undefined : keys[event.key];
          if (act === undefined) return;
          event.preventDefault();
          act();
        }}
        {...pointer.handlers}
      >
        <canvas ref={canvas} />
        {paintNames.map((name) => (
          <i key={name} hidden data-paint={name} />
        ))}
      </div>
      <p id={help} class="soft small">
        Arrow keys move the map, + and - zoom, 0 shows every vehicle. A click opens a vehicle or zooms into a
        group. Shift and drag chooses a rectangle.
      </p>
    </section>
  );
}

/** The vehicle within some pixels of a click. */
function nearest(
  { points, vehicles }: FleetMarks,
  at: Point,
  view: View,
  size: { readonly width: number; readonly height: number },
): FleetVehicle | undefined {
  let [best, least] = [-1, 12];
  for (const [index, point] of points.entries()) {
    const { x, y } = toScreen(point, view, size);
    const away = Math.hypot(x - at.x, y - at.y);
    if (away < least) [best, least] = [index, away];
  }
  return vehicles[best];
}
