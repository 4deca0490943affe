import { html, type Markup } from '../../../shared/html/markup.ts';
import type { RunReport } from '../run-report.ts';
import { drawing, frame } from './chart-frame.ts';

/** How many activations took how many attempts. */
export function retriesChart({ attempts }: RunReport): Markup | null {
  const entries = Object.entries(attempts).map(([number, count]) => ({ number: Number(number), count }));
  if (entries.length === 0) return null;
  const most = Math.max(...entries.map(({ number }) => number));
  const { x, y, bottom, height, axes } = frame({
    x: most + 1,
    y: Math.max(...entries.map(({ count }) => count)),
    xIsTime: false,
  });
  const wide = Math.round(Math.min(60, (x(1) - x(0)) * 0.8));
  const bars = Array.from({ length: most + 1 }, (_, number) => {
    const count = attempts[number] ?? 0;
    const middle = Math.round(x(number + 0.5));
    return html`<rect class="asked" x="${middle - wide / 2}" y="${y(count)}" width="${wide}" height="${Math.round((bottom - y(count)) * 10) / 10}"/><text x="${middle}" y="${y(count) - 4}" text-anchor="middle">${count === 0 ? '' : count}</text><text x="${middle}" y="${bottom + 18}" text-anchor="middle">${number}</text>`;
  });
  const words = entries.map(({ number, count }) => `${count} took ${number}`).join(', ');
  return drawing(
    'retries',
    'Attempts per activation',
    `Of the activations whose payment was confirmed, by attempts: ${words}.`,
    height,
    [axes, ...bars],
  );
}
