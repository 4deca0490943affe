import { describe, expect, it } from 'vitest';
import {
  alwaysOnDuty,
  isOnDuty,
  nextShiftChange,
  onDuty,
  type Technician,
} from '../../../gateway/support/roster.ts';

const at = (text: string) => Date.parse(text);
const weekdays = [1, 2, 3, 4, 5];
const office = { weekdays, fromMinute: 9 * 60, toMinute: 17 * 60 };
const madrid: Technician = { name: 'ana', utcOffsetMinutes: 60, shifts: [office] };
const mexico: Technician = { name: 'ben', utcOffsetMinutes: -360, shifts: [office] };
const kathmandu: Technician = { name: 'cleo', utcOffsetMinutes: 345, shifts: [office] };
const night: Technician = {
  name: 'dora',
  utcOffsetMinutes: 0,
  shifts: [{ weekdays: [7], fromMinute: 22 * 60, toMinute: 6 * 60 }],
};

describe('a shift', () => {
  // 2027-01-18 is a Monday.
  it.each([
    ['2027-01-18T07:59:59.999Z', false],
    ['2027-01-18T08:00:00.000Z', true],
    ['2027-01-18T15:59:59.999Z', true],
    ['2027-01-18T16:00:00.000Z', false],
    ['2027-01-17T12:00:00.000Z', false],
  ])("is kept in the technician's own time: Madrid at %s is %s", (text, expected) => {
    expect(isOnDuty(madrid, at(text))).toBe(expected);
  });

  it.each([
    ['2027-01-18T03:14:59.999Z', []],
    ['2027-01-18T03:15:00.000Z', ['cleo']],
    ['2027-01-18T09:00:00.000Z', ['ana', 'cleo']],
    ['2027-01-18T15:30:00.000Z', ['ana', 'ben']],
    ['2027-01-18T22:59:59.999Z', ['ben']],
    ['2027-01-18T23:00:00.000Z', []],
    // Friday evening in Mexico is Friday night in UTC: still a weekday there.
    ['2027-01-22T22:30:00.000Z', ['ben']],
  ])('follows the sun: at %s these are on duty: %j', (text, expected) => {
    expect(onDuty([madrid, mexico, kathmandu], at(text))).toEqual(expected);
  });

  it.each([
    ['2027-01-17T21:59:59.999Z', false],
    ['2027-01-17T22:00:00.000Z', true],
    // Past midnight and past the end of the week.
    ['2027-01-18T05:59:59.999Z', true],
    ['2027-01-18T06:00:00.000Z', false],
  ])('belongs to the day on which it begins: the night of Sunday at %s is %s', (text, expected) => {
    expect(isOnDuty(night, at(text))).toBe(expected);
  });
});

describe('the next change', () => {
  it('is the first start or end of a shift', () => {
    const roster = [madrid, mexico, kathmandu];
    const seen: string[] = [];
    let now = at('2027-01-22T00:00:00.000Z');
    for (let count = 0; count < 7; count += 1) {
      now = nextShiftChange(roster, now) ?? 0;
      seen.push(new Date(now).toISOString());
    }
    expect(seen).toEqual([
      '2027-01-22T03:15:00.000Z',
      '2027-01-22T08:00:00.000Z',
      '2027-01-22T11:15:00.000Z',
      '2027-01-22T15:00:00.000Z',
      '2027-01-22T16:00:00.000Z',
      '2027-01-22T23:00:00.000Z',
      '2027-01-25T03:15:00.000Z',
    ]);
  });

  it('never comes if all technicians are always on duty, or none is', () => {
    expect(nextShiftChange(alwaysOnDuty(['ana']), 0)).toBe(null);
    expect(nextShiftChange([], 0)).toBe(null);
    expect(onDuty(alwaysOnDuty(['ana', 'ben']), 123)).toEqual(['ana', 'ben']);
  });
});
