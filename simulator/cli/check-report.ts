import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type CheckFailure, type CheckOutcome, hashOfAll } from '../check/checking.ts';
import { textOfSaved } from '../check/saved-test-case.ts';
import type { Shard } from '../fleet/vehicle-range.ts';
import type { CoverageReport } from './coverage.ts';

/** Fewer runs than this prove nothing by a probe that stayed at zero. */
export const probesNeedRuns = 2_000;

export interface CorpusResult {
  readonly file: string;
  readonly broken: { readonly rule: string; readonly sentence: string } | null;
}

export interface SavedFailure extends CheckFailure {
  readonly file: string;
}

/** What `report merge` needs of a part of a check, beside its report. */
export interface CheckShard extends Shard {
  /** What the whole check was asked for: `--runs 2000`. All its shards must have the same. */
  readonly requested: string;
  /** Runs of the whole check; null: its minutes end it. */
  readonly planned: number | null;
  /** Hash of the whole corpus, the policy and the catalogue: all its shards must have the same. */
  readonly inputs: string;
  /** False: the policy or the catalogue is the caller's, so that probes may stay at zero. */
  readonly needsProbes: boolean;
  readonly events: number;
  readonly activations: number;
  /** Number and trace hash of each run: `17 3f9a…`. */
  readonly runHashes: readonly string[];
}

/** What `--json` writes. */
export interface CheckReport {
  readonly ok: boolean;
  readonly seed: number;
  readonly runs: number;
  /** Epoch milliseconds. */
  readonly startedAt: number;
  readonly seconds: number;
  /** What ran: `fleetwake`, `node`. */
  readonly versions: Readonly<Record<string, string>>;
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
  /** With `--shard` only. Its probes are judged when all shards are merged. */
  readonly shard?: CheckShard;
  /** Of a merged report only: the number of shards, those that have no report, and what else keeps the reports from being the whole check. */
  readonly shards?: {
    readonly of: number;
    readonly missing: readonly number[];
    readonly incomplete: readonly string[];
  };
}

/** The part of a check that ran, and what the whole was asked for. */
type ShardOrder = Shard & Pick<CheckShard, 'requested' | 'planned' | 'inputs'>;

export function reportOf(
  given: {
    readonly seed: number;
    readonly startedAt: number;
    readonly seconds: number;
    readonly versions: CheckReport['versions'];
    readonly corpus: readonly CorpusResult[];
    /** The policy or the catalogue is the caller's. */
    readonly isOwn: boolean;
    /** What a replay has to be given beside the file. */
    readonly replayOptions: string;
    /** The part of the check that ran, and what the whole was asked for; left out for the whole. */
    readonly shard?: ShardOrder;
  },
  outcome: CheckOutcome,
  failures: readonly SavedFailure[],
  coverage: CoverageReport | null = null,
): CheckReport {
  const { seed, startedAt, seconds, versions, corpus, isOwn, replayOptions, shard } = given;
  const probesMissed = isOwn || shard ? [] : probesWithoutRun(outcome);
  return {
    ok: failures.length === 0 && probesMissed.length === 0 && corpus.every((one) => one.broken === null),
    seed,
    runs: outcome.runs,
    startedAt,
    seconds,
    versions,
    corpus,
    failures: failures.map(({ rule, sentence, run, file, schedule }) => ({
      rule,
      sentence,
      run,
      file,
      replay: `npx fleetwake replay ${file}${replayOptions}`,
      schedule,
    })),
    ...ratesOf(outcome, seconds),
    probes: outcome.probes,
    probesMissed,
    traceHash: hashOfAll(outcome.hashes),
    ...(coverage && { coverage }),
    ...(shard && { shard: shardPart(shard, outcome, isOwn) }),
  };
}

function shardPart(
  { index, of, requested, planned, inputs }: ShardOrder,
  { events, activations, hashes }: CheckOutcome,
  isOwn: boolean,
): CheckShard {
  const runHashes = hashes.toSorted((a, b) => a.run - b.run).map(({ run, hash }) => `${run} ${hash}`);
  return { index, of, requested, planned, inputs, needsProbes: !isOwn, events, activations, runHashes };
}

/** The probes that prove nothing: no run reached them, though there were enough runs. */
export function probesWithoutRun({ runs, probes }: Pick<CheckReport, 'runs' | 'probes'>): string[] {
  return runs < probesNeedRuns ? [] : Object.keys(probes).filter((name) => probes[name] === 0);
}

/** Runs, events and activations a second of real time, to a tenth. */
export function ratesOf(
  { runs, events, activations }: Pick<CheckOutcome, 'runs' | 'events' | 'activations'>,
  seconds: number,
): Pick<CheckReport, 'schedulesPerSecond' | 'eventsPerSecond' | 'activationsPerSecond'> {
  const perSecond = (count: number) => Math.round((count / Math.max(seconds, 0.001)) * 10) / 10;
  return {
    schedulesPerSecond: perSecond(runs),
    eventsPerSecond: perSecond(events),
    activationsPerSecond: perSecond(activations),
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
