import { describe, expect, it } from 'vitest';
import { durations, offlineSpans } from '../../../simulator/console/page/pages/connection-spans.ts';
import {
  pointAt,
  seenMax,
  seriesMax,
  seriesOf,
  type TelemetrySample,
  valueText,
  withSeen,
} from '../../../simulator/console/page/pages/telemetry-series.ts';

const sample = (at: number, speed: number): TelemetrySample => ({ at, signals: { 'Vehicle.Speed': speed } });

describe('the course of a signal', () => {
  it('is what was kept, continued by what the page has read', () => {
    const series = seriesOf([sample(1, 10), sample(2, 30)], [sample(2, 30), sample(3, 20)]);
    expect(series).toEqual([
      {
        path: 'Vehicle.Speed',
        points: [
          { at: 1, value: 10 },
          { at: 2, value: 30 },
          { at: 3, value: 20 },
        ],
        ...{ least: 10, most: 30 },
      },
    ]);
    const [speed] = series;
    expect(speed && [pointAt(speed, -5)?.at, pointAt(speed, 2.4)?.at, pointAt(speed, 99)?.at]).toEqual([
      1, 2, 3,
    ]);
  });

  it('needs two values, and only so many signals are drawn', () => {
    expect(seriesOf([sample(1, 10)], [])).toEqual([]);
    const many = Object.fromEntries(Array.from({ length: 40 }, (_, index) => [`Vehicle.A${index}`, index]));
    const drawn = seriesOf(
      [
        { at: 1, signals: many },
        { at: 2, signals: many },
      ],
      [],
    );
    expect(drawn.length).toBe(seriesMax);
  });

  it('takes a reading once, its numbers alone and no place, and forgets the oldest', () => {
    const telemetry = {
      'Vehicle.Speed': 5,
      'Vehicle.IsMoving': true,
      'Vehicle.CurrentLocation.Latitude': 52,
    };
    const once = withSeen([], 7, telemetry);
    expect(once).toEqual([sample(7, 5)]);
    expect(withSeen(once, 7, telemetry)).toBe(once);
    expect(withSeen(once, null, {})).toBe(once);
    let seen: readonly TelemetrySample[] = [];
    for (let at = 1; at <= seenMax + 5; at += 1) seen = withSeen(seen, at, telemetry);
    expect([seen.length, seen[0]?.at]).toEqual([seenMax, 6]);
  });

  it('shows values with at most two digits after the point', () => {
    expect([1234.567, -97, 0.5].map(valueText)).toEqual(['1,234.57', '-97', '0.5']);
  });
});

describe('the connection history', () => {
  const changes = [
    { at: 90, online: false, reason: 'connection_lost' },
    { at: 60, online: true, reason: 'connected' },
    { at: 40, online: false, reason: 'disconnected' },
    { at: 10, online: true, reason: 'connected' },
  ];

  it('has how long each state lasted', () => {
    expect(durations(changes)).toEqual([null, 30, 20, 30]);
  });

  it('has the times without connection within a chart', () => {
    expect(offlineSpans(changes, { from: 0, until: 100 })).toEqual([
      { from: 40, until: 60 },
      { from: 90, until: 100 },
    ]);
    expect(offlineSpans(changes, { from: 50, until: 80 })).toEqual([{ from: 50, until: 60 }]);
    expect(offlineSpans([], { from: 0, until: 100 })).toEqual([]);
  });
});
