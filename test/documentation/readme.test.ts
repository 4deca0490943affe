import { expect, test } from 'vitest';
import { foldersOf, isThere, textOf } from './pages.ts';

const readme = textOf('README.md');

test('README.md begins with the two commands', () => {
  expect(readme.split('\n').slice(0, 6)).toEqual([
    '# Fleetwake',
    '',
    '```sh',
    'npm ci && npm start     # the main job: a fleet, purchases, a bad day, and a verdict on every rule',
    'npm ci && npm test      # all tests',
    '```',
  ]);
});

test('README.md says how long the installation takes, with a prebuilt better-sqlite3 and where it is compiled', () => {
  const text = readme.replaceAll(/\s+/g, ' ');
  expect(text).toContain('`npm ci` takes about a minute');
  expect(text).toContain('with `python3`, `make` and a C++ compiler, which takes three to four minutes');
});

test('"Where things are" of README.md names every folder of the three floors, and nothing else', () => {
  const [, listing = ''] = /## Where things are\n\n```\n([\s\S]*?)```/.exec(readme) ?? [];
  const floors = ['gateway/', 'simulator/', 'shared/'];
  let floor = '';
  const named = listing.split('\n').flatMap((line) => {
    const [, first = ''] = /^(\w+\/) /.exec(line) ?? [];
    floor = first || floor;
    // Paths stand in the first column, which ends at two spaces.
    const [column = ''] = line.slice(first.length).trim().split(/ {2,}/);
    return floors.includes(floor)
      ? [...column.matchAll(/[\w-]+(?:\/|\.ts)/g)].map(([path]) => floor + path)
      : [];
  });
  const folders = floors.flatMap(foldersOf);
  expect(folders.filter((path) => !named.includes(path))).toEqual([]);
  expect(named.filter((path) => !isThere(path))).toEqual([]);
});
