import { expect, test } from 'vitest';
import { everyPage } from '../../simulator/cli/pages.ts';

/** An API that has so many numbers in pages of a hundred, and refuses a page from this place on. */
function numbers(count: number, refusesFrom = Number.POSITIVE_INFINITY) {
  const asked: string[] = [];
  return {
    asked,
    async get(path: string) {
      asked.push(path);
      const from = Number(/cursor=(\d+)$/.exec(path)?.[1] ?? 0);
      if (from >= refusesFrom) return { status: 503, body: null, text: '', headers: new Headers() };
      const rows = Array.from({ length: Math.min(100, count - from) }, (_, index) => from + index);
      return {
        status: 200,
        body: { rows, next: from + 100 < count ? String(from + 100) : null },
        text: '',
        headers: new Headers(),
      };
    },
  };
}

test('every page of a list is read, each once', async () => {
  const api = numbers(250);
  const { rows, refusal } = await everyPage<number>(api, '/list', 'rows');
  expect([rows.length, rows[0], rows.at(-1), refusal]).toEqual([250, 0, 249, null]);
  expect(api.asked).toEqual(['/list?limit=100', '/list?limit=100&cursor=100', '/list?limit=100&cursor=200']);
});

test('a refused page ends the list, and the refusal is reported', async () => {
  const { rows, refusal } = await everyPage<number>(numbers(250, 100), '/list', 'rows');
  expect([rows.length, refusal?.status]).toEqual([100, 503]);
});

test('a list without an end is read to 5,000', async () => {
  const { rows } = await everyPage<number>(numbers(1_000_000), '/list', 'rows');
  expect(rows.length).toBe(5_000);
});
