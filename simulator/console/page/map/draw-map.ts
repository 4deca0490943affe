import { type Cluster, clustersOf, type Marks, radiusOf } from './clusters.ts';
import type { Outlines } from './outlines.ts';
import { type Point, type Size, toScreen, type View } from './projection.ts';
import { addShape, type Shape } from './shapes.ts';

/** Colours as the style sheet gives them now. */
export type Paint = Readonly<
  Record<
    'sea' | 'land' | 'border' | 'ink' | 'surface' | 'accent' | 'good' | 'bad' | 'unsure' | 'plain',
    string
  >
>;

export interface MarkKind {
  readonly shape: Shape;
  readonly tone: 'good' | 'bad' | 'unsure' | 'plain';
}

/** Outlines as paths of the plane, made once. */
export interface MapPaths {
  readonly land: Path2D;
  readonly borders: Path2D;
}

export interface Drawing {
  readonly view: View;
  readonly size: Size;
  /** Pixels of the screen for one of the page. */
  readonly density: number;
  readonly paths: MapPaths | null;
  readonly paint: Paint;
  readonly marks: Marks;
  readonly kinds: readonly MarkKind[];
  readonly isClustered: boolean;
  /** The chosen area, or the one that is being drawn, on the screen. */
  readonly area: readonly Point[] | null;
}

export function pathsOf({ land, borders }: Outlines): MapPaths {
  const pathOf = (lines: readonly Float64Array[], isClosed: boolean) => {
    const path = new Path2D();
    for (const line of lines) {
      path.moveTo(line[0] ?? 0, line[1] ?? 0);
      for (let index = 2; index < line.length; index += 2)
        path.lineTo(line[index] ?? 0, line[index + 1] ?? 0);
      if (isClosed) path.closePath();
    }
    return path;
  };
  return { land: pathOf(land, true), borders: pathOf(borders, false) };
}

/** Draws everything anew. Returns the clusters on the map; none where vehicles are drawn one by one. */
export function drawMap(pen: CanvasRenderingContext2D, drawing: Drawing): readonly Cluster[] {
  const { size, density, paint, isClustered } = drawing;
  pen.setTransform(density, 0, 0, density, 0, 0);
  pen.fillStyle = paint.sea;
  pen.fillRect(0, 0, size.width, size.height);
  drawOutlines(pen, drawing);
  pen.setTransform(density, 0, 0, density, 0, 0);
  const clusters = isClustered ? clustersOf(drawing.marks, drawing.view.scale, drawing.kinds.length) : [];
  drawArea(pen, drawing);
  drawPoints(pen, drawing, 0);
  if (isClustered) for (const cluster of clusters) drawCluster(pen, drawing, cluster);
  else drawPoints(pen, drawing, 1);
  return clusters;
}

function drawOutlines(pen: CanvasRenderingContext2D, { view, size, density, paths, paint }: Drawing): void {
  if (paths === null) return;
  const scale = view.scale * density;
  pen.setTransform(
    scale,
    0,
    0,
    scale,
    density * (size.width / 2 - view.x * view.scale),
    density * (size.height / 2 - view.y * view.scale),
  );
  pen.fillStyle = paint.land;
  pen.fill(paths.land);
  pen.strokeStyle = paint.border;
  pen.lineJoin = 'round';
  pen.lineWidth = 1 / view.scale;
  pen.stroke(paths.land);
  pen.stroke(paths.borders);
}

/** Vehicles that the area leaves out are small and pale. */
function drawPoints(
  pen: CanvasRenderingContext2D,
  { view, size, paint, marks, kinds }: Drawing,
  isChosen: 0 | 1,
): void {
  const { xs, ys, kinds: kindOf, isChosen: chosen } = marks;
  const radius = (xs.length > 2_000 ? 3.2 : 4.6) * (isChosen === 1 ? 1 : 0.6);
  pen.globalAlpha = isChosen === 1 ? 1 : 0.35;
  for (const [kind, { shape, tone }] of kinds.entries()) {
    pen.beginPath();
    for (let index = 0; index < xs.length; index += 1) {
      if (kindOf[index] !== kind || chosen[index] !== isChosen) continue;
      const { x, y } = toScreen({ x: xs[index] ?? 0, y: ys[index] ?? 0 }, view, size);
      if (x > -9 && y > -9 && x < size.width + 9 && y < size.height + 9) addShape(pen, shape, x, y, radius);
    }
    pen.lineWidth = 1.4;
    pen.strokeStyle = paint.surface;
    pen.stroke();
    pen.fillStyle = paint[tone];
    pen.fill();
  }
  pen.globalAlpha = 1;
}

/** A disc with the number, within a ring that is divided by kind. */
function drawCluster(
  pen: CanvasRenderingContext2D,
  { view, size, paint, marks, kinds }: Drawing,
  cluster: Cluster,
): void {
  const { x, y } = toScreen(cluster, view, size);
  const radius = radiusOf(cluster.count);
  if (x < -radius || y < -radius || x > size.width + radius || y > size.height + radius) return;
  if (cluster.count === 1) {
    const kind = kinds[marks.kinds[cluster.first] ?? 0];
    if (kind === undefined) return;
    pen.beginPath();
    addShape(pen, kind.shape, x, y, 6);
    pen.lineWidth = 1.6;
    pen.strokeStyle = paint.surface;
    pen.stroke();
    pen.fillStyle = paint[kind.tone];
    pen.fill();
    return;
  }
  pen.beginPath();
  pen.arc(x, y, radius + 4.5, 0, 2 * Math.PI);
  pen.fillStyle = paint.surface;
  pen.fill();
  let from = -Math.PI / 2;
  for (const [kind, count] of cluster.counts.entries()) {
    if (count === 0) continue;
    const until = from + (2 * Math.PI * count) / cluster.count;
    pen.beginPath();
    pen.arc(x, y, radius + 1.5, from, until);
    pen.lineWidth = 4;
    pen.strokeStyle = paint[kinds[kind]?.tone ?? 'plain'];
    pen.stroke();
    from = until;
  }
  pen.fillStyle = paint.ink;
  pen.font = `600 ${cluster.count > 999 ? 11 : 12}px system-ui, sans-serif`;
  pen.textAlign = 'center';
  pen.textBaseline = 'middle';
  pen.fillText(String(cluster.count), x, y + 0.5);
}

function drawArea(pen: CanvasRenderingContext2D, { area, paint }: Drawing): void {
  if (area === null || area.length < 2) return;
  pen.beginPath();
  for (const { x, y } of area) pen.lineTo(x, y);
  pen.closePath();
  pen.globalAlpha = 0.12;
  pen.fillStyle = paint.accent;
  pen.fill();
  pen.globalAlpha = 1;
  pen.lineWidth = 2;
  pen.setLineDash([6, 4]);
  pen.strokeStyle = paint.accent;
  pen.stroke();
  pen.setLineDash([]);
}
