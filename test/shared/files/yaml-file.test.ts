import { expect, test } from 'vitest';
import { readYaml } from '../../../shared/files/yaml-file.ts';
import { readPolicy } from '../../../simulator/check/own-policy.ts';
import { fieldsOfSet } from '../../../simulator/cli/set-option.ts';

const mistakesIn = (text: string) => {
  const reading = readYaml(text, 'my.yaml');
  return reading.ok ? [] : reading.mistakes;
};

test('a VIN of digits is refused as it is written, with the advice to quote it', () => {
  expect(mistakesIn('target:\n  vins: [12345678901234567, 12345678E90123456]\n')).toEqual([
    'my.yaml:2:10: target.vins[0] is 12345678901234567, which YAML reads as the number 12345678901234568; write it in quotes',
    'my.yaml:2:29: target.vins[1] is 12345678E90123456, which YAML reads as the number Infinity; write it in quotes',
  ]);
});

test.each([
  [
    'a number with a leading zero',
    'count: 010',
    'my.yaml:1:8: count is 010, which YAML reads as the number 10; write it in quotes, or without the zero',
  ],
  ['a merge key', '<<: { a: 1 }', 'my.yaml:1:1: << is <<, a merge key of YAML 1.1; write the fields out'],
])('%s is refused as it is written', (_, text, sentence) => {
  expect(mistakesIn(text)).toEqual([sentence]);
});

test('what is in quotes, and what a number holds, is taken as it is written', () => {
  const reading = readYaml(`a: "12345678901234567"\nb: '010'\nc: 1_000\nd: 0\ne: -0.5\nf: 1e3\n`, 'my.yaml');
  expect(reading.ok && reading.file.value).toEqual({
    a: '12345678901234567',
    b: '010',
    c: '1_000',
    d: 0,
    e: -0.5,
    f: 1000,
  });
});

test('the retry policy of a team is read by the same rules', () => {
  expect(readPolicy('policy.yaml', 'maxRetries: 010')).toEqual({
    ok: false,
    mistakes: [
      'policy.yaml:1:13: maxRetries is 010, which YAML reads as the number 10; write it in quotes, or without the zero',
    ],
  });
});

test('--set keeps a VIN of digits as a text', () => {
  expect(fieldsOfSet(['a=12345678901234567', 'b=12345678E90123456', 'c=12', 'd=1.5'])).toEqual({
    a: '12345678901234567',
    b: '12345678E90123456',
    c: 12,
    d: 1.5,
  });
});
