import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { instantText, lengthText } from '../../../simulator/timeline/duration.ts';
import { attemptsOf, type TimelineEvent } from '../../../simulator/timeline/event.ts';
import { type LayoutOptions, layoutOf, prepared } from '../../../simulator/timeline/layout.ts';
import { timeScale } from '../../../simulator/timeline/scale.ts';
import { someEvents } from './arbitrary-timeline.ts';

const someWidth = fc.integer({ min: 340, max: 1_600 });
const options = (width: number): LayoutOptions => ({ width, leftPx: 96, laneHeight: 36 });
const timelineOf = (events: readonly TimelineEvent[]) => prepared({ title: 't', events, faults: [] });

function event(atMs: number, more: Partial<TimelineEvent> = {}): TimelineEvent {
  return {
    ...{ id: `at ${atMs} ${more.lane ?? ''}`, atMs, lane: 'engine', title: `at ${atMs}` },
    ...{ certainty: 'neutral', importance: 1 },
    ...more,
  };
}

describe('time scale', () => {
  it('keeps the order of instants beside compressed gaps', () => {
    fc.assert(
      fc.property(someEvents, someWidth, (events, width) => {
        const instants = events.map(({ atMs }) => atMs);
        const scale = timeScale(instants, { fromPx: 0, toPx: width });
        const places = instants.map(scale.px);
        for (const [index, place] of places.entries()) {
          expect(place).toBeGreaterThanOrEqual(places[index - 1] ?? 0);
          expect(place).toBeLessThanOrEqual(width + 1e-6);
        }
      }),
    );
  });

  it('has segments whose lengths add up to the real time, each beginning where the one before ends', () => {
    fc.assert(
      fc.property(someEvents, someWidth, (events, width) => {
        const instants = events.map(({ atMs }) => atMs);
        const { segments, fromMs, toMs } = timeScale(instants, { fromPx: 0, toPx: width });
        expect(segments.reduce((sum, one) => sum + one.toMs - one.fromMs, 0)).toBe(toMs - fromMs);
        for (const [index, segment] of segments.entries()) {
          const before = segments[index - 1];
          expect([segment.fromMs, segment.fromPx]).toEqual([before?.toMs ?? fromMs, before?.toPx ?? 0]);
        }
        if (segments.length > 0) expect(segments.at(-1)?.toPx).toBeCloseTo(width, 3);
      }),
    );
  });

  it('finds the instant of a place again', () => {
    const scale = timeScale([0, 10, 20, 300_020, 300_040], { fromPx: 0, toPx: 600 });
    for (const ms of [0, 7, 20, 150_000, 300_020, 300_033]) expect(scale.ms(scale.px(ms))).toBeCloseTo(ms, 3);
  });

  it('compresses a gap of five minutes between two bursts to its fixed width', () => {
    const { segments } = timeScale([0, 20, 300_020, 300_040], { fromPx: 0, toPx: 656, gapPx: [56, 40] });
    expect(segments).toEqual([
      { fromMs: 0, toMs: 20, fromPx: 0, toPx: 300, isGap: false },
      { fromMs: 20, toMs: 300_020, fromPx: 300, toPx: 356, isGap: true },
      { fromMs: 300_020, toMs: 300_040, fromPx: 356, toPx: 656, isGap: false },
    ]);
  });

  it('puts a single instant into the middle', () => {
    expect(timeScale([5], { fromPx: 100, toPx: 300 }).px(5)).toBe(200);
  });
});

describe('marks', () => {
  it('shows every event in exactly one mark, in the order of time, and no two marks of a lane overlap', () => {
    fc.assert(
      fc.property(someEvents, someWidth, (events, width) => {
        const { marks, events: shown } = layoutOf(timelineOf(events), options(width));
        expect(shown).toHaveLength(events.length);
        const drawn = marks.flatMap((mark) => mark.events.map(({ id }) => id));
        expect(drawn.toSorted()).toEqual(events.map(({ id }) => id).toSorted());
        for (const [index, mark] of marks.entries()) {
          const before = marks[index - 1];
          expect(mark.events.every(({ lane }) => lane === mark.lane)).toBe(true);
          if (before?.lane !== mark.lane) continue;
          expect(before.x + before.half).toBeLessThan(mark.x - mark.half);
          expect(before.events.at(-1)?.atMs).toBeLessThanOrEqual(mark.events[0]?.atMs ?? 0);
        }
      }),
    );
  });

  it('shows what is worst and what is most important of the events that it stands for', () => {
    const events = [event(0), event(0, { id: 'bad', certainty: 'failed', importance: 3 }), event(900_000)];
    const { marks } = layoutOf(timelineOf(events), options(800));
    expect(
      marks.map(({ certainty, importance, events: own }) => [own.length, certainty, importance]),
    ).toEqual([
      [2, 'failed', 3],
      [1, 'neutral', 1],
    ]);
    expect(marks[0]?.label).toBe('at 0');
  });
});

describe('layout', () => {
  it('gives the same output for the same input', () => {
    fc.assert(
      fc.property(someEvents, someWidth, (events, width) => {
        const once = layoutOf(timelineOf(events), options(width));
        const again = layoutOf(timelineOf(structuredClone(events)), options(width));
        expect(JSON.stringify(again)).toBe(JSON.stringify(once));
      }),
    );
  });

  it('shows only the events of the range and of the chosen activation, with those of none', () => {
    const events = [
      event(0, { activation: 'A1' }),
      event(10, { activation: 'A2' }),
      event(20),
      event(30, { activation: 'A1' }),
    ];
    const shown = (more: Partial<LayoutOptions>) =>
      layoutOf(timelineOf(events), { ...options(800), ...more }).events.map(({ atMs }) => atMs);
    expect(shown({ fromMs: 10, toMs: 20 })).toEqual([10, 20]);
    expect(shown({ activation: 'A1' })).toEqual([0, 20, 30]);
  });

  it('writes the length of each gap that it compresses', () => {
    const { gaps } = layoutOf(
      timelineOf([0, 5, 300_005, 300_010, 4_000_000].map((at) => event(at))),
      options(900),
    );
    expect(gaps.map(({ text }) => text)).toEqual(['5 min', '1 h 1 min']);
  });

  it('has no tick whose text would leave the drawing', () => {
    fc.assert(
      fc.property(someEvents, someWidth, (events, width) => {
        const places = layoutOf(timelineOf(events), options(width)).ticks.slice(1);
        for (const { px } of places) expect(px).toBeLessThanOrEqual(width - 16 - 42);
      }),
    );
  });

  it('draws overlapping messages once, and leaves out routine ones where there are too many', () => {
    const message = { lane: 'engine', toLane: 'api_iot' } as const;
    const twice = layoutOf(timelineOf([event(0, message), event(0, { ...message, id: 'b' })]), options(800));
    expect([twice.arrows.length, twice.arrowsHidden]).toEqual([1, 0]);
    const many = Array.from({ length: 3_000 }, (_, index) =>
      event(index, { ...message, id: `m${index}`, importance: index % 50 === 0 ? 3 : 1 }),
    );
    const { arrows, arrowsHidden } = layoutOf(timelineOf(many), options(1_600));
    expect([arrows.length, arrowsHidden]).toEqual([60, 2_940]);
  });
});

describe('attempts', () => {
  it('last from their first to their last event, and end as their last result says', () => {
    const of = (attempt: number) => ({ activation: 'A1', attempt });
    const events = [
      event(0, of(1)),
      event(5, { ...of(1), certainty: 'failed' }),
      event(6, of(1)),
      event(9, of(2)),
      event(12, { ...of(2), certainty: 'unknown' }),
      event(15, { ...of(2), certainty: 'succeeded' }),
      event(20, of(3)),
    ];
    expect(attemptsOf(events)).toEqual([
      { activation: 'A1', attempt: 1, fromMs: 0, toMs: 6, certainty: 'failed' },
      { activation: 'A1', attempt: 2, fromMs: 9, toMs: 15, certainty: 'succeeded' },
      { activation: 'A1', attempt: 3, fromMs: 20, toMs: 20, certainty: 'unknown' },
    ]);
  });

  it('are bars with their numbers, one row an activation, joined where there is no room for each', () => {
    const of = (activation: string, attempt: number) => ({ activation, attempt });
    const events = [
      event(0, of('A1', 1)),
      event(100, { ...of('A1', 1), id: 'end', certainty: 'failed' }),
      event(500, of('A1', 2)),
      event(500, { ...of('A1', 3), id: 'third' }),
      event(90, of('A2', 1)),
      event(1_000),
    ];
    const { attempts } = layoutOf(timelineOf(events), options(1_128));
    expect(attempts.bars.map(({ row, activation, label }) => [row, activation, label])).toEqual([
      [0, 'A1', 'A1 1'],
      [0, 'A1', '2–3'],
      [1, 'A2', 'A2 1'],
    ]);
    expect([attempts.rowCount, attempts.hidden]).toEqual([2, 0]);
  });

  it('say how many have no row', () => {
    const events = Array.from({ length: 9 }, (_, index) =>
      event(0, { id: `e${index}`, activation: `A${index}`, attempt: 1 }),
    );
    const { rowCount, hidden } = layoutOf(timelineOf(events), options(800)).attempts;
    expect([rowCount, hidden]).toEqual([6, 3]);
  });
});

describe('faults', () => {
  it('reach to the end of the visible time where they have no end', () => {
    const timeline = prepared({
      title: 't',
      events: [event(0), event(100)],
      faults: [
        { title: 'API IoT answers 503', fromMs: 50, toMs: null },
        { title: 'NATS is down', fromMs: 200, toMs: 300 },
      ],
    });
    const { faults, scale } = layoutOf(timeline, options(800));
    expect(faults.bars.map(({ title, toPx }) => [title, toPx])).toEqual([
      ['API IoT answers 503', scale.px(100)],
    ]);
  });
});

describe('texts of time', () => {
  it('name a length in its two largest units', () => {
    const lengths = [0, 40, 1_250, 12_340, 59_999, 60_000, 303_000, 18_180_000, 90_000_000];
    expect(lengths.map(lengthText)).toEqual([
      ...['0 ms', '40 ms', '1.25 s', '12.3 s', '60 s', '1 min', '5 min 3 s', '5 h 3 min', '1 d 1 h'],
    ]);
  });

  it('name an instant by the time since the beginning', () => {
    expect([0, 5, 303_000, 7_390_500, -9_990].map(instantText)).toEqual([
      ...['+0:00.000', '+0:00.005', '+5:03.000', '+2:03:10.500', '-0:09.990'],
    ]);
  });
});
