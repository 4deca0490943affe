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
      {layout.arrows.map((arrow) => (
        <ArrowLine key={arrow.id} arrow={arrow} />
      ))}
      {layout.marks.map((mark) => (
        <MarkShape
          key={mark.events[0]?.id}
          mark={mark}
          y={laneRows.find(({ lane }) => lane === mark.lane)?.y ?? 0}
        />
      ))}
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

function ArrowLine({ arrow: { x, fromY, toY, certainty } }: { readonly arrow: Arrow }) {
  const way = toY > fromY ? 1 : -1;
  const tip = toY - way * 7;
  return (
    <g class={`tl-arrow tl-${certainty}`}>
      <line x1={x} x2={x} y1={fromY} y2={tip - way * 5} />
      <path d={`M${x} ${tip} l-3.5 ${-way * 6} h7 z`} />
    </g>
  );
}

/** A shape by result, so that nothing depends on colour alone. */
function MarkShape({ mark, y }: { readonly mark: Mark; readonly y: number }) {
  const { x, radius: r, half, certainty, events, label } = mark;
  const kind = `tl-mark tl-${certainty}`;
  return (
    <g class="tl-event" data-event={events[0]?.id} data-lead={mark.lead}>
      {events.length > 1 ? (
        <>
          <rect class={kind} x={x - half} y={y - 8} width={half * 2} height={16} rx={8} />
          <text class="tl-count" x={x} y={y + 4} text-anchor="middle">
            {events.length}
          </text>
        </>
      ) : certainty === 'failed' ? (
        <path
          class={kind}
          d={`M${x} ${y - r - 1} l${r + 1} ${r + 1} l${-r - 1} ${r + 1} l${-r - 1} ${-r - 1} z`}
        />
      ) : (
        <circle class={kind} cx={x} cy={y} r={r} />
      )}
      {label === '' ? null : (
        <text class="tl-label" x={x + half + 5} y={y + 4}>
          {label}
        </text>
      )}
    </g>
  );
}

function cut(text: string, characters: number): string {
  if (text.length <= characters) return text;
  return characters < 6 ? '' : `${text.slice(0, characters - 1)}…`;
}
