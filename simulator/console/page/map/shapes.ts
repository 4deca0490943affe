/** Marks differ by shape as well as by colour. */
export type Shape = 'circle' | 'triangle' | 'diamond';

/** Corners of a shape around its centre for a radius of 1; a circle has none. */
const corners: Readonly<Record<Exclude<Shape, 'circle'>, readonly (readonly [number, number])[]>> = {
  triangle: [
    [0, -1.25],
    [1.15, 0.85],
    [-1.15, 0.85],
  ],
  diamond: [
    [0, -1.25],
    [1.25, 0],
    [0, 1.25],
    [-1.25, 0],
  ],
};

interface Pen {
  moveTo(x: number, y: number): void;
  lineTo(x: number, y: number): void;
  arc(x: number, y: number, radius: number, from: number, to: number): void;
  closePath(): void;
}

/** Adds a shape to a path. */
export function addShape(pen: Pen, shape: Shape, x: number, y: number, radius: number): void {
  if (shape === 'circle') {
    pen.moveTo(x + radius, y);
    pen.arc(x, y, radius, 0, 2 * Math.PI);
    return;
  }
  for (const [index, [dx, dy]] of corners[shape].entries()) {
    if (index === 0) pen.moveTo(x + dx * radius, y + dy * radius);
    else pen.lineTo(x + dx * radius, y + dy * radius);
  }
  pen.closePath();
}

/** The shape as the content of an SVG path, for a legend of 12 by 12 pixels. */
export function shapePath(shape: Shape): string {
  if (shape === 'circle') return 'M10.5 6a4.5 4.5 0 1 1-9 0a4.5 4.5 0 1 1 9 0z';
  return `M${corners[shape].map(([dx, dy]) => `${6 + 4.2 * dx} ${6 + 4.2 * dy}`).join('L')}z`;
}
