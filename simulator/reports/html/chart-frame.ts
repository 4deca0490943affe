import { type Content, html, type Markup } from '../../../shared/html/markup.ts';
import { uncompressedTime } from '../scenario-time.ts';
import { countTicks, scale, ticks } from './scale.ts';

/** The drawing's own units; the page scales it to its width. */
export const width = 720;
const left = 48;
const right = 28;
const top = 12;

export interface Frame {
  readonly x: (value: number) => number;
  readonly y: (value: number) => number;
  /** The line on which bars stand. */
  readonly bottom: number;
  readonly height: number;
  /** Axes with their words. */
  readonly axes: Markup;
}

/** Axes for counts over values from 0. Below the plot, `belowHeight` is left free. */
export function frame(most: {
  readonly x: number;
  readonly y: number;
  readonly xIsTime: boolean;
  readonly plotHeight?: number;
  readonly belowHeight?: number;
}): Frame {
  const { plotHeight = 180, belowHeight = 0 } = most;
  const xTicks = most.xIsTime ? ticks(most.x) : [];
  const yTicks = countTicks(most.y);
  const bottom = top + plotHeight;
  const x = scale([0, xTicks.at(-1) ?? most.x], [left, width - right]);
  const y = scale([0, yTicks.at(-1) ?? 1], [bottom, top]);
  const axes = html`<g class="axis">
${yTicks.map(
  (tick) =>
    html`<line x1="${left}" x2="${width - right}" y1="${y(tick)}" y2="${y(tick)}"/><text x="${left - 8}" y="${y(tick) + 4}" text-anchor="end">${tick}</text>`,
)}
${xTicks.map((tick) => html`<text x="${x(tick)}" y="${bottom + 18}" text-anchor="middle">${uncompressedTime(tick)}</text>`)}
</g>`;
  return { x, y, bottom, height: bottom + 28 + belowHeight, axes };
}

/** A drawing that says in words what it shows. It scrolls in a narrow window, so that its text stays readable. */
export function drawing(
  id: string,
  title: string,
  description: string,
  height: number,
  content: Content,
): Markup {
  return html`<div class="scroll" role="region" aria-label="${title}" tabindex="0">
<svg viewBox="0 0 ${width} ${height}" role="img" aria-labelledby="${id}-title ${id}-text">
<title id="${id}-title">${title}</title>
<desc id="${id}-text">${description}</desc>
${content}
</svg>
</div>`;
}
