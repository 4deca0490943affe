import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { options } from '../../gateway/config.ts';
import { addresses } from '../../simulator/cli/addresses.ts';

type Words = Readonly<
  Record<'flag' | 'environment' | 'placeholder' | 'help', string> & { fallback: unknown }
>;

function tableOf(words: readonly Words[]): string {
  const rows = words.map(({ flag, environment, placeholder, help, fallback }) => {
    const name = flag === 'install' ? `--${flag}` : `--${flag} <${placeholder.replaceAll('|', '\\|')}>`;
    const isNone = fallback === null || String(fallback) === '';
    const standard = isNone ? '' : `\`${String(fallback)}\``;
    return `| \`${name}\` | \`${environment}\` | ${standard} | ${help.replaceAll('|', '\\|')} |`;
  });
  return ['| flag | environment | default | what |', '|---|---|---|---|', ...rows].join('\n');
}

test.each([
  ['options', 'option of the gateway', options],
  ['addresses', 'address that a command asks', addresses],
])('the operations page shows as <%s> every %s as it is', (mark, _, table) => {
  const page = readFileSync('docs/operations.md', 'utf8');
  const [begin, end] = [`<!-- ${mark} -->`, `<!-- /${mark} -->`];
  const shown = page.slice(page.indexOf(begin) + begin.length, page.indexOf(end));
  expect(shown.trim()).toBe(tableOf(Object.values(table)));
});
