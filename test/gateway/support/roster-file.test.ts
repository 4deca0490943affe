import { expect, it } from 'vitest';
import { readRoster } from '../../../gateway/support/roster-file.ts';

const ana = { name: 'ana', utcOffset: '+05:45', shifts: [{ weekdays: [1, 5], from: '09:00', to: '17:30' }] };

it('reads technicians with their shifts', () => {
  expect(readRoster('r.json', JSON.stringify([ana, { ...ana, name: 'ben', utcOffset: '-06:00' }]))).toEqual([
    { name: 'ana', utcOffsetMinutes: 345, shifts: [{ weekdays: [1, 5], fromMinute: 540, toMinute: 1_050 }] },
    { name: 'ben', utcOffsetMinutes: -360, shifts: [{ weekdays: [1, 5], fromMinute: 540, toMinute: 1_050 }] },
  ]);
});

it.each([
  ['{', /^the roster r\.json is no JSON \(.+\): correct it$/],
  ['[]', 'the roster r.json cannot be used: the list: name at least one technician'],
  [
    JSON.stringify([{ ...ana, utcOffset: 'CET' }]),
    'the roster r.json cannot be used: 0.utcOffset: write the offset from UTC such as +01:00 or -06:00',
  ],
  [
    JSON.stringify([{ ...ana, shifts: [{ weekdays: [8], from: '09:00', to: '17:00' }] }]),
    'the roster r.json cannot be used: 0.shifts.0.weekdays.0: write 1 (Monday) to 7 (Sunday)',
  ],
  [JSON.stringify([ana, ana]), 'the roster r.json names ana twice: name each technician once'],
])('refuses %s with a sentence', (text, sentence) => {
  expect(() => readRoster('r.json', text)).toThrow(sentence);
});
