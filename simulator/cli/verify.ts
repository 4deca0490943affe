import type { Command } from 'commander';
import { judgeRun } from '../reports/judge-run.ts';
import type { RunReport } from '../reports/run-report.ts';
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
import { verifyEngineLog } from './verify-engine-log.ts';

interface VerifyFlags extends ReportFlags {
  readonly mapping?: string;
}

/** `fleetwake verify LOG`: checks the evidence of a finished run again, or the log of an engine of the user's own. */
export function addVerify(program: Command): void {
  const command = program
    .command('verify')
    .argument('<log>', 'log file of "fleetwake run --log FILE"; with --mapping, facts of your own engine')
    .description('check every rule on the log of a finished run')
    .option('--mapping <file>', 'judge the log of your own engine; the file says what names an activation');
  withReportOptions(command);
  command.action(async (path: string, flags: VerifyFlags) => {
    process.exitCode = await verify(path, flags);
  });
}

async function verify(path: string, flags: VerifyFlags): Promise<number> {
  const files = await plannedFiles(flags);
  const report = flags.mapping === undefined ? await judgedAgain(path) : verifyEngineLog(path, flags.mapping);
  await writeReports([report], files);
  process.stdout.write(flags.json === true ? reportsAsJson([report]) : runText(report));
  return report.ok ? exitCodes.ok : exitCodes.failed;
}

async function judgedAgain(path: string): Promise<RunReport> {
  const { evidence, surroundings } = await evidenceIn(path);
  return judgeRun(evidence, surroundings);
}
