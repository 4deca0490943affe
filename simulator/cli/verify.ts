import type { Command } from 'commander';
import { runChecks } from '../reports/checks/all.ts';
import { reportOf } from '../reports/report.ts';
import { terminalReport } from '../reports/terminal.ts';
import { evidenceIn } from './evidence-file.ts';
import { exitCodes } from './exit.ts';
import {
  plannedFiles,
  type ReportFlags,
  reportsAsJson,
  withReportOptions,
  writeReports,
} from './report-files.ts';

/** `fleetwake verify LOG`: the verdict on a run that is over, from what its witnesses saw. */
export function addVerify(program: Command): void {
  const command = program
    .command('verify')
    .argument('<log>', 'what "fleetwake run --live --log FILE" wrote')
    .description('judge a run that is over from its log, by every rule');
  withReportOptions(command);
  command.action(async (path: string, flags: ReportFlags) => {
    process.exitCode = await verify(path, flags);
  });
}

async function verify(path: string, flags: ReportFlags): Promise<number> {
  const files = await plannedFiles(flags);
  const evidence = await evidenceIn(path);
  const report = reportOf(evidence, runChecks(evidence), { world: 'live' });
  await writeReports([report], files);
  const color = process.stdout.isTTY === true && !process.env.NO_COLOR;
  process.stdout.write(flags.json === true ? reportsAsJson([report]) : terminalReport(report, { color }));
  return report.ok ? exitCodes.ok : exitCodes.failed;
}
