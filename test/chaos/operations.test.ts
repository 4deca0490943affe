import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { options } from '../../gateway/config.ts';

function optionsTable(): string {
  const rows = Object.values(options).map(({ flag, environment, placeholder, help, fallback }) => {
    const name = flag === 'install' ? `--${flag}` : `--${flag} <${placeholder.replaceAll('|', '\\|')}>`;
    const standard = fallback === null ? '' : `\`${String(fallback)}\``;
    return `| \`${name}\` | \`${environment}\` | ${standard} | ${help.replaceAll('|', '\\|')} |`;
  });
  return ['| flag | environment | default | what |', '|---|---|---|---|', ...rows].join('\n');
}

test('the operations page shows every option of the gateway as it is', () => {
  const page = readFileSync('docs/operations.md', 'utf8');
  const shown = page.slice(
    page.indexOf('<!-- options -->') + '<!-- options -->'.length,
    page.indexOf('<!-- /options -->'),
  );
  expect(shown.trim()).toBe(optionsTable());
});
