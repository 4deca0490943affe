import { useSignal } from '@preact/signals';
import { useLayoutEffect, useRef } from 'preact/hooks';
import { instantText } from './duration.ts';
import type { TimelineEvent } from './event.ts';
import { rowOfKey, rowsWith, scrollOf, shownRows } from './rows.ts';
import { placeText, saidText } from './text.ts';

/** Up to so many events are all drawn, so that the browser's search finds each. */
const drawnMax = 200;

interface Props {
  readonly events: readonly TimelineEvent[];
  readonly selected: string | null;
  readonly onChoose: (id: string) => void;
}

/**
 * Events as rows of text in a box that scrolls. Of many, the rows that are seen are drawn, each with its place among all; the arrow
 * keys, Home, End and the page keys lead to every one.
 */
export function EventRows({ events, selected, onChoose }: Props) {
  const box = useRef<HTMLOListElement>(null);
  const top = useSignal(0);
  const size = useSignal({ height: 416, row: 34 });
  /** The row that the tabulator key leads to. */
  const current = useSignal(0);
  const hasMoved = useRef(false);
  const total = events.length;
  const isWindowed = total > drawnMax;
  const at = Math.min(current.value, total - 1);
  useLayoutEffect(() => {
    const list = box.current;
    const row = list?.querySelector<HTMLElement>('[aria-posinset]')?.offsetHeight ?? 0;
    if (list !== null && row > 0) size.value = { height: list.clientHeight, row };
  }, [size, isWindowed]);
  useLayoutEffect(() => {
    if (!hasMoved.current) return;
    hasMoved.current = false;
    box.current
      ?.querySelector<HTMLElement>(`[aria-posinset="${at + 1}"] button`)
      ?.focus({ preventScroll: isWindowed });
  });
  const { height, row: rowPx } = size.value;
  const indices = isWindowed
    ? rowsWith(shownRows(total, top.value, height, rowPx), at)
    : events.map((_, index) => index);
  const onKeyDown = (event: KeyboardEvent) => {
    const page = Math.max(1, Math.floor(height / rowPx) - 1);
    const target = rowOfKey(event.key, at, total, page);
    if (target === null) return;
    event.preventDefault();
    hasMoved.current = true;
    current.value = target;
    const list = box.current;
    if (isWindowed && list !== null) list.scrollTop = scrollOf(target, list.scrollTop, height, rowPx);
  };
  return (
    <ol
      ref={box}
      class={isWindowed ? 'tl-rows tl-windowed' : 'tl-rows'}
      onKeyDown={onKeyDown}
      onScroll={(event) => {
        top.value = event.currentTarget.scrollTop;
      }}
    >
      {isWindowed ? <li class="tl-room" aria-hidden="true" style={{ height: `${total * rowPx}px` }} /> : null}
      {indices.map((index) => {
        const event = events[index];
        if (event === undefined) return null;
        return (
          <Row
            key={event.id}
            {...{ event, index, total }}
            topPx={isWindowed ? index * rowPx : null}
            isCurrent={index === at}
            isSelected={event.id === selected}
            onChoose={() => {
              current.value = index;
              onChoose(event.id);
            }}
          />
        );
      })}
    </ol>
  );
}

function Row({
  event,
  index,
  total,
  topPx,
  isCurrent,
  isSelected,
  onChoose,
}: {
  readonly event: TimelineEvent;
  readonly index: number;
  readonly total: number;
  /** Null where every row is drawn. */
  readonly topPx: number | null;
  readonly isCurrent: boolean;
  readonly isSelected: boolean;
  readonly onChoose: () => void;
}) {
  return (
    <li
      aria-setsize={total}
      aria-posinset={index + 1}
      {...(topPx === null ? {} : { style: { top: `${topPx}px` } })}
    >
      <button
        type="button"
        tabIndex={isCurrent ? 0 : -1}
        aria-current={isSelected ? 'true' : undefined}
        onClick={onChoose}
      >
        <time>{instantText(event.atMs)}</time> <b>{placeText(event)}</b> <span>{saidText(event)}</span>
      </button>
    </li>
  );
}
