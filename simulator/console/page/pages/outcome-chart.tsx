import { Foreign } from '../parts/shown.tsx';
import { clockText, words } from '../parts/text.ts';
import type { FaultView } from './fault-record.ts';
import { faultWindows, type TimeSpan } from './fault-window.ts';

interface Bucket {
  readonly from: number;
  readonly active: number;
  readonly failed: number;
}

const width = 900;
const height = 160;
const ground = 136;

/** Activations by when they ended, with the windows of faults shaded behind, also of those that have ended. */
export function OutcomeChart({
  buckets,
  until,
  faults,
}: {
  readonly buckets: readonly Bucket[];
  readonly until: number;
  readonly faults: readonly FaultView[];
}) {
  const from = buckets[0]?.from ?? until;
  const place = (at: number) => (width * (at - from)) / Math.max(1, until - from);
  const most = Math.max(1, ...buckets.map(({ active, failed }) => active + failed));
  const tall = (count: number) => ((ground - 12) * count) / most;
  const step = width / Math.max(1, buckets.length);
  const windows = faults.flatMap((fault) =>
    faultWindows(fault, { from, until }).map((span) => ({ ...span, fault })),
  );
  const total = buckets.reduce(
    (sum, one) => ({ active: sum.active + one.active, failed: sum.failed + one.failed }),
    {
      ...{ active: 0, failed: 0 },
    },
  );
  return (
    <section class="card chart" aria-labelledby="outcomes">
      <div class="head">
        <h2 id="outcomes">Activations that ended</h2>
        <span class="legend">
          <span class="key good" /> active <span class="key bad" /> failed <span class="key fault" /> fault
        </span>
      </div>
      <svg viewBox={`0 0 ${width} ${height}`} role="img" preserveAspectRatio="none">
        <title>
          {`From ${clockText(from)} to ${clockText(until)}: ${total.active} active, ${total.failed} failed` +
            (windows.length === 0
              ? ''
              : `; faults: ${[...new Set(windows.map(({ fault }) => words(fault.type)))].join(', ')}`)}
        </title>
        {windows.map((one) => (
          <rect
            key={`${one.fault.id} ${one.from}`}
            class="window"
            x={place(one.from)}
            y={0}
            width={Math.max(2, place(one.until) - place(one.from))}
            height={ground}
          >
            <title>{windowText(one, until)}</title>
          </rect>
        ))}
        {buckets.map((bucket, index) => {
          const active = tall(bucket.active);
          const failed = tall(bucket.failed);
          return (
            <g key={bucket.from}>
              <rect class="good" x={index * step + 3} y={ground - active} width={step - 6} height={active} />
              <rect
                class="bad"
                x={index * step + 3}
                y={ground - active - failed}
                width={step - 6}
                height={failed}
              />
            </g>
          );
        })}
        <line class="axis" x1={0} x2={width} y1={ground} y2={ground} />
      </svg>
      <div class="ends soft small" aria-hidden="true">
        <span>{clockText(from)}</span>
        <span>most in one bar: {most}</span>
        <span>{clockText(until)}</span>
      </div>
      <FaultTimes windows={windows} until={until} />
    </section>
  );
}

interface FaultWindow extends TimeSpan {
  readonly fault: FaultView;
}

const listedMax = 8;

/** What is shaded, in words: the newest windows. */
function FaultTimes({
  windows,
  until,
}: {
  readonly windows: readonly FaultWindow[];
  readonly until: number;
}) {
  if (windows.length === 0) return null;
  const newest = windows.toSorted((a, b) => b.from - a.from);
  return (
    <ul class="plain small" aria-label="Faults in this time">
      {newest.slice(0, listedMax).map((one) => (
        <li key={`${one.fault.id} ${one.from}`}>
          <span class="key fault" /> <Foreign text={windowText(one, until)} />
        </li>
      ))}
      {newest.length > listedMax ? <li class="soft">… and {newest.length - listedMax} more</li> : null}
    </ul>
  );
}

function windowText({ fault: { name, type, state }, from, until: end }: FaultWindow, until: number): string {
  const isRunning = end === until && state !== 'over' && state !== 'removed';
  const what = name === type ? words(type) : `${name} (${words(type)})`;
  return `${what}: ${clockText(from)} to ${isRunning ? 'now' : clockText(end)}`;
}
