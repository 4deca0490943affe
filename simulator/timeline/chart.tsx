import { groupBy } from '../../shared/memory/group.ts';
import type { AttemptBar } from './bars.ts';
import { laneNames } from './event.ts';
import { type Arrow, type Layout, rowPx } from './layout.ts';
import type { Mark } from './marks.ts';

/** The drawing of a layout. It says nothing that the text below does not say, so screen readers skip it. */
export function Chart({ layout }: { readonly layout: Layout }) {
  const { width, height, leftPx, lanesTop, laneRows, laneHeight, faultsTop } = layout;
  const bottom = height - 4;
  return (
    <svg class="tl-chart" width={width} height={height} aria-hidden="true">
      {laneRows.map(({ lane, y }, index) => (
        <g key={lane}>
          <rect
            class={index % 2 === 0 ? 'tl-lane' : 'tl-lane tl-other'}
            x={0}
            y={y - laneHeight / 2}
            width={width}
            height={laneHeight}
          />
          <line class="tl-line" x1={leftPx} x2={width} y1={y} y2={y} />
        </g>
      ))}
      {layout.gaps.map((gap) => (
        <GapBand key={gap.fromPx} gap={gap} top={rowPx.axis} bottom={bottom} />
      ))}
      {layout.faults.bars.map((bar) => (
        <rect
          key={`${bar.title} ${bar.fromMs}`}
          class="tl-fault-shade"
          x={bar.fromPx}
          y={faultsTop}
          width={bar.toPx - bar.fromPx}
          height={bottom - faultsTop}
        />
      ))}
      <Faults layout={layout} />
      <Attempts layout={layout} />
      <Arrows arrows={layout.arrows} />
      <Marks layout={layout} />
      <rect class="tl-names" x={0} y={lanesTop} width={leftPx} height={bottom - lanesTop} />
      {laneRows.map(({ lane, y }) => (
        <text key={lane} class="tl-name" x={8} y={y + 4}>
          {laneNames[lane]}
        </text>
      ))}
      {layout.ticks.map(({ px, text }) => (
        <g key={px}>
          <line class="tl-tick" x1={px} x2={px} y1={18} y2={bottom} />
          <text class="tl-axis" x={px} y={13}>
            {text}
          </text>
        </g>
      ))}
    </svg>
  );
}

function GapBand(props: {
  readonly gap: Layout['gaps'][number];
  readonly top: number;
  readonly bottom: number;
}) {
  const { gap, top, bottom } = props;
  const middle = (gap.fromPx + gap.toPx) / 2;
  return (
    <g>
      <rect class="tl-gap" x={gap.fromPx} y={top} width={gap.toPx - gap.fromPx} height={bottom - top} />
      <path class="tl-break" d={`M${gap.fromPx + 3} 30 h${gap.toPx - gap.fromPx - 6}`} />
      <text class="tl-gap-text" x={middle} y={26} text-anchor="middle">
        {gap.text}
      </text>
    </g>
  );
}

function Faults({ layout }: { readonly layout: Layout }) {
  return (
    <g>
      {layout.faults.bars.map((bar) => {
        const y = layout.faultsTop + bar.row * rowPx.fault;
        const from = Math.max(bar.fromPx, layout.leftPx);
        const room = Math.floor((layout.width - from - 8) / 6.2);
        return (
          <g key={`${bar.title} ${bar.fromMs}`}>
            <rect
              class="tl-fault"
              x={bar.fromPx}
              y={y}
              width={Math.max(2, bar.toPx - bar.fromPx)}
              height={3}
            />
            <text class="tl-fault-text" x={from + 2} y={y + 14}>
              {cut(bar.title, room)}
            </text>
          </g>
        );
      })}
    </g>
  );
}

function Attempts({ layout }: { readonly layout: Layout }) {
  const { attempts, attemptsTop } = layout;
  return (
    <g>
      {attempts.bars.map((bar) => (
        <AttemptShape
          key={`${bar.activation} ${bar.from}`}
          bar={bar}
          y={attemptsTop + bar.row * rowPx.attempt}
        />
      ))}
    </g>
  );
}

function AttemptShape({ bar, y }: { readonly bar: AttemptBar; readonly y: number }) {
  const wide = bar.toPx - bar.fromPx;
  const long = `${bar.activation}${bar.activation === '' ? '' : ' '}attempt ${bar.label.split(' ').at(-1)}`;
  const text = wide >= long.length * 7 + 8 ? long : bar.label;
  return (
    <g>
      <rect
        class={`tl-attempt tl-${bar.certainty}`}
        x={bar.fromPx}
        y={y + 2}
        width={wide - 2}
        height={17}
        rx={4}
      />
      <text class="tl-attempt-text" x={bar.fromPx + wide / 2} y={y + 15} text-anchor="middle">
        {text}
      </text>
    </g>
  );
}

function Arrows({ arrows }: { readonly arrows: readonly Arrow[] }) {
  const byCertainty = groupBy(arrows, ({ certainty }) => certainty);
  return (
    <g>
      {[...byCertainty].map(([certainty, own]) => (
        <g key={certainty} class={`tl-arrow tl-${certainty}`}>
          <path class="tl-shaft" d={own.map(shaftOf).join('')} />
          <path class="tl-tip" d={own.map(tipOf).join('')} />
        </g>
      ))}
    </g>
  );
}

/** Where an arrow ends: before the mark of its receiver. */
function endOf({ fromY, toY }: Arrow) {
  const way = toY > fromY ? 1 : -1;
  return { way, tipY: toY - way * 7 };
}

function shaftOf(arrow: Arrow): string {
  const { way, tipY } = endOf(arrow);
  return `M${arrow.x} ${arrow.fromY}V${tipY - way * 5}`;
}

function tipOf(arrow: Arrow): string {
  const { way, tipY } = endOf(arrow);
  return `M${arrow.x} ${tipY}l-3.5 ${-way * 6}h7z`;
}

/** One path for all marks of a kind, so that many events are few elements; the shape depends on the result, not the colour alone. */
function Marks({ layout: { marks, laneRows } }: { readonly layout: Layout }) {
  const yOf = new Map(laneRows.map(({ lane, y }) => [lane, y]));
  const paths = new Map<string, string[]>();
  for (const mark of marks) {
    const kind = `${mark.events.length > 1 ? 'tl-mark tl-many' : 'tl-mark'} tl-${mark.certainty}`;
    const path = paths.get(kind) ?? [];
    path.push(shapeOf(mark, yOf.get(mark.lane) ?? 0));
    paths.set(kind, path);
  }
  return (
    <g>
      {/* A label that is cut ends below the next mark, and a number stands in its own. */}
      {marks.map((mark) =>
        mark.label === '' ? null : (
          <text key={mark.lead} class="tl-label" x={mark.x + mark.half + 5} y={(yOf.get(mark.lane) ?? 0) + 4}>
            {mark.label}
          </text>
        ),
      )}
      {[...paths].map(([kind, shapes]) => (
        <path key={kind} class={kind} d={shapes.join('')} />
      ))}
      {marks.map(({ lead, lane, events, x }) =>
        events.length === 1 ? null : (
          <text key={lead} class="tl-count" x={x} y={(yOf.get(lane) ?? 0) + 4} text-anchor="middle">
            {events.length}
          </text>
        ),
      )}
    </g>
  );
}

/** A rounded box for several events, a diamond for one that failed, a circle for any other. */
function shapeOf({ x, radius: r, half, certainty, events }: Mark, y: number): string {
  if (events.length > 1) {
    const wide = half * 2 - 16;
    return `M${x - half + 8} ${y - 8}h${wide}a8 8 0 0 1 0 16h${-wide}a8 8 0 0 1 0 -16z`;
  }
  if (certainty === 'failed')
    return `M${x} ${y - r - 1}l${r + 1} ${r + 1}l${-r - 1} ${r + 1}l${-r - 1} ${-r - 1}z`;
  return `M${x - r} ${y}a${r} ${r} 0 1 0 ${2 * r} 0a${r} ${r} 0 1 0 ${-2 * r} 0z`;
}

function cut(text: string, characters: number): string {
  if (text.length <= characters) return text;
  return characters < 6 ? '' : `${text.slice(0, characters - 1)}…`;
}
