import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { basename, join } from 'node:path';
import type { Command } from 'commander';
import { wallClock } from '../../shared/live/clock.ts';
import { givenText } from '../../shared/protocol/address.ts';
import { judge } from '../check/judge.ts';
import { readSaved, type SavedTestCase } from '../check/saved-test-case.ts';
import type { TestCase } from '../check/test-case.ts';
import type { Shard } from '../fleet/vehicle-range.ts';
import { type CheckFileFlags, checkJson, withCheckFiles, writeCheckFiles } from './check-formats.ts';
import { type CorpusResult, probesNeedRuns, reportOf, saveFailures } from './check-report.ts';
import { reportText } from './check-text.ts';
import { beWorker, checkWithWorkers, type SoFar } from './check-workers.ts';
import { coverageReport, functionsOf } from './coverage.ts';
import { coverageExceptions } from './coverage-exceptions.ts';
import { exitCodes, UsageError } from './exit.ts';
import { textOfNamedFile } from './named-file.ts';
import { type OwnSubject, ownSubject, type SubjectFlags } from './own-subject.ts';
import { productVersions } from './product-version.ts';
import { shardOfText } from './shard-option.ts';
import { countOf } from './whole-number.ts';

interface CheckFlags extends SubjectFlags, CheckFileFlags {
  readonly runs?: string;
  readonly minutes?: string;
  readonly seed: string;
  readonly workers: string;
  readonly corpus: string;
  readonly failures: string;
  readonly coverage?: true;
  readonly shard?: string;
}

const runsDefault = 2_000;
/** With `--minutes` the time ends it, not the count. */
const runsEndless = 1_000_000;

/** `fleetwake check`: runs thousands of random test cases in virtual time and checks every rule for each. */
export function addCheck(program: Command): void {
  const command = program
    .command('check')
    .description('run random purchases and faults in virtual time, and check every rule at every event')
    .option('--runs <number>', `number of runs; default ${runsDefault}`)
    .option('--minutes <number>', 'duration of the check in minutes, instead of --runs')
    .option('--seed <number>', 'seed of the random runs', '1')
    .option('--workers <number>', 'number of worker processes', String(Math.min(availableParallelism(), 8)))
    .option('--policy <file>', 'YAML file with a retry policy for every service')
    .option('--catalogue <path>', 'catalogue of services: a JSON file or a catalogue folder')
    .option('--corpus <folder>', 'folder of saved failures that run first', 'test/regressions')
    .option('--failures <folder>', 'folder where failing runs are saved', 'reports')
    .option('--coverage', 'report which functions of the product the runs called, and which they did not')
    .option(
      '--shard <i/n>',
      'run only the i-th of n parts of these runs and of the corpus, the others elsewhere; "report merge" joins their reports',
    )
    .action(async (flags: CheckFlags) => {
      process.exitCode = await check(flags);
    });
  withCheckFiles(command);
  program.command('check-worker <order>', { hidden: true }).action(beWorker);
}

function minutesOf(text: string): number {
  const minutes = Number(text);
  if (!(minutes > 0 && minutes <= 10_000))
    throw new UsageError(`--minutes must be a number above 0 and up to 10000, not ${givenText(text)}`);
  return minutes;
}

async function check(flags: CheckFlags): Promise<number> {
  const shard = shardOfText(flags.shard);
  if (flags.shard !== undefined && flags.coverage)
    throw new UsageError(
      '--coverage and --shard cannot be combined: functions that one shard did not call, another one may; leave one of them out',
    );
  if (flags.runs !== undefined && flags.minutes !== undefined)
    throw new UsageError('--runs and --minutes cannot be combined: give one of them');
  const minutes = flags.minutes === undefined ? null : minutesOf(flags.minutes);
  const runs =
    minutes === null ? countOf('--runs', flags.runs ?? String(runsDefault), 1_000_000, 1) : runsEndless;
  const seed = countOf('--seed', flags.seed, 9_999_999);
  const workers = countOf('--workers', flags.workers, 64, 1);
  const say = (text: string) => process.stderr.write(`${text}\n`);
  // Refused here, in one place, before any worker starts.
  const own = ownSubject(flags);
  const { policy, catalogue } = flags;
  const span = minutes === null ? `--runs ${runs}` : `--minutes ${minutes}`;
  const requested = `${span}${optionText('policy', policy)}${optionText('catalogue', catalogue)}`;
  say(
    `check --seed ${seed} ${requested} --workers ${workers} --corpus ${flags.corpus}${optionText('shard', flags.shard)}; ${probeRule(flags)}`,
  );
  // A process runs one virtual system at a time; this process runs its own while the workers start.
  const saved = await readCorpus(flags.corpus);
  const replayed = replayCorpus(partOf(saved, shard));
  if (workers === 1) await replayed;
  const beganAt = wallClock.now();
  const progress = progressLines(beganAt, minutes === null ? Math.ceil(runs / shard.of) : null);
  const coverage = flags.coverage === true;
  const order = {
    ...{ seed, runs, minutes, workers, coverage, shard },
    ...(policy && { policy }),
    ...(catalogue && { catalogue }),
  };
  const [corpus, outcome] = await Promise.all([replayed, checkWithWorkers(order, progress.show)]);
  progress.end();
  const seconds = (wallClock.now() - beganAt) / 1_000;
  const failures = await saveFailures(flags.failures, seed, outcome.failures);
  const report = reportOf(
    {
      ...{ seed, startedAt: beganAt, seconds, versions: productVersions(), corpus, isOwn: isOwn(flags) },
      replayOptions: optionText('catalogue', catalogue),
      ...(flags.shard === undefined
        ? {}
        : {
            shard: {
              ...{ ...shard, requested, planned: minutes === null ? runs : null },
              inputs: inputsHash(saved, own),
            },
          }),
    },
    outcome,
    failures,
    coverage ? coverageReport(functionsOf(outcome.counts), coverageExceptions) : null,
  );
  await writeCheckFiles(flags, report);
  process.stdout.write(
    flags.json === true
      ? checkJson(report)
      : await reportText(report, failures, own.catalogue ? { catalogue: own.catalogue } : {}),
  );
  return report.ok ? exitCodes.ok : exitCodes.failed;
}

function isOwn({ policy, catalogue }: SubjectFlags): boolean {
  return policy !== undefined || catalogue !== undefined;
}

function optionText(name: string, value: string | undefined): string {
  return value === undefined ? '' : ` --${name} ${value}`;
}

function probeRule(flags: CheckFlags): string {
  if (flags.shard !== undefined) return 'probes are judged by "fleetwake report merge", over all shards';
  return isOwn(flags)
    ? 'probes may stay at zero, because your policy or catalogue may exclude their situation'
    : `a probe at zero fails the check from ${probesNeedRuns} runs on`;
}

/** Returns the saved test cases of a folder, in the order of their names; none for a missing folder. */
async function readCorpus(folder: string): Promise<{ file: string; schedule: TestCase }[]> {
  if (!existsSync(folder)) return [];
  const names = (await readdir(folder)).filter((name) => name.endsWith('.json')).sort();
  const files = names.map((name) => join(folder, name));
  const hint = 'give a folder of files that "fleetwake check" saved';
  return files.map((file) => ({ file, schedule: testCaseOf(file, textOfNamedFile(file, hint)).schedule }));
}

/** One hash over every file that a check reads, without the folders, which differ between machines. */
function inputsHash(
  saved: Awaited<ReturnType<typeof readCorpus>>,
  { policies, catalogue }: OwnSubject,
): string {
  const corpus = saved.map(({ file, schedule }) => [basename(file), schedule]);
  const own = [policies ?? null, catalogue?.services() ?? null];
  return createHash('sha256')
    .update(JSON.stringify([corpus, own]))
    .digest('hex');
}

/** Every n-th saved test case, as a shard has every n-th run. */
function partOf<Item>(items: readonly Item[], { index, of }: Shard): Item[] {
  return items.filter((_, at) => at % of === index - 1);
}

async function replayCorpus(saved: Awaited<ReturnType<typeof readCorpus>>): Promise<CorpusResult[]> {
  const results: CorpusResult[] = [];
  for (const { file, schedule } of saved)
    results.push({ file, broken: (await judge(schedule, { twice: true })).broken });
  return results;
}

/** Returns a saved test case from the text of a file, or throws a sentence about what is wrong with it. */
export function testCaseOf(file: string, text: string): SavedTestCase {
  const reading = readSaved(text);
  if (reading.ok) return reading.saved;
  throw new UsageError(`${file} is not a saved failure:\n${reading.mistakes.join('\n')}`);
}

/** One line a second on a terminal, one every ten seconds elsewhere. */
function progressLines(beganAt: number, runsMax: number | null) {
  let shownAt = 0;
  const { stderr } = process;
  return {
    show({ runs, events }: SoFar): void {
      const now = wallClock.now();
      if (now - shownAt < (stderr.isTTY ? 500 : 10_000)) return;
      shownAt = now;
      const seconds = Math.max((now - beganAt) / 1_000, 0.001);
      const of = runsMax === null ? '' : ` of ${runsMax}`;
      const line = `${seconds.toFixed(0).padStart(4)} s · ${runs}${of} runs · ${(runs / seconds).toFixed(1)} runs/s · ${Math.round(events / seconds)} events/s`;
      stderr.write(stderr.isTTY ? `\r\x1b[2K${line}` : `${line}\n`);
    },
    end(): void {
      if (stderr.isTTY) stderr.write('\r\x1b[2K');
    },
  };
}
