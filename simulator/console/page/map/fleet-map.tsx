import { useId, useMemo, useRef, useState } from 'preact/hooks';
import type { Kind } from '../pages/fleet-colours.ts';
import type { FleetVehicle } from '../pages/fleet-vehicle.ts';
import type { Area } from './area.ts';
import { type Cluster, radiusOf } from './clusters.ts';
import { type FleetMarks, marksOf } from './fleet-marks.ts';
import { MapTools } from './map-tools.tsx';
import { type Point, toScreen, type View, zoomed } from './projection.ts';
import { paintNames, useSize } from './use-canvas.ts';
import { useMapDrawing } from './use-map-drawing.ts';
import { type Tool, useMapPointer } from './use-map-pointer.ts';
import { useMapView, zoomStep } from './use-map-view.ts';

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
  const size = useSize(box);
  const help = useId();
  const [tool, setTool] = useState<Tool>('move');
  const marks = useMemo(() => marksOf(vehicles, kindOf, area), [vehicles, kindOf, area]);
  const { view, setView, zoomBy, fit, shownArea, keys } = useMapView(size, marks, area);
  const pointer = useMapPointer({
    ...{ view, size, tool, onView: setView },
    onArea(drawn) {
      onArea(drawn);
      setTool('move');
    },
    onClick(at) {
      if (view === null || size === null) return;
      const hit = hitAt(at, { clusters: clusters.current, marks, view, size });
      if (hit === 'group') setView(zoomed(view, 4, at, size));
      else if (hit) onOpen(hit.vin);
    },
  });
  const clusters = useMapDrawing(canvas, box, {
    ...{ view, size, marks, kinds, isClustered, area, draft: pointer.draft },
  });
  const chooseShown = () => {
    const shown = shownArea();
    if (shown !== null) onArea(shown);
  };
  const allKeys: Readonly<Record<string, () => unknown>> = { ...keys, Escape: pointer.cancel };
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
          const act = event.ctrlKey || event.metaKey || event.altKey ? undefined : allKeys[event.key];
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

interface Shown {
  readonly clusters: readonly Cluster[];
  readonly marks: FleetMarks;
  readonly view: View;
  readonly size: { readonly width: number; readonly height: number };
}

/** What a click meets. */
function hitAt(at: Point, { clusters, marks, view, size }: Shown): FleetVehicle | 'group' | undefined {
  const near = clusters.find((cluster) => {
    const { x, y } = toScreen(cluster, view, size);
    return Math.hypot(x - at.x, y - at.y) <= radiusOf(cluster.count) + 4;
  });
  if (near === undefined) return nearest(marks, at, view, size);
  return near.count > 1 ? 'group' : marks.vehicles[near.first];
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
