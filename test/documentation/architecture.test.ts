import { expect, test } from 'vitest';
import { filesIn, foldersOf, isThere, pathsNamedIn, textOf } from './pages.ts';

const page = textOf('docs/architecture.md');
const named = pathsNamedIn(page);

test.each(['gateway/', 'simulator/', 'shared/'])('docs/architecture.md names every folder of %s', (floor) => {
  expect(foldersOf(floor).filter((folder) => !named.includes(folder))).toEqual([]);
});

test('every file and folder that docs/architecture.md names exists', () => {
  expect(named.length).toBeGreaterThan(60);
  expect(named.filter((path) => !isThere(path))).toEqual([]);
});

test('the table of ports has one row for each file of shared/ports/', () => {
  const rows = [...page.matchAll(/^\| `(shared\/ports\/[\w-]+\.ts)` \|/gm)].map(([, path]) => path);
  expect(rows).toEqual(filesIn('shared/ports/').map((name) => `shared/ports/${name}`));
});

test('the table of ports names every contract suite', () => {
  const suites = filesIn('test/contract/').filter((name) => !name.endsWith('.test.ts'));
  expect(suites.map((name) => `test/contract/${name}`).filter((path) => !named.includes(path))).toEqual([]);
});
