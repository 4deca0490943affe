import type { Command } from 'commander';
import { diffReports, diffText, isWorse } from '../reports/report-diff.ts';
import { readSavedReport, type SavedReport } from '../reports/saved-report.ts';
import { exitCodes, UsageError } from './exit.ts';
import { textOfNamedFile } from './named-file.ts';

/** `fleetwake report diff A.json B.json`: what is different in the second run; 1 when something is broken that held. */
export function addReport(program: Command): void {
  const report = program.command('report').description('compare reports of runs');
  report
    .command('diff')
    .argument('<before>', 'JSON report of a run (fleetwake run --json FILE)')
    .argument('<after>', 'JSON report of another run')
    .description('compare two reports; exit code 1 if a rule or expectation is broken that held before')
    .option('--json', 'print the difference as JSON')
    .action((before: string, after: string, flags: { readonly json?: true }) => {
      const diff = diffReports(savedReport(before), savedReport(after));
      process.stdout.write(flags.json ? `${JSON.stringify(diff, null, 2)}\n` : diffText(diff));
      process.exitCode = isWorse(diff) ? exitCodes.failed : exitCodes.ok;
    });
}

const hint = 'give a file that "fleetwake run --json FILE" wrote';

function savedReport(path: string): SavedReport {
  const reading = readSavedReport(textOfNamedFile(path, hint));
  if (reading.ok) return reading.report;
  throw new UsageError(`${path}: ${reading.reason}; ${hint}`);
}
