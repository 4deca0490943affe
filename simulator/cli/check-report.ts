import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type CheckFailure, type CheckOutcome, hashOfAll } from '../check/checking.ts';
import { judge } from '../check/judge.ts';
import { textOfSaved } from '../check/saved-test-case.ts';
import type { TestCaseOptions } from '../check/test-case-system.ts';
import { timelineOf, timelineText } from '../check/timeline.ts';
import { type JunitCase, junitXml } from '../reports/junit-xml.ts';
import type { CoverageReport } from './coverage.ts';
import { coverageText } from './coverage-text.ts';

/** Fewer runs than this prove nothing by a probe that stayed at zero. */
export const probesNeedRuns = 2_000;

export interface CorpusResult {
  readonly file: string;
  readonly broken: { readonly rule: string; readonly sentence: string } | null;
}

export interface SavedFailure extends CheckFailure {
  readonly file: string;
}

/** What `--json` writes. */
export interface CheckReport {
  readonly ok: boolean;
  readonly seed: number;
  readonly runs: number;
  readonly seconds: number;
  readonly corpus: readonly CorpusResult[];
  readonly failures: readonly {
    readonly rule: string;
    readonly sentence: string;
    readonly run: number;
    readonly file: string;
    readonly replay: string;
    readonly schedule: unknown;
  }[];
  readonly schedulesPerSecond: number;
  readonly eventsPerSecond: number;
  readonly activationsPerSecond: number;
  readonly probes: Readonly<Record<string, number>>;
  readonly probesMissed: readonly string[];
  /** Over the traces of all runs in their order: the same seed and runs give it again, with any number of workers. */
  readonly traceHash: string;
  /** With `--coverage` only. */
  readonly coverage?: CoverageReport;
}

export function reportOf(
  given: {
    readonly seed: number;
    readonly seconds: number;
    readonly corpus: readonly CorpusResult[];
    /** The policy or the catalogue is the caller's. */
    readonly isOwn: boolean;
    /** What a replay has to be given beside the file. */
    readonly replayOptions: string;
  },
  outcome: CheckOutcome,
  failures: readonly SavedFailure[],
  coverage: CoverageReport | null = null,
): CheckReport {
  const { seed, seconds, corpus, isOwn, replayOptions } = given;
  const perSecond = (count: number) => Math.round((count / Math.max(seconds, 0.001)) * 10) / 10;
  const missed = Object.keys(outcome.probes).filter((name) => outcome.probes[name] === 0);
  const probesMissed = outcome.runs >= probesNeedRuns && !isOwn ? missed : [];
  return {
    ok: failures.length === 0 && probesMissed.length === 0 && corpus.every((one) => one.broken === null),
    seed,
    runs: outcome.runs,
    seconds,
    corpus,
    failures: failures.map(({ rule, sentence, run, file, schedule }) => ({
      rule,
      sentence,
      run,
      file,
      replay: `npx fleetwake replay ${file}${replayOptions}`,
      schedule,
    })),
    schedulesPerSecond: perSecond(outcome.runs),
    eventsPerSecond: perSecond(outcome.events),
    activationsPerSecond: perSecond(outcome.activations),
    probes: outcome.probes,
    probesMissed,
    traceHash: hashOfAll(outcome.hashes),
    ...(coverage && { coverage }),
  };
}

/** Writes each failure where `replay` finds it. */
export async function saveFailures(
  folder: string,
  seed: number,
  failures: readonly CheckFailure[],
): Promise<SavedFailure[]> {
  return Promise.all(
    failures.map(async (failure) => {
      const { rule, sentence, schedule, traceHash, run } = failure;
      const file = join(folder, `failure-${seed}-${run}.json`);
      await mkdir(folder, { recursive: true });
      const about = `Found by check, seed ${seed}, run ${run}: ${sentence}`.slice(0, 2_000);
      await writeFile(
        file,
        textOfSaved({ about, rule, ...(traceHash === null ? {} : { traceHash }), schedule }),
      );
      return { ...failure, file };
    }),
  );
}

/** Text output of a check: probes, statistics, and every failure with its smallest test case and timeline. */
export async function reportText(
  report: CheckReport,
  failures: readonly SavedFailure[],
  options: TestCaseOptions,
): Promise<string> {
  const parts = [probeTable(report), figures(report)];
  if (report.coverage) parts.push(coverageText(report.coverage));
  for (const { file, broken } of report.corpus) {
    if (broken !== null) parts.push(`FAILED again: ${file}\n  ${broken.rule}: ${broken.sentence}`);
  }
  for (const [index, failure] of failures.entries())
    parts.push(await failureText(failure, report.failures[index]?.replay ?? '', options));
  for (const name of report.probesMissed) {
    parts.push(
      `FAILED: no run reached "${name}": the check proves nothing about it. Increase --runs, or correct its generator.`,
    );
  }
  parts.push(report.ok ? 'ok: no rule was broken' : 'FAILED');
  return `${parts.join('\n\n')}\n`;
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
  return [
    `${runs} runs of seed ${seed} in ${seconds.toFixed(1)} s, ${report.corpus.length} corpus cases before them`,
    `${schedulesPerSecond} schedules/s, ${eventsPerSecond} events/s, ${activationsPerSecond} activations/s`,
    `trace hash ${traceHash}`,
  ].join('\n');
}

async function failureText(failure: SavedFailure, replay: string, options: TestCaseOptions): Promise<string> {
  const { rule, sentence, run, schedule } = failure;
  const { run: world } = await judge(schedule, options);
  const timeline = world === null ? '' : `\n\n${timelineText(timelineOf(world.trace))}`;
  return `FAILED in run ${run}: ${rule}\n  ${sentence}\n\nsmallest schedule that breaks this rule:\n${JSON.stringify(schedule, null, 2)}${timeline}\nreplay it with: ${replay}`;
}

/** JUnit XML as CI systems read it: a test case for each corpus file, one for the runs, one for the probes. */
export async function writeJunit(path: string, report: CheckReport): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, junitOf(report));
}

export function junitOf({ corpus, failures, probesMissed, runs, seed, seconds }: CheckReport): string {
  const cases = [
    ...corpus.map(({ file, broken }) =>
      testCase(`corpus ${file}`, broken === null ? [] : [`${broken.rule}: ${broken.sentence}`]),
    ),
    testCase(
      `${runs} runs of seed ${seed}`,
      failures.map((one) => `${one.rule}: ${one.sentence} (${one.replay})`),
    ),
    testCase(
      'every probe occurred',
      probesMissed.map((name) => `no run reached "${name}"`),
    ),
  ];
  return junitXml([
    { name: 'fleetwake check', tookSeconds: seconds, properties: { seed: String(seed) }, cases },
  ]);
}

function testCase(name: string, failures: readonly string[]): JunitCase {
  const [message] = failures;
  const one = { className: 'fleetwake', name };
  if (message === undefined) return { ...one, outcome: 'passed' };
  return { ...one, outcome: { message, kind: 'check', text: failures.join('\n') } };
}
