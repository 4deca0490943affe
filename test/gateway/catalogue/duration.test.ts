import { expect, it } from 'vitest';
import { endOf } from '../../../gateway/catalogue/duration.ts';
import type { Duration } from '../../../gateway/catalogue/service.ts';

const months = (count: number): Duration => ({ unit: 'months', count });

/** The days on which a row of renewals ends, each begun where the one before ended. */
function ends(from: string, duration: Duration, times: number): string[] {
  const anchorAt = Date.parse(from);
  const days: string[] = [];
  for (let at = anchorAt; days.length < times; ) {
    at = endOf(duration, at, anchorAt) ?? Number.NaN;
    days.push(new Date(at).toISOString().slice(0, 10));
  }
  return days;
}

it('keeps the day of the month on which monthly renewals began', () => {
  expect(ends('2027-01-31T09:00:00Z', months(1), 5)).toEqual([
    '2027-02-28',
    '2027-03-31',
    '2027-04-30',
    '2027-05-31',
    '2027-06-30',
  ]);
  expect(ends('2027-01-30T09:00:00Z', months(1), 3)).toEqual(['2027-02-28', '2027-03-30', '2027-04-30']);
});

it('ends a year from a leap day on 28 February, and on the leap day again when there is one', () => {
  expect(ends('2028-02-29T09:00:00Z', months(12), 4)).toEqual([
    '2029-02-28',
    '2030-02-28',
    '2031-02-28',
    '2032-02-29',
  ]);
});

it('counts from the day itself where the month was long enough for it', () => {
  const [anchorAt, from] = [Date.parse('2027-01-31T00:00:00Z'), Date.parse('2027-02-10T00:00:00Z')];
  expect(endOf(months(1), from, anchorAt)).toBe(Date.parse('2027-03-10T00:00:00Z'));
});

it('counts days of 24 hours, over the end of daylight time too', () => {
  const from = Date.parse('2027-10-30T12:00:00+02:00');
  expect(endOf({ unit: 'days', count: 2 }, from)).toBe(Date.parse('2027-11-01T11:00:00+01:00'));
});
