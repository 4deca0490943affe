import Table from 'cli-table3';
import { againText, conclusionText, footnotes, runTitle, settingsText } from './conclusion.ts';
import { factRows } from './fact-rows.ts';
import type { RunReport } from './run-report.ts';
import { uncompressedTime } from './scenario-time.ts';
import { inScenarioTime } from './shown-report.ts';
import type { Verdict } from './verdict.ts';

export interface TerminalOptions {
  /** ANSI colours: true on a terminal that does not set NO_COLOR. */
  readonly color: boolean;
}

type Paint = (text: string) => string;

/** No lines and little space: reads as well in a log as on a terminal. */
const plainTable = {
  chars: {
    top: '',
    'top-mid': '',
    'top-left': '',
    'top-right': '',
    bottom: '',
    'bottom-mid': '',
    'bottom-left': '',
    'bottom-right': '',
    left: '',
    'left-mid': '',
    mid: '',
    'mid-mid': '',
    right: '',
    'right-mid': '',
    middle: '  ',
  },
  style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
};

/** The report for people, ending in the verdict. No line has spaces at its end; there is one newline after the last. */
export function terminalReport(measured: RunReport, { color }: TerminalOptions): string {
  const report = inScenarioTime(measured);
  const paint = (code: number): Paint =>
    color ? (text) => `\u001b[${code}m${text}\u001b[0m` : (text) => text;
  const [bold, green, red, dim] = [paint(1), paint(32), paint(31), paint(2)];
  const conclusion = (one: RunReport) =>
    one.ok ? green(conclusionText(one)) : `${red(conclusionText(one))} ${againText(one)}: ${one.replay}`;
  const markOf = ({ id, ok }: Verdict, { expectedRules }: RunReport) => {
    if (ok) return green('✓');
    // Broken, and the scenario does not ask for it.
    return expectedRules.includes(id) ? red('✗') : dim('·');
  };
  const settings = settingsText(report);
  const parts = [
    `${bold(runTitle(report))}: ${report.vehicles} vehicles, ${report.purchases} purchases, ${uncompressedTime(report.tookMs)}`,
    ...(report.description === null ? [] : [report.description]),
    ...(settings === null ? [] : [dim(settings)]),
    '',
    table(factRows(report)),
    '',
    ...report.checks.flatMap((check) => [
      `${markOf(check, report)} ${String(check.id).padStart(2)}  ${check.title} ${dim(`(${check.examined} examined)`)}`,
      ...check.violations.map((violation) => `       ${red(violation)}`),
      ...more(check.violationCount - check.violations.length),
    ]),
    ...report.expectations.map(
      ({ ok, text, found }) => `${ok ? green('✓') : red('✗')}     ${text} ${dim(`(found ${found})`)}`,
    ),
    '',
    conclusion(report),
    ...footnotes(report).map(dim),
  ];
  return `${parts
    .join('\n')
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n')}\n`;
}

function more(count: number): string[] {
  return count > 0 ? [`       … and ${count} more`] : [];
}

function table(rows: readonly [string, string][]): string {
  const lines = new Table(plainTable);
  lines.push(...rows.map((row) => [...row]));
  return lines.toString();
}
