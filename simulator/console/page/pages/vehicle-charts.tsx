import { useState } from 'preact/hooks';
import { Foreign } from '../parts/shown.tsx';
import { clockText, spanText } from '../parts/text.ts';
import { type ConnectionChange, offlineSpans, type Span } from './connection-spans.ts';
import { pointAt, type Series, valueText } from './telemetry-series.ts';

const width = 320;
const height = 84;
/** Pixels above and below a line. */
const edge = 6;

/** The course of each signal of a vehicle, on one time axis, with the times without connection shaded behind. */
export function TelemetryCharts({
  series,
  connections,
}: {
  readonly series: readonly Series[];
  readonly connections: readonly ConnectionChange[];
}) {
  const [pointedAt, setPointedAt] = useState<number | null>(null);
  if (series.length === 0)
    return <p class="soft empty">No chart yet: it needs two reports of the vehicle, a minute apart.</p>;
  const from = Math.min(...series.map(({ points }) => points[0]?.at ?? Number.POSITIVE_INFINITY));
  const until = Math.max(...series.map(({ points }) => points.at(-1)?.at ?? 0));
  const span = { from, until };
  const offline = offlineSpans(connections, span);
  return (
    <>
      <p class="soft small">
        From {clockText(from)} to {clockText(until)} ({spanText(until - from)})
        {offline.length === 0 ? null : (
          <>
            {' '}
            <span class="key fault" /> without connection
          </>
        )}
      </p>
      <div class="signals">
        {series.map((one) => (
          <SignalChart
            key={one.path}
            series={one}
            span={span}
            offline={offline}
            pointedAt={pointedAt}
            onPoint={setPointedAt}
          />
        ))}
      </div>
    </>
  );
}

function SignalChart({
  series,
  span,
  offline,
  pointedAt,
  onPoint,
}: {
  readonly series: Series;
  readonly span: Span;
  readonly offline: readonly Span[];
  readonly pointedAt: number | null;
  readonly onPoint: (at: number | null) => void;
}) {
  const { path, points, least, most } = series;
  const x = (at: number) => (width * (at - span.from)) / Math.max(1, span.until - span.from);
  // A line that is always the same runs through the middle.
  const y = (value: number) =>
    most === least ? height / 2 : height - edge - ((height - 2 * edge) * (value - least)) / (most - least);
  const last = points.at(-1);
  const shown = pointedAt === null ? last : pointAt(series, pointedAt);
  const line = points.map(({ at, value }) => `${x(at).toFixed(1)} ${y(value).toFixed(1)}`).join('L');
  return (
    <figure class="card signal">
      <figcaption>
        <span class="name">
          <Foreign text={path.replace(/^Vehicle\./, '')} />
        </span>
        <strong>{shown === undefined ? '–' : valueText(shown.value)}</strong>
      </figcaption>
      <svg
        viewBox={`0 0 ${width} ${height}`}
        role="img"
        preserveAspectRatio="none"
        onPointerMove={(event) => {
          const box = event.currentTarget.getBoundingClientRect();
          const part = (event.clientX - box.left) / Math.max(1, box.width);
          onPoint(span.from + part * (span.until - span.from));
        }}
        onPointerLeave={() => onPoint(null)}
      >
        <title>
          {`${path}: ${points.length} values, from ${valueText(least)} to ${valueText(most)}, last ${
            last === undefined ? '' : valueText(last.value)
          }`}
        </title>
        {offline.map((one) => (
          <rect
            key={one.from}
            class="window"
            x={x(one.from)}
            y={0}
            width={Math.max(1, x(one.until) - x(one.from))}
            height={height}
          />
        ))}
        <path class="line" d={`M${line}`} />
        {pointedAt === null || shown === undefined ? null : (
          <line class="pointer" x1={x(shown.at)} x2={x(shown.at)} y1={0} y2={height} />
        )}
      </svg>
      <div class="ends soft small" aria-hidden="true">
        <span>lowest {valueText(least)}</span>
        <span>{shown === undefined || pointedAt === null ? '' : clockText(shown.at)}</span>
        <span>highest {valueText(most)}</span>
      </div>
    </figure>
  );
}
