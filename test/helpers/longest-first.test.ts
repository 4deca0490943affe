import { existsSync } from 'node:fs';
import { expect, test } from 'vitest';
import { longest, longestFirst } from './longest-first.ts';

test('the longest test files run first, those of the project fast last, and others keep their order', () => {
  const file = (name: string, moduleId: string) => ({ moduleId: `/clone/${moduleId}`, project: { name } });
  const [first = '', second = ''] = longest;
  const files = [
    file('fast', 'test/shared/protocol/vin.test.ts'),
    file('live', 'test/e2e/payments.live.test.ts'),
    file('live', second),
    file('live', first),
    file('long', 'test/e2e/verify.test.ts'),
  ];
  expect(longestFirst(files)).toEqual([3, 2, 1, 4, 0].map((index) => files[index]));
});

test('every file that is said to be long exists, once', () => {
  expect(longest.filter((file) => !existsSync(file))).toEqual([]);
  expect(new Set(longest).size).toBe(longest.length);
});
