import type { Command } from 'commander';
import { parseJsonText } from '../../shared/protocol/json.ts';
import type { RunReport } from '../reports/run-report.ts';
import { readSavedReport } from '../reports/saved-report.ts';
import { type CheckFileFlags, checkJson, withCheckFiles, writeCheckFiles } from './check-formats.ts';
import {
  isCheckReport,
  mergeShards,
  readShardReport,
  type ShardReport,
  shardConflict,
} from './check-merge.ts';
import { mergedText } from './check-text.ts';
import { exitCodes, UsageError } from './exit.ts';
import { textOfNamedFile } from './named-file.ts';
import { makeFoldersOf } from './output-file.ts';
import { productVersions } from './product-version.ts';
import { plannedFiles, reportsAsJson, writeReports } from './report-files.ts';
import { outcomeLine, totalLine } from './run-text.ts';

/** A shard's report has a line for each of its runs: up to a million. */
const reportMaxBytes = 128 * 1024 * 1024;
const hint = 'give files that "fleetwake check --shard i/n --json FILE" or "fleetwake run --json FILE" wrote';

/** `fleetwake report merge FILE…`: the shards of a check, or several runs, as one report. */
export function addReportMerge(report: Command): void {
  const command = report
    .command('merge')
    .argument('<file...>', 'JSON reports of all shards of one check, or of runs')
    .description(
      'join the JSON reports of the shards of one check, or of several runs; exit code 1 if a rule is broken or a shard is missing',
    )
    .action(async (paths: readonly string[], flags: CheckFileFlags) => {
      process.exitCode = await merge(paths, flags);
    });
  withCheckFiles(command);
}

async function merge(paths: readonly string[], flags: CheckFileFlags): Promise<number> {
  const values = paths.map((path) => ({ path, value: valueIn(path) }));
  const checks = values.filter(({ value }) => isCheckReport(value));
  if (checks.length === 0) return mergeRuns(values, flags);
  const run = values.find(({ value }) => !isCheckReport(value));
  if (run !== undefined)
    throw new UsageError(
      `${run.path} is not the report of a check, ${checks[0]?.path} is: merge checks and runs in two calls`,
    );
  return mergeChecks(values, flags);
}

interface Named {
  readonly path: string;
  readonly value: unknown;
}

async function mergeChecks(values: readonly Named[], flags: CheckFileFlags): Promise<number> {
  const shards = values.map(({ path, value }): ShardReport => {
    const shard = readShardReport(path, value);
    if (typeof shard === 'string') throw new UsageError(`${path} ${shard}`);
    return shard;
  });
  const conflict = shardConflict(shards);
  if (conflict !== null) throw new UsageError(conflict);
  const merged = mergeShards(shards as [ShardReport, ...ShardReport[]]);
  await writeCheckFiles(flags, merged);
  process.stdout.write(flags.json === true ? checkJson(merged) : mergedText(merged));
  return merged.ok ? exitCodes.ok : exitCodes.failed;
}

async function mergeRuns(values: readonly Named[], flags: CheckFileFlags): Promise<number> {
  const reports = values.flatMap(({ path, value }) => runsOf(path, value));
  await makeFoldersOf({ ...flags });
  await writeReports(reports, await plannedFiles(flags));
  const text = `${reports.map(outcomeLine).join('')}${totalLine(reports)}`;
  process.stdout.write(flags.json === true ? reportsAsJson(reports) : text);
  return reports.every(({ ok }) => ok) ? exitCodes.ok : exitCodes.failed;
}

/** Several runs have an array in one file. */
function runsOf(path: string, value: unknown): RunReport[] {
  const { fleetwake: mine } = productVersions();
  return (Array.isArray(value) ? (value as unknown[]) : [value]).map((one) => {
    const reading = readSavedReport(JSON.stringify(one));
    if (!reading.ok) throw new UsageError(`${path}: ${reading.reason}; ${hint}`);
    const report = one as RunReport;
    const { fleetwake: theirs = 'unknown' } = (one as Partial<RunReport>).versions ?? {};
    // The formats need every field of a report, and another version may have others.
    if (theirs !== mine)
      throw new UsageError(
        `${path} is of version ${theirs}, and this is version ${mine}: merge it with its own`,
      );
    return report;
  });
}

function valueIn(path: string): unknown {
  const text = textOfNamedFile(path, hint, reportMaxBytes);
  try {
    return parseJsonText(text);
  } catch (error) {
    throw new UsageError(`${path} is not JSON (${(error as Error).message}); ${hint}`);
  }
}
