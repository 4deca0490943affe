import { judge } from '../check/judge.ts';
import type { TestCaseOptions } from '../check/test-case-system.ts';
import { timelineOf, timelineText } from '../check/timeline.ts';
import type { CheckReport, SavedFailure } from './check-report.ts';
import { coverageText } from './coverage-text.ts';

/** Text output of a check: probes, statistics, and every failure with its smallest test case and timeline. */
export async function reportText(
  report: CheckReport,
  failures: readonly SavedFailure[],
  options: TestCaseOptions,
): Promise<string> {
  const found: string[] = [];
  for (const [index, failure] of failures.entries())
    found.push(await failureText(failure, report.failures[index]?.replay ?? '', options));
  return textOf(report, found);
}

/** The same of a merged report: its failures without their timelines, which `replay` prints. */
export function mergedText(report: CheckReport): string {
  return textOf(
    report,
    report.failures.map(
      ({ run, rule, sentence, replay }) =>
        `FAILED in run ${run}: ${rule}\n  ${sentence}\nreplay it with: ${replay}`,
    ),
  );
}

function textOf(report: CheckReport, found: readonly string[]): string {
  const parts = [probeTable(report), figures(report)];
  if (report.coverage) parts.push(coverageText(report.coverage));
  for (const { file, broken } of report.corpus) {
    if (broken !== null) parts.push(`FAILED again: ${file}\n  ${broken.rule}: ${broken.sentence}`);
  }
  parts.push(...found);
  for (const name of report.probesMissed) {
    parts.push(
      `FAILED: no run reached "${name}": the check proves nothing about it. Increase --runs, or correct its generator.`,
    );
  }
  parts.push(...shardFaults(report).map((sentence) => `FAILED: ${sentence}`));
  parts.push(report.ok ? 'ok: no rule was broken' : 'FAILED');
  return `${parts.join('\n\n')}\n`;
}

/** What stands in every format where the reports of the shards are not the whole check. */
export function shardFaults({ shards }: CheckReport): string[] {
  if (shards === undefined) return [];
  return [...shards.missing.map((index) => missingText(index, shards.of)), ...shards.incomplete];
}

function missingText(index: number, of: number): string {
  return `shard ${index}/${of} has no report: its runs prove nothing. Run it again, and merge its report too.`;
}

function probeTable({ probes }: CheckReport): string {
  const width = Math.max(...Object.keys(probes).map((name) => name.length));
  const rows = Object.entries(probes).map(
    ([name, hits]) => `  ${name.padEnd(width)} ${String(hits).padStart(7)}`,
  );
  return `probes (how often rare situations occurred):\n${rows.join('\n')}`;
}

function figures(report: CheckReport): string {
  const { runs, seconds, seed, schedulesPerSecond, eventsPerSecond, activationsPerSecond, traceHash } =
    report;
  const shard = report.shard === undefined ? '' : `shard ${report.shard.index}/${report.shard.of}: `;
  return [
    `${shard}${runs} runs of seed ${seed} in ${seconds.toFixed(1)} s, ${report.corpus.length} corpus cases before them`,
    `${schedulesPerSecond} schedules/s, ${eventsPerSecond} events/s, ${activationsPerSecond} activations/s`,
    `trace hash ${traceHash}`,
  ].join('\n');
}

async function failureText(failure: SavedFailure, replay: string, options: TestCaseOptions): Promise<string> {
  const { rule, sentence, run, schedule } = failure;
  const { run: judged } = await judge(schedule, options);
  const timeline = judged === null ? '' : `\n\n${timelineText(timelineOf(judged.trace))}`;
  return `FAILED in run ${run}: ${rule}\n  ${sentence}\n\nsmallest schedule that breaks this rule:\n${JSON.stringify(schedule, null, 2)}${timeline}\nreplay it with: ${replay}`;
}
