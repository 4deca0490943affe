import Table from 'cli-table3';
import type { RunReport } from './report.ts';
import { money } from './verdict.ts';

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
export function terminalReport(report: RunReport, { color }: TerminalOptions): string {
  const paint = (code: number): Paint =>
    color ? (text) => `\u001b[${code}m${text}\u001b[0m` : (text) => text;
  const [bold, green, red, dim] = [paint(1), paint(32), paint(31), paint(2)];
  const parts = [
    `${bold(`Scenario ${report.scenario}, seed ${report.seed}`)}: ${report.vehicles} vehicles, ${report.purchases} purchases, ${seconds(report.tookMs)}`,
    dim(compression(report)),
    '',
    table(facts(report)),
    '',
    ...report.checks.flatMap((check) => [
      `${check.ok ? green('✓') : red('✗')} ${String(check.id).padStart(2)}  ${check.title} ${dim(`(${check.examined} examined)`)}`,
      ...check.violations.map((violation) => `       ${red(violation)}`),
      ...more(check.violationCount - check.violations.length),
    ]),
    '',
    conclusion(report, green, red),
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

function conclusion(report: RunReport, green: Paint, red: Paint): string {
  if (report.ok) return green(`All ${report.checks.length} rules hold.`);
  const broken = report.checks.filter((check) => !check.ok).length;
  const rules = broken === 1 ? 'rule is' : 'rules are';
  return `${red(`${broken} ${rules} broken.`)} The same plan again: fleetwake run ${report.scenario} --seed ${report.seed}`;
}

/** A compressed run says so. */
function compression({ timeScale, constants }: RunReport): string {
  const { baseDelayMs, maxDelayMs, commandTimeoutMs, quotaLimit, quotaWindowMs } = constants;
  const figures = `back-off ${baseDelayMs} ms to ${maxDelayMs} ms, command time-out ${commandTimeoutMs} ms, ${quotaLimit} commands a vehicle in ${quotaWindowMs} ms`;
  return timeScale === 1 ? `In real time: ${figures}` : `Time is compressed ${timeScale} times: ${figures}`;
}

function facts(report: RunReport): [string, string][] {
  const { notices, tickets, revocations, timeToActiveMs: waits } = report;
  const kinds = Object.entries(notices).map(
    ([kind, { email, push }]) => `${kind.replaceAll('_', ' ')} ${email} by e-mail and ${push} by push`,
  );
  return [
    ['Outcomes', counts(report.outcomes)],
    [
      'Attempts',
      Object.entries(report.attempts)
        .map(([number, count]) => `${count} × ${number}`)
        .join(', ') || 'none',
    ],
    ['Time to active', `p50 ${ms(waits.p50)}, p95 ${ms(waits.p95)}, p99 ${ms(waits.p99)}`],
    ...Object.entries(report.money).map(([currency, totals]): [string, string] => [
      'Money',
      [
        `authorised ${money(totals.authorisedMinor, currency)}`,
        `captured ${money(totals.capturedMinor, currency)}`,
        `voided ${money(totals.voidedMinor, currency)}`,
        `refunded ${money(totals.refundedMinor, currency)}`,
        `kept ${money(totals.keptMinor, currency)}`,
      ].join(', '),
    ]),
    ...kinds.map((text, index): [string, string] => [index === 0 ? 'Notices' : '', text]),
    ['Tickets', `${tickets.HIGH} HIGH, ${tickets.MEDIUM} MEDIUM`],
    [
      'Revocations',
      `${revocations.done} done, ${revocations.superseded} superseded, ${revocations.open} open`,
    ],
    ['Vehicle faults', counts(report.faults.vehicles)],
    ['API IoT faults', counts(report.faults.apiIot)],
  ];
}

/** What did not happen is left out. */
function counts(record: object): string {
  const entries = Object.entries(record).filter(([, count]) => count !== 0);
  return entries.map(([name, count]) => `${count} ${name.replaceAll('_', ' ')}`).join(', ') || 'none';
}

function ms(value: number | null): string {
  return value === null ? 'none' : `${value} ms`;
}

function seconds(value: number): string {
  return `${(value / 1000).toFixed(1)} s`;
}

function table(rows: readonly [string, string][]): string {
  const lines = new Table(plainTable);
  lines.push(...rows.map((row) => [...row]));
  return lines.toString();
}
