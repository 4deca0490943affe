import { existsSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import type { VehicleEventType } from '../../../gateway/activation/event.ts';
import { failureCategories } from '../../../gateway/activation/failure.ts';
import { phases } from '../../../gateway/activation/phase.ts';
import { openSteps, settlementStatuses } from '../../../gateway/activation/settlement.ts';
import { table } from '../../../gateway/activation/transition.ts';
import { systemicCauses } from '../../../gateway/store/systemic-causes.ts';

const root = new URL('../../../', import.meta.url);
const page = readFileSync(new URL('docs/activation-spec.md', root), 'utf8');

/** The part between a heading `## N.` and the next. */
function section(number: number): string {
  const [, rest = ''] = page.split(`\n## ${number}. `);
  return rest.split('\n## ')[0] ?? '';
}

/** The first cells of a text's table rows, as far as they are code. */
function namesIn(text: string): string[] {
  return [...text.matchAll(/^\| (`.*?`(?:, `.*?`)*) \|/gm)].flatMap(([, cell = '']) =>
    cell.split(', ').map((name) => name.replaceAll('`', '')),
  );
}

const names = (number: number) => namesIn(section(number));

const shown: Readonly<Record<string, string>> = { stale: '-', never: 'never' };

/** Events down, phases across. */
function tableOfCode(): string {
  const row = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  const events = Object.keys(table.active) as VehicleEventType[];
  return [
    row(['event', ...phases.map((phase) => `\`${phase}\``)]),
    row(['---', ...phases.map(() => '---')]),
    ...events.map((event) =>
      row([
        `\`${event}\``,
        ...phases.map((phase) => shown[table[phase][event].name] ?? `\`${table[phase][event].name}\``),
      ]),
    ),
  ].join('\n');
}

test("the page's table is the code's", () => {
  const [, rest = ''] = page.split(
    '<!-- table: compared with the code by test/gateway/activation/spec.test.ts -->\n',
  );
  expect(rest.split('\n<!-- end of table -->')[0]).toBe(tableOfCode());
});

test('the page lists every phase, event, money status, failure category and systemic cause, and no other', () => {
  expect(names(3)).toEqual([...phases]);
  expect(names(5)).toEqual(Object.keys(table.active));
  expect(names(7).toSorted(byText)).toEqual(settlementStatuses.toSorted(byText));
  const [categories = '', causes = ''] = section(9).split('\n### Systemic causes\n');
  expect(namesIn(categories)).toEqual([...failureCategories]);
  expect(namesIn(causes)).toEqual([...systemicCauses]);
});

test('the page names the open step of every money status', () => {
  const rows = [...section(7).matchAll(/^\| (`.*?`(?:, `.*?`)*) \| (\S+) \|/gm)];
  const steps = rows.flatMap(([, statuses = '', step = '']) =>
    statuses.split(', ').map((status) => [status.replaceAll('`', ''), step === '-' ? null : step]),
  );
  expect(Object.fromEntries(steps)).toEqual(openSteps);
});

test('every file that the page names is there', () => {
  const paths = [
    ...page.matchAll(/`([\w./-]+\.(?:ts|cjs)|[\w-]+\/[\w-]+\/)`|\]\((decisions\/[\w-]+\.md)\)/g),
  ].map(([, path, decision]) => decision ?? path ?? '');
  const folders = ['', 'gateway/activation/', 'test/gateway/activation/', 'docs/'];
  expect(paths.length).toBeGreaterThan(20);
  expect(paths.filter((path) => !folders.some((folder) => existsSync(new URL(folder + path, root))))).toEqual(
    [],
  );
});

function byText(one: string, other: string): number {
  return one < other ? -1 : 1;
}
