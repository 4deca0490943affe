import { statSync } from 'node:fs';
import { expect, test } from 'vitest';
import { anchorsOf, filesIn, isThere, linksOf } from './pages.ts';

const docs = filesIn('docs/').map((name) => `docs/${name}`);
const pages = ['README.md', 'CONTRIBUTING.md', ...docs.filter((path) => path.endsWith('.md'))];

test.each(pages)('every link of %s leads to a file, and to a heading of it', (page) => {
  const broken = linksOf(page).filter(
    ({ path, anchor }) => !isThere(path) || (anchor !== null && !anchorsOf(path).includes(anchor)),
  );
  expect(broken).toEqual([]);
});

test('docs/README.md links every page of docs/', () => {
  const linked = linksOf('docs/README.md').map(({ path }) => path);
  const others = docs.filter((path) => path !== 'docs/README.md' && !path.endsWith('.png'));
  expect(others.filter((path) => !linked.includes(path))).toEqual([]);
});

test('the README shows every picture of docs/, each of less than 200 KB', () => {
  const pictures = docs.filter((path) => path.endsWith('.png'));
  expect(pictures).toEqual(['docs/console.png']);
  const linked = linksOf('README.md').map(({ path }) => path);
  expect(pictures.filter((path) => !linked.includes(path))).toEqual([]);
  for (const path of pictures) expect(statSync(path).size).toBeLessThan(200 * 1_024);
});
