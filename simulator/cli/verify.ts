import type { Command } from 'commander';
import { judgeRun } from '../reports/judge-run.ts';
import { evidenceIn } from './evidence-file.ts';
import { exitCodes } from './exit.ts';
import {
  plannedFiles,
  type ReportFlags,
  reportsAsJson,
  withReportOptions,
  writeReports,
} from './report-files.ts';
import { runText } from './run-text.ts';

/** `fleetwake verify LOG`: checks the evidence of a finished run again. */
export function addVerify(program: Command): void {
  const command = program
    .command('verify')
    .argument('<log>', 'log file of "fleetwake run --log FILE"')
    .description('check every rule on the log of a finished run');
  withReportOptions(command);
  command.action(async (path: string, flags: ReportFlags) => {
    process.exitCode = await verify(path, flags);
  });
}

async function verify(path: string, flags: ReportFlags): Promise<number> {
  const files = await plannedFiles(flags);
  const { evidence, surroundings } = await evidenceIn(path);
  const report = judgeRun(evidence, surroundings);
  await writeReports([report], files);
  process.stdout.write(flags.json === true ? reportsAsJson([report]) : runText(report));
  return report.ok ? exitCodes.ok : exitCodes.failed;
}
