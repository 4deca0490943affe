import { useRef, useState } from 'preact/hooks';
import { type Area, rectangle, thinned } from './area.ts';
import { fromScreen, type Point, panned, type Size, unproject, type View, zoomed } from './projection.ts';

/** What dragging does: it moves the map, or draws an area. */
export type Tool = 'move' | 'rectangle' | 'free';

interface Drag {
  readonly start: Point;
  readonly last: Point;
  readonly isMoved: boolean;
  readonly tool: Tool;
  readonly line: readonly Point[];
}

interface MapPointer {
  /** The area that is being drawn, on the screen. */
  readonly draft: readonly Point[] | null;
  cancel(): void;
  readonly handlers: {
    onPointerDown(event: PointerEvent): void;
    onPointerMove(event: PointerEvent): void;
    onPointerUp(event: PointerEvent): void;
    onPointerCancel(): void;
    onWheel(event: WheelEvent): void;
  };
}

/** A pointer that moves by no more pixels has clicked. */
const clickPx = 4;

/** Moves the map and draws areas with mouse, pen or finger. */
export function useMapPointer(options: {
  readonly view: View | null;
  readonly size: Size | null;
  readonly tool: Tool;
  readonly onView: (view: View) => void;
  readonly onArea: (area: Area) => void;
  readonly onClick: (at: Point) => void;
}): MapPointer {
  const { view, size, tool, onView, onArea, onClick } = options;
  const drag = useRef<Drag | null>(null);
  const [draft, setDraft] = useState<readonly Point[] | null>(null);
  const cancel = () => {
    drag.current = null;
    setDraft(null);
  };
  return {
    draft,
    cancel,
    handlers: {
      onPointerDown(event) {
        if (event.button !== 0 || !(event.currentTarget instanceof HTMLElement)) return;
        event.currentTarget.setPointerCapture(event.pointerId);
        const at = pointOf(event);
        const chosen = event.shiftKey ? 'rectangle' : tool;
        drag.current = { start: at, last: at, isMoved: false, tool: chosen, line: [at] };
      },
      onPointerMove(event) {
        const current = drag.current;
        if (current === null || view === null) return;
        const at = pointOf(event);
        const isMoved =
          current.isMoved || Math.hypot(at.x - current.start.x, at.y - current.start.y) > clickPx;
        const line = current.tool === 'free' ? [...current.line, at] : current.line;
        drag.current = { ...current, last: at, isMoved, line };
        if (!isMoved) return;
        if (current.tool === 'move') onView(panned(view, at.x - current.last.x, at.y - current.last.y));
        else setDraft(current.tool === 'free' ? line : corners(current.start, at));
      },
      onPointerUp(event) {
        const current = drag.current;
        cancel();
        if (current === null || view === null || size === null) return;
        const placeOf = (point: Point) => unproject(fromScreen(point, view, size));
        if (!current.isMoved) onClick(pointOf(event));
        else if (current.tool === 'rectangle')
          onArea(rectangle(placeOf(current.start), placeOf(pointOf(event))));
        else if (current.tool === 'free') {
          const area = thinned(current.line.map(placeOf));
          if (area !== null) onArea(area);
        }
      },
      onPointerCancel: cancel,
      onWheel(event) {
        // Without a modifier or the focus, the wheel scrolls the page past the map.
        const isMeant = event.ctrlKey || document.activeElement === event.currentTarget;
        if (!isMeant || view === null || size === null) return;
        event.preventDefault();
        onView(zoomed(view, Math.exp(-event.deltaY / 400), pointOf(event), size));
      },
    },
  };
}

function pointOf({ offsetX: x, offsetY: y }: MouseEvent): Point {
  return { x, y };
}

function corners(one: Point, other: Point): Point[] {
  return [one, { x: other.x, y: one.y }, other, { x: one.x, y: other.y }];
}
