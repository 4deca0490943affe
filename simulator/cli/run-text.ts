import type { RunReport } from '../reports/run-report.ts';
import { terminalReport } from '../reports/terminal.ts';
import { expectationOf } from '../scenarios/expectation.ts';
import type { NamedScenario } from './scenario-argument.ts';

/** A whole report for the terminal, ending in what it ran on. */
export function runText(report: RunReport): string {
  const color = process.stdout.isTTY === true && !process.env.NO_COLOR;
  return `${terminalReport(report, { color })}${surroundingsLine(report)}\n`;
}

function surroundingsLine({ world, bus }: RunReport): string {
  if (world === 'virtual') return 'in virtual time; --live runs it on real parts';
  return `bus: ${bus === 'nats' ? 'NATS JetStream' : 'inside this process (no nats-server was found)'}`;
}

/** One of several runs: `✓ flapping, seed 1: 12 active` */
export function outcomeLine({ ok, scenario, seed, outcomes }: RunReport): string {
  const counts = Object.entries(outcomes).filter(([, count]) => count > 0);
  const text = counts.map(([name, count]) => `${count} ${name.replaceAll('_', ' ')}`).join(', ');
  return `${ok ? '✓' : '✗'} ${scenario}, seed ${seed}: ${text}\n`;
}

/** The last line of several runs; those that do not hold once more, each with the command that repeats it. */
export function totalLine(reports: readonly RunReport[]): string {
  const bad = reports.filter(({ ok }) => !ok);
  const runs = reports.length;
  if (bad.length === 0) return `All ${runs} runs hold.\n`;
  return `${bad.length} of ${runs} runs ${bad.length === 1 ? 'does' : 'do'} not hold:\n${bad.map(({ replay }) => `  ${replay}\n`).join('')}`;
}

/** A sentence for each expectation that is not met: where the file says it, what was found, and what to do. */
export function unmetText(report: RunReport, { scenario, placeOf }: NamedScenario): string {
  const { expectations: texts = [] } = scenario;
  return texts
    .map((text, index) => {
      const found = foundInstead(report, text);
      if (found === null) return '';
      return `${placeOf(['expectations', index])}: "${text}" is not met: ${found}; inspect the purchases (--html FILE), or correct the expectation\n`;
    })
    .join('');
}

/** What the run shows in place of an expectation, or null when it is met. */
function foundInstead({ expectations, checks }: RunReport, text: string): string | null {
  const judged = expectations.find((one) => one.text === text);
  if (judged) return judged.ok ? null : `the run found ${judged.found}`;
  const expected = expectationOf(text);
  const check = checks.find(({ id }) => expected.kind === 'rule' && id === expected.id);
  return check && !check.ok ? `${check.title} is broken (${check.violationCount} times)` : null;
}
