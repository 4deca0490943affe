import { constants } from 'node:fs';
import { access, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Command } from 'commander';
import { htmlReport } from '../reports/html/page.ts';
import { ctrfReport, junitReport } from '../reports/junit.ts';
import { markdownReport } from '../reports/markdown.ts';
import type { RunReport } from '../reports/run-report.ts';
import { readTimelineFiles } from '../timeline/timeline-files.ts';
import { UsageError } from './exit.ts';

export interface ReportFlags {
  /** True: to standard output. */
  readonly json?: string | true;
  readonly junit?: string;
  readonly ctrf?: string;
  readonly markdown?: string;
  readonly html?: string;
}

type Format = keyof ReportFlags;

/** The real time that a run took, as this process measured it. */
export type WallMsOf = (report: RunReport) => number | undefined;

export type PlannedFiles = readonly { readonly format: Format; readonly path: string }[];

/** Several runs share a file; a page shows one. */
const writers = {
  json: (reports: readonly RunReport[]) =>
    `${JSON.stringify(reports.length === 1 ? reports[0] : reports, null, 2)}\n`,
  junit: junitReport,
  ctrf: ctrfReport,
  markdown: (reports: readonly RunReport[]) => reports.map(markdownReport).join('\n'),
  async html(reports: readonly RunReport[]) {
    const files = await readTimelineFiles();
    return reports.map((report) => htmlReport(report, files)).join('\n');
  },
} satisfies Record<Format, (reports: readonly RunReport[], wallMsOf?: WallMsOf) => string | Promise<string>>;

export function withReportOptions(command: Command): Command {
  return command
    .option('--json [file]', 'write the report as JSON, to a file or to standard output')
    .option('--junit <file>', 'write the report as JUnit XML, a case for every rule and expectation')
    .option('--ctrf <file>', 'write the report as CTRF, the Common Test Report Format (https://ctrf.io)')
    .option('--markdown <file>', 'write the report as Markdown, for a CI summary')
    .option('--html <file>', 'write the report as one HTML page that opens offline');
}

/** The files that the flags name; refuses at once those that could not be written in the end. */
export async function plannedFiles(flags: ReportFlags): Promise<PlannedFiles> {
  const planned = (Object.keys(writers) as Format[]).flatMap((format) => {
    const path = flags[format];
    return typeof path === 'string' ? [{ format, path }] : [];
  });
  for (const { format, path } of planned) {
    await access(dirname(path), constants.W_OK).catch(() => {
      throw new UsageError(
        `--${format} ${path}: its folder does not exist or is not writable; create it first`,
      );
    });
  }
  return planned;
}

export async function writeReports(
  reports: readonly RunReport[],
  files: PlannedFiles,
  wallMsOf?: WallMsOf,
): Promise<void> {
  for (const { format, path } of files) await writeFile(path, await writers[format](reports, wallMsOf));
}

export function reportsAsJson(reports: readonly RunReport[]): string {
  return writers.json(reports);
}
