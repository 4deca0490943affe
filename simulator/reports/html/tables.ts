import { type Content, html, type Markup } from '../../../shared/html/markup.ts';
import type { ActivationCourse } from '../activation-course.ts';
import { namedFacts } from '../fact-rows.ts';
import type { RunReport } from '../run-report.ts';
import { uncompressedTime } from '../scenario-time.ts';

interface Column {
  readonly name: string;
  readonly isNumber?: boolean;
}

/** A table that scrolls by itself in a narrow window. The first cell of a row is its heading. */
function table(
  caption: string,
  columns: readonly Column[],
  rows: readonly (readonly Content[])[],
  isWide = false,
): Markup {
  const cell = (content: Content, index: number) => {
    const kind = columns[index]?.isNumber ? ' class="number"' : '';
    return index === 0
      ? html`<th scope="row">${content}</th>`
      : kind === ''
        ? html`<td>${content}</td>`
        : html`<td class="number">${content}</td>`;
  };
  return html`<div class="${isWide ? 'scroll wide' : 'scroll'}" role="region" aria-label="${caption}" tabindex="0">
<table>
<caption>${caption}</caption>
<thead><tr>${columns.map(({ name, isNumber }) => (isNumber ? html`<th scope="col" class="number">${name}</th>` : html`<th scope="col">${name}</th>`))}</tr></thead>
<tbody>
${rows.map((row) => html`<tr>${row.map(cell)}</tr>`)}
</tbody>
</table>
</div>`;
}

function mark(isOk: boolean, isExpected = true): Markup {
  if (isOk) return html`<span class="good">✓ holds</span>`;
  return isExpected
    ? html`<span class="bad">✗ broken</span>`
    : html`<span class="soft">✗ broken, not expected to hold</span>`;
}

export function rulesTable({ checks, expectedRules }: RunReport): Markup {
  return table(
    'Rules',
    [{ name: 'Rule' }, { name: 'Verdict' }, { name: 'Examined', isNumber: true }],
    checks.map((check) => [
      html`${check.id}. ${check.title}${violationList(check)}`,
      mark(check.ok, expectedRules.includes(check.id)),
      check.examined,
    ]),
  );
}

function violationList({ violations, violationCount }: RunReport['checks'][number]): Markup | null {
  if (violationCount === 0) return null;
  const more = violationCount - violations.length;
  return html`<ul class="plain">${violations.map((text) => html`<li>${text}</li>`)}${more > 0 ? html`<li>and ${more} more</li>` : null}</ul>`;
}

export function expectationsTable({ expectations }: RunReport): Markup | null {
  if (expectations.length === 0) return null;
  return table(
    'What the scenario expects',
    [{ name: 'Expectation' }, { name: 'Verdict' }, { name: 'Found' }],
    expectations.map(({ text, ok, found }) => [text, mark(ok), found]),
  );
}

export function factsTable(report: RunReport): Markup {
  return table(
    'The run in figures',
    [{ name: 'What' }, { name: 'Figure' }],
    namedFacts(report).map(([name, value]) => [name, value]),
  );
}

export function faultsTable({ schedules }: RunReport): Markup | null {
  const rows = [
    ...schedules.services.map(({ where, name, type, toxicity, fromMs, toMs }) => [
      `${where}: ${name}`,
      type.replaceAll('_', ' '),
      `${Math.round(toxicity * 1_000) / 10} % of requests`,
      `${uncompressedTime(fromMs)} to ${uncompressedTime(toMs)}`,
    ]),
    ...schedules.vehicles.map(({ type, vehicles, window }) => [
      'vehicles',
      type.replaceAll('_', ' '),
      `${vehicles} vehicles`,
      window === null
        ? 'by the command'
        : `${uncompressedTime(window.fromMs)} to ${window.toMs === null ? 'the end' : uncompressedTime(window.toMs)}`,
    ]),
  ];
  if (rows.length === 0) return null;
  return table(
    'Fault schedule',
    [{ name: 'Where' }, { name: 'Fault' }, { name: 'Meets' }, { name: 'When' }],
    rows,
  );
}

/** Most rows of a page; the JSON has all. */
const rowsMax = 500;

export function activationsTable({ activations }: RunReport): Markup {
  const more = activations.length - rowsMax;
  return table(
    more > 0 ? `The first ${rowsMax} of ${activations.length} purchases` : 'All purchases',
    [
      { name: 'Purchase' },
      { name: 'Vehicle' },
      { name: 'Service' },
      { name: 'Outcome' },
      { name: 'Attempts', isNumber: true },
      { name: 'At', isNumber: true },
      { name: 'Took', isNumber: true },
    ],
    activations
      .slice(0, rowsMax)
      .map(({ purchase, vin, model, service, outcome, attempts, atMs, tookMs, failure }) => [
        purchase,
        html`${vin}<br><span class="soft">${model}</span>`,
        service,
        failure === null
          ? outcome.replaceAll('_', ' ')
          : html`${outcome}<br><span class="soft">${failure}</span>`,
        attempts,
        uncompressedTime(atMs),
        tookMs === null ? '–' : uncompressedTime(tookMs),
      ]),
    true,
  );
}

/** One activation, folded up. */
export function courseDetails(course: ActivationCourse, { activations }: RunReport): Markup {
  const line = activations.find(({ purchase }) => purchase === course.purchase);
  const took = line?.tookMs == null ? '' : ` after ${uncompressedTime(line.tookMs)}`;
  const title = `${course.purchase} ${line?.outcome ?? ''}${took}, ${line?.attempts === 1 ? '1 attempt' : `${line?.attempts ?? 0} attempts`}`;
  return html`<details>
<summary>${title}</summary>
${table(
  `${course.purchase}: ${course.activation}${course.traceId === null ? '' : `, trace ${course.traceId}`}`,
  [{ name: 'When' }, { name: 'Where' }, { name: 'What' }],
  course.entries.map(({ atMs, where, what }) => [`${(atMs / 1_000).toFixed(3)} s`, where, what]),
)}
</details>`;
}
