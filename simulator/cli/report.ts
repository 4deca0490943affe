import { readFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { fileTrouble } from '../../shared/protocol/file-trouble.ts';
import { diffReports, diffText, isWorse } from '../reports/report-diff.ts';
import { readSavedReport, type SavedReport } from '../reports/saved-report.ts';
import { exitCodes, UsageError } from './exit.ts';

/** `fleetwake report diff A.json B.json`: what is different in the second run; 1 when something is broken that held. */
export function addReport(program: Command): void {
  const report = program.command('report').description('look at the reports of runs');
  report
    .command('diff')
    .argument('<before>', 'JSON of a run (fleetwake run --json FILE)')
    .argument('<after>', 'JSON of another')
    .description('compare two runs; exit code 1 when something is broken that held')
    .option('--json', 'print the difference as JSON')
    .action(async (before: string, after: string, flags: { readonly json?: true }) => {
      const diff = diffReports(await savedReport(before), await savedReport(after));
      process.stdout.write(flags.json ? `${JSON.stringify(diff, null, 2)}\n` : diffText(diff));
      process.exitCode = isWorse(diff) ? exitCodes.failed : exitCodes.ok;
    });
}

async function savedReport(path: string): Promise<SavedReport> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    throw new UsageError(
      `${path}: ${fileTrouble(error)}; name a file that "fleetwake run --json FILE" wrote`,
    );
  });
  const reading = readSavedReport(text);
  if (reading.ok) return reading.report;
  throw new UsageError(`${path}: ${reading.reason}; name a file that "fleetwake run --json FILE" wrote`);
}
