import type { RefObject } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import type { Kind } from '../pages/fleet-colours.ts';
import type { Area } from './area.ts';
import type { Cluster } from './clusters.ts';
import { drawMap } from './draw-map.ts';
import type { FleetMarks } from './fleet-marks.ts';
import { type Point, project, type Size, toScreen, type View } from './projection.ts';
import { paintOf, useColourScheme } from './use-canvas.ts';
import { useOutlines } from './use-outlines.ts';

interface Drawn {
  readonly view: View | null;
  readonly size: Size | null;
  readonly marks: FleetMarks;
  readonly kinds: readonly Kind[];
  readonly isClustered: boolean;
  readonly area: Area | null;
  /** The area that is being drawn, on the screen. */
  readonly draft: readonly Point[] | null;
}

/** Draws the map in the next frame after each change. Returns the groups that it shows. */
export function useMapDrawing(
  canvas: RefObject<HTMLCanvasElement | null>,
  box: RefObject<HTMLElement | null>,
  { view, size, marks, kinds, isClustered, area, draft }: Drawn,
): { readonly current: readonly Cluster[] } {
  const clusters = useRef<readonly Cluster[]>([]);
  const scheme = useColourScheme();
  const paths = useOutlines();
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
        area: draft ?? chosen,
      });
    });
    return () => cancelAnimationFrame(frame);
  }, [canvas, box, view, size, paths, marks, kinds, isClustered, area, draft, scheme]);
  return clusters;
}
