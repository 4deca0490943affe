/** A place in degrees. */
export interface Place {
  readonly longitude: number;
  readonly latitude: number;
}

/** A point of the Web Mercator plane, in which the Earth is 1 wide and 1 high, or of the screen in pixels. */
export interface Point {
  readonly x: number;
  readonly y: number;
}

export interface Size {
  readonly width: number;
  readonly height: number;
}

/** What a map shows: the point at its centre, and how many pixels the width of the Earth has. */
export interface View extends Point {
  readonly scale: number;
}

/** Web Mercator ends here, where the plane is a square. */
const latitudeMax = 85.0511287798;
/** The whole Earth on a narrow window, and a street. */
const scaleMin = 200;
const scaleMax = 40_000_000;

export function project({ longitude, latitude }: Place): Point {
  const bounded = Math.max(-latitudeMax, Math.min(latitudeMax, latitude));
  const sine = Math.sin((bounded * Math.PI) / 180);
  return {
    x: (longitude + 180) / 360,
    y: 0.5 - Math.log((1 + sine) / (1 - sine)) / (4 * Math.PI),
  };
}

export function unproject({ x, y }: Point): Place {
  return {
    longitude: x * 360 - 180,
    latitude: (Math.atan(Math.sinh(Math.PI * (1 - 2 * y))) * 180) / Math.PI,
  };
}

export function toScreen({ x, y }: Point, view: View, { width, height }: Size): Point {
  return { x: (x - view.x) * view.scale + width / 2, y: (y - view.y) * view.scale + height / 2 };
}

export function fromScreen({ x, y }: Point, view: View, { width, height }: Size): Point {
  return { x: (x - width / 2) / view.scale + view.x, y: (y - height / 2) / view.scale + view.y };
}

/** Keeps the centre on the plane and the scale within its bounds. */
function bounded({ x, y, scale }: View): View {
  return {
    x: Math.max(0, Math.min(1, x)),
    y: Math.max(0, Math.min(1, y)),
    scale: Math.max(scaleMin, Math.min(scaleMax, scale)),
  };
}

/** Moves what is shown by pixels. */
export function panned(view: View, dx: number, dy: number): View {
  return bounded({ ...view, x: view.x - dx / view.scale, y: view.y - dy / view.scale });
}

/** Magnifies by a factor; the place under a pixel stays there. */
export function zoomed(view: View, factor: number, at: Point, size: Size): View {
  const place = fromScreen(at, view, size);
  const { scale } = bounded({ ...view, scale: view.scale * factor });
  const part = view.scale / scale;
  return bounded({
    x: place.x + (view.x - place.x) * part,
    y: place.y + (view.y - place.y) * part,
    scale,
  });
}

/** The view that shows every point, with some space around; Europe where there is none. */
export function fitted(points: readonly Point[], { width, height }: Size): View {
  if (points.length === 0) return { x: 0.528, y: 0.335, scale: Math.max(width, height) * 6 };
  let [left, right, top, bottom] = [1, 0, 1, 0];
  for (const { x, y } of points) {
    left = Math.min(left, x);
    right = Math.max(right, x);
    top = Math.min(top, y);
    bottom = Math.max(bottom, y);
  }
  // About 40 km: a single vehicle is shown with its surroundings.
  const least = 0.001;
  const scale = Math.min(
    (0.84 * width) / Math.max(least, right - left),
    (0.84 * height) / Math.max(least, bottom - top),
  );
  return bounded({ x: (left + right) / 2, y: (top + bottom) / 2, scale });
}
