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
  expect(docs.filter((path) => path !== 'docs/README.md' && !linked.includes(path))).toEqual([]);
});
