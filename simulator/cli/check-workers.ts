import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { wallClock } from '../../shared/live/clock.ts';
import { type CheckOptions, type CheckOutcome, checkTestCases } from '../check/checking.ts';
import { addHits, newProbeHits } from '../check/probes.ts';
import type { Shard } from '../fleet/vehicle-range.ts';
import { isMeasured } from './coverage.ts';
import { type FunctionCount, takeCoverage } from './coverage-recorder.ts';
import { exitCodes } from './exit.ts';
import { ownSubject, type SubjectFlags } from './own-subject.ts';

export interface CheckOrder extends SubjectFlags {
  readonly seed: number;
  readonly runs: number;
  readonly minutes: number | null;
  readonly workers: number;
  /** The part of the runs that this check has; its workers divide it again. */
  readonly shard: Shard;
  /** Counts the calls of every function, in processes that do nothing else. */
  readonly coverage?: boolean;
}

/** Result of a check, and the call counts of its processes (none without `coverage`). */
export interface SharedOutcome extends CheckOutcome {
  readonly counts: readonly FunctionCount[];
}

export interface SoFar {
  readonly runs: number;
  readonly events: number;
  readonly activations: number;
}

type Message =
  | { readonly type: 'progress'; readonly soFar: SoFar }
  | { readonly type: 'done'; readonly outcome: SharedOutcome };

const tellEvery = 5;
/** A run leaves nearly nothing behind: with room for all of it in V8's young generation, less is copied to find that out. */
const roomForYoungObjects = ['--max-semi-space-size=64'];
/** The command with a file for each module: V8 counts calls by file. */
const ofModules = fileURLToPath(new URL('./main.js', import.meta.url));
/** The count begins before any module of the product is loaded. */
const countingFromTheStart = ['--import', new URL('./coverage-start.js', import.meta.url).href];

/** Runs a check in this process, or shares it among worker processes, each with every n-th test case. */
export async function checkWithWorkers(
  order: CheckOrder,
  onProgress: (soFar: SoFar) => void,
): Promise<SharedOutcome> {
  const { workers } = order;
  if (workers === 1 && order.coverage !== true) {
    const outcome = await checkTestCases({
      ...shareOf(order, 0),
      ...ownSubject(order),
      now: wallClock.now,
      onRun: onProgress,
    });
    return { ...outcome, counts: [] };
  }
  const soFar: SoFar[] = [];
  const outcomes = await Promise.all(
    Array.from({ length: workers }, (_, worker) =>
      runWorker(order, worker, (mine) => {
        soFar[worker] = mine;
        onProgress(soFar.reduce(sum, { runs: 0, events: 0, activations: 0 }));
      }),
    ),
  );
  const probes = newProbeHits();
  for (const outcome of outcomes) addHits(probes, outcome.probes);
  return {
    ...outcomes.reduce(sum, { runs: 0, events: 0, activations: 0 }),
    failures: outcomes.flatMap((outcome) => outcome.failures).toSorted((a, b) => a.run - b.run),
    probes,
    hashes: outcomes.flatMap((outcome) => outcome.hashes),
    counts: outcomes.flatMap((outcome) => outcome.counts),
  };
}

/**
 * The runs of a worker. A shard has every `of`-th run, and each of its workers every `workers`-th of those: which runs a shard
 * has does not depend on its number of workers.
 */
export function shareOf(
  { seed, runs, minutes, workers, shard }: CheckOrder,
  worker: number,
): Pick<CheckOptions, 'seed' | 'runs' | 'minutes' | 'worker' | 'workers'> {
  return {
    ...{ seed, runs, minutes },
    worker: shard.index - 1 + worker * shard.of,
    workers: workers * shard.of,
  };
}

function sum(total: SoFar, more: SoFar): SoFar {
  return {
    runs: total.runs + more.runs,
    events: total.events + more.events,
    activations: total.activations + more.activations,
  };
}

function runWorker(
  order: CheckOrder,
  worker: number,
  onProgress: (soFar: SoFar) => void,
): Promise<SharedOutcome> {
  const program = order.coverage ? ofModules : process.argv[1];
  if (program === undefined) throw new Error('check worker: the path of the program is missing');
  return new Promise((resolve, reject) => {
    const child = fork(program, ['check-worker', JSON.stringify({ ...order, worker })], {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      execArgv: [
        ...process.execArgv,
        ...roomForYoungObjects,
        ...(order.coverage ? countingFromTheStart : []),
      ],
    });
    let outcome: SharedOutcome | null = null;
    child.on('message', (message) => {
      const told = message as Message;
      if (told.type === 'progress') onProgress(told.soFar);
      else outcome = told.outcome;
    });
    child.on('error', reject);
    child.on('exit', (code) => {
      if (outcome !== null) resolve(outcome);
      else reject(new Error(`check worker ${worker} ended with code ${code} without a result`));
    });
  });
}

/** The other end: what a worker process does. */
export async function beWorker(text: string): Promise<void> {
  const order = JSON.parse(text) as CheckOrder & { readonly worker: number };
  // The parent process has ended, and nothing else would end this worker.
  const exit = () => process.exit(exitCodes.failed);
  process.once('disconnect', exit);
  // It may have gone before this process could listen.
  if (process.connected === false) exit();
  const tell = (message: Message) =>
    new Promise<void>((resolve) => {
      if (process.send) process.send(message, () => resolve());
      else resolve();
    });
  let told = 0;
  const outcome = await checkTestCases({
    ...shareOf(order, order.worker),
    ...ownSubject(order),
    now: wallClock.now,
    onRun(soFar) {
      if (soFar.runs < told + tellEvery) return;
      told = soFar.runs;
      void tell({ type: 'progress', soFar: { ...soFar } });
    },
  });
  await tell({ type: 'done', outcome: { ...outcome, counts: takeCoverage(isMeasured) } });
  process.removeListener('disconnect', exit);
  process.disconnect?.();
}
