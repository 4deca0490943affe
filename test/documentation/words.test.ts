import { describe, expect, test } from 'vitest';
import { filesIn, textOf } from './pages.ts';
import { type ReadText, textsOfPage, textsOfSource } from './texts.ts';
import { allowedPlaces, plainWords } from './words.ts';

const isSource = (path: string) => /\.tsx?$/.test(path) && path !== 'test/documentation/words.ts';
const sourcesIn = (folder: string) =>
  filesIn(folder)
    .map((name) => `${folder}${name}`)
    .filter(isSource);

const isAllowed = ({ file, text }: ReadText): boolean =>
  allowedPlaces.some(
    (place) =>
      place.file === file &&
      (typeof place.text === 'string' ? text.includes(place.text) : place.text.test(text)),
  );

/** Returns a sentence for each word of these texts that has a plain one: file, line, word, what to write. */
const faultsOf = (texts: readonly ReadText[]): string[] =>
  texts.flatMap((read) =>
    isAllowed(read)
      ? []
      : plainWords.flatMap(({ word, instead, reason }) => {
          const found = word.exec(read.text)?.[0];
          return found === undefined
            ? []
            : [`${read.file}:${read.line}: "${found}": write ${instead} (${reason})`];
        }),
  );

describe('plain words', () => {
  test.each(['gateway/', 'shared/', 'simulator/', 'test/'])(
    'comments and texts of %s have no word of the list',
    (folder) => {
      expect(sourcesIn(folder).flatMap((file) => faultsOf(textsOfSource(file)))).toEqual([]);
    },
  );

  test('pages have no word of the list', () => {
    const pages = filesIn('docs/').filter((name) => name.endsWith('.md'));
    const files = ['README.md', 'CONTRIBUTING.md', ...pages.map((name) => `docs/${name}`)];
    expect(files.flatMap((file) => faultsOf(textsOfPage(file)))).toEqual([]);
  });

  test('the description of the package has no word of the list', () => {
    const { description } = JSON.parse(textOf('package.json')) as { readonly description: string };
    expect(faultsOf(textsOfPage('package.json', description))).toEqual([]);
  });

  test('a planted word is reported with file, line, word and what to write instead', () => {
    const source = [
      '/**',
      ' * Returns the amount.',
      ' * Nobody pays twice.',
      ' */',
      "const help = 'port that is told to the customer';",
      '// `nobody` in code is a name',
    ].join('\n');
    expect(faultsOf(textsOfSource('gateway/planted.ts', source))).toEqual([
      'gateway/planted.ts:3: "Nobody": write "no customer", "no process", "no operator" … (a sentence names who acts)',
      'gateway/planted.ts:5: "is told": write "is notified", "receives", "gets an error" (a sentence names who acts)',
    ]);
    expect(
      faultsOf(textsOfSource('test/planted.test.ts', "test.each([1])('gives the news', () => undefined);")),
    ).toEqual([
      'test/planted.test.ts:1: "news": write "notification", "event" (one word for one thing: the term of the field)',
    ]);
    expect(faultsOf(textsOfPage('docs/planted.md', '# A page\n\n```\nnobody\n```\n\nIt goes on.'))).toEqual([
      'docs/planted.md:7: "goes on": write "continue", "resume" (one word for one thing: the term of the field)',
    ]);
  });

  test('every allowed place still has its text', () => {
    const stale = allowedPlaces.filter(
      ({ file, text }) =>
        !(file.endsWith('.md') ? textsOfPage(file) : textsOfSource(file)).some((read) =>
          typeof text === 'string' ? read.text.includes(text) : text.test(read.text),
        ),
    );
    expect(stale).toEqual([]);
  });
});
