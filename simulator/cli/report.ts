import type { Command } from 'commander';
import { givenText } from '../../shared/protocol/address.ts';
import type { FigureLimit } from '../reports/figure-limit.ts';
import { diffReports, diffText, isWorse, judgedFigures } from '../reports/report-diff.ts';
import { readSavedReport, type SavedReport } from '../reports/saved-report.ts';
import { exitCodes, UsageError } from './exit.ts';
import { textOfNamedFile } from './named-file.ts';
import { addReportMerge } from './report-merge.ts';
import { collect } from './set-option.ts';

interface DiffFlags {
  readonly json?: true;
  readonly maxSlower?: string;
  readonly maxWorse?: readonly string[];
}

/** `fleetwake report diff A.json B.json`: what is different in the second run, and whether that is better or worse. */
export function addReport(program: Command): void {
  const report = program.command('report').description('compare or merge reports');
  addReportMerge(report);
  report
    .command('diff')
    .argument('<before>', 'JSON report of a run (fleetwake run --json FILE)')
    .argument('<after>', 'JSON report of another run')
    .description(
      'compare two reports; exit code 1 if a rule or expectation is broken that held before, or a figure is beyond its limit',
    )
    .option('--max-slower <percent>', 'how much longer the times to active may be, such as 10%')
    .option(
      '--max-worse <figure=percent>',
      'how much worse a figure may be, such as outcomes.active=0%; repeatable',
      collect,
    )
    .option('--json', 'print the difference as JSON')
    .action((before: string, after: string, flags: DiffFlags) => {
      const [first, second] = [savedReport(before), savedReport(after)];
      const diff = diffReports(
        first,
        second,
        limitsOf(flags, [...judgedFigures(first), ...judgedFigures(second)]),
      );
      process.stdout.write(flags.json ? `${JSON.stringify(diff, null, 2)}\n` : diffText(diff));
      process.exitCode = isWorse(diff) ? exitCodes.failed : exitCodes.ok;
    });
}

/** The limits that flags ask for. A figure of its own comes before a group. */
function limitsOf({ maxSlower, maxWorse = [] }: DiffFlags, known: readonly string[]): FigureLimit[] {
  const limits = maxWorse.map((text): FigureLimit => {
    const [, figure = '', percent = ''] = /^([^=]+)=(.*)$/.exec(text) ?? [];
    if (!known.includes(figure)) {
      const names = [...new Set(known)].join(', ');
      throw new UsageError(`--max-worse takes FIGURE=PERCENT with one of ${names}, not ${givenText(text)}`);
    }
    return { figure, share: shareOf('--max-worse', percent), said: `--max-worse ${text}` };
  });
  if (maxSlower === undefined) return limits;
  const share = shareOf('--max-slower', maxSlower);
  return [...limits, { figure: 'timeToActiveMs.', share, said: `--max-slower ${maxSlower}` }];
}

function shareOf(flag: string, text: string): number {
  const [, percent] = /^(\d+(?:\.\d+)?)\s*%$/.exec(text.trim()) ?? [];
  if (percent === undefined)
    throw new UsageError(`${flag} takes a percentage such as 10%, not ${givenText(text)}`);
  return Number(percent) / 100;
}

const hint = 'give a file that "fleetwake run --json FILE" wrote';

function savedReport(path: string): SavedReport {
  const reading = readSavedReport(textOfNamedFile(path, hint));
  if (reading.ok) return reading.report;
  throw new UsageError(`${path}: ${reading.reason}; ${hint}`);
}
