import { html, type Markup } from '../../../shared/html/markup.ts';
import type { RunReport } from '../run-report.ts';
import { uncompressedTime } from '../scenario-time.ts';
import { drawing, frame } from './chart-frame.ts';
import { scale } from './scale.ts';

const binCount = 24;
/** Most windows in a chart; a fault that repeats every second has more. */
const lanesMax = 12;
const laneHeight = 18;

/** How many activations took how long to become active. */
export function waitsChart({ activations, timeToActiveMs: { p50, p95, longest } }: RunReport): Markup | null {
  if (p50 === null || p95 === null || longest === null) return null;
  const waits = activations.flatMap(({ outcome, tookMs }) =>
    (outcome === 'active' || outcome === 'payment_failed') && tookMs !== null ? [tookMs] : [],
  );
  const binMs = Math.max(1, longest / binCount);
  const bins = Array.from({ length: binCount }, () => 0);
  for (const wait of waits) {
    const bin = Math.min(binCount - 1, Math.floor(wait / binMs));
    bins[bin] = (bins[bin] ?? 0) + 1;
  }
  const { x, y, bottom, height, axes } = frame({ x: longest, y: Math.max(...bins), xIsTime: true });
  const bars = bins.map((count, index) => {
    if (count === 0) return null;
    const [from, to] = [x(index * binMs), x((index + 1) * binMs)];
    return html`<rect class="active" x="${from}" y="${y(count)}" width="${rounded(to - from - 1)}" height="${rounded(bottom - y(count))}"/>`;
  });
  const markers = [
    { name: 'p50', at: p50 },
    { name: 'p95', at: p95 },
  ].map(
    ({ name, at }, index) =>
      html`<line class="marker" x1="${x(at)}" x2="${x(at)}" y1="12" y2="${bottom}"/><text x="${x(at) + 4}" y="${22 + index * 14}">${name} ${uncompressedTime(at)}</text>`,
  );
  return drawing(
    'waits',
    'Time to active',
    `${waits.length} activations became active: half of them within ${uncompressedTime(p50)}, 95 of 100 within ${uncompressedTime(p95)}, the slowest after ${uncompressedTime(longest)}.`,
    height,
    [axes, ...bars, ...markers],
  );
}

/** How many were asked for, became active and failed up to each moment, with the windows of the faults behind them. */
export function courseChart(report: RunReport): Markup {
  const { activations, schedules, tookMs } = report;
  const lanes = schedules.services.slice(0, lanesMax);
  const hasAway = schedules.away.length > 0;
  const belowHeight = (lanes.length + (hasAway ? 2 : 0)) * laneHeight;
  const { x, y, bottom, height, axes } = frame({
    x: tookMs,
    y: activations.length,
    xIsTime: true,
    plotHeight: 220,
    belowHeight,
  });
  const ended = (outcome: string) =>
    activations.flatMap((line) =>
      line.outcome === outcome && line.tookMs !== null ? [line.atMs + line.tookMs] : [],
    );
  const curve = (name: string, moments: readonly number[]) => {
    const sorted = moments.toSorted((a, b) => a - b);
    const steps = sorted.map((at, index) => `H${x(at)}V${y(index + 1)}`).join('');
    return html`<path class="line ${name}" d="M${x(0)} ${y(0)}${steps}H${x(tookMs)}"/>`;
  };
  const laneTop = bottom + 30;
  const shades = lanes.map(({ fromMs, toMs, name, where }, index) => {
    const [from, to] = [x(fromMs), x(Math.min(toMs, tookMs))];
    const yLane = laneTop + index * laneHeight;
    const wide = rounded(Math.max(1, to - from));
    const words = { x: Math.min(from + 4, 460), text: `${where}: ${name}` };
    return html`<rect class="shade" x="${from}" y="12" width="${wide}" height="${bottom - 12}"/><rect class="lane" x="${from}" y="${yLane}" width="${wide}" height="${laneHeight - 4}"/><text x="${words.x}" y="${yLane + 11}">${words.text}</text>`;
  });
  const away = hasAway ? awayLane(report, x, laneTop + lanes.length * laneHeight) : null;
  return drawing(
    'course',
    'Activations over time',
    `${activations.length} asked for, ${ended('active').length} active and ${ended('failed').length} failed at the end, after ${uncompressedTime(tookMs)}. ${schedules.services.length} windows of service faults are shaded.`,
    height,
    [
      ...shades,
      away,
      axes,
      curve(
        'asked',
        activations.map(({ atMs }) => atMs),
      ),
      curve('active', ended('active')),
      curve('failed', ended('failed')),
    ],
  );
}

/** How many vehicles are away on purpose, as an area on a line of its own. */
function awayLane(
  { schedules: { away }, tookMs }: RunReport,
  x: (at: number) => number,
  top: number,
): Markup {
  const most = Math.max(...away.map(({ vehicles }) => vehicles));
  const bottom = top + 2 * laneHeight - 6;
  const y = scale([0, Math.max(1, most)], [bottom, top + 2]);
  const steps = away.map(({ atMs, vehicles }) => `H${x(atMs)}V${y(vehicles)}`).join('');
  return html`<path class="away" d="M${x(0)} ${bottom}${steps}H${x(tookMs)}V${bottom}Z"/><text x="${x(0) + 4}" y="${top + 14}">vehicles away, at most ${most}</text>`;
}

function rounded(value: number): number {
  return Math.round(value * 10) / 10;
}
