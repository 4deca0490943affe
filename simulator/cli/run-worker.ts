import { parentPort, workerData } from 'node:worker_threads';
import { wallClock } from '../../shared/live/clock.ts';
import { checkTestCases } from '../check/checking.ts';
import type { RunOrder } from '../moments/run-views.ts';
import { readRunSource } from '../moments/saved-run.ts';
import { textOfSavedRun } from '../moments/scenario-source.ts';
import { type TravelQuestion, TravelRefused, traveller } from '../moments/travel.ts';
import { judgeRun } from '../reports/judge-run.ts';
import { shippedScenario } from '../scenarios/library.ts';
import { runScenarioVirtually } from '../virtual-system/scenario-run.ts';
import { reportOf, saveFailures } from './check-report.ts';
import { productVersions } from './product-version.ts';
import { runSuffix } from './reports-folder.ts';

/** What a thread of the console works on: a run to be travelled, or a run or check to be made. */
export type WorkerTask =
  | { readonly type: 'travel'; readonly file: string; readonly text: string }
  | { readonly type: 'order'; readonly order: RunOrder; readonly folder: string };

export type WorkerMessage =
  | { readonly type: 'answer'; readonly key: number; readonly value: unknown }
  | { readonly type: 'refused'; readonly key: number; readonly reason: string; readonly isExpected: boolean }
  | { readonly type: 'progress'; readonly text: string }
  /** Files to be written: name → text. */
  | { readonly type: 'done'; readonly files: Readonly<Record<string, string>> };

export interface WorkerQuestion {
  readonly key: number;
  readonly question: TravelQuestion;
}

const tell = (message: WorkerMessage) => parentPort?.postMessage(message);

function travel({ file, text }: Extract<WorkerTask, { type: 'travel' }>): void {
  const reading = readRunSource(text, file);
  const answer = reading.ok ? traveller(reading.source) : null;
  // One virtual system at a time: questions are answered in their order.
  let last: Promise<unknown> = Promise.resolve();
  parentPort?.on('message', ({ key, question }: WorkerQuestion) => {
    last = last
      .then(() => {
        if (!reading.ok)
          throw new TravelRefused(`${file} is not a saved run: ${reading.mistakes.join('; ')}`);
        return answer?.(question);
      })
      .then(
        (value) => tell({ type: 'answer', key, value }),
        (error: unknown) => {
          const reason = error instanceof Error ? error.message : String(error);
          tell({ type: 'refused', key, reason, isExpected: error instanceof TravelRefused });
        },
      );
  });
}

async function carryOut(order: RunOrder, folder: string): Promise<void> {
  const files = order.kind === 'run' ? await runFiles(order) : await checkFiles(order, folder);
  tell({ type: 'done', files });
}

async function runFiles({ scenario: name, seed }: Extract<RunOrder, { kind: 'run' }>) {
  const scenario = shippedScenario(name);
  const { evidence } = await runScenarioVirtually({
    ...{ scenario, seed },
    onProgress: ({ step, purchases, purchasesPlanned }) =>
      tell({ type: 'progress', text: `${step}, ${purchases} of ${purchasesPlanned} purchases` }),
  });
  const report = judgeRun(evidence, {
    ...{ world: 'virtual', versions: productVersions(), calledAs: name, description: scenario.description },
  });
  const file = `${name}-${seed}`;
  return {
    [`${file}${runSuffix}`]: textOfSavedRun({ about: `scenario ${name}, seed ${seed}`, seed, scenario }),
    [`${file}.json`]: `${JSON.stringify(report, null, 2)}\n`,
  };
}

async function checkFiles({ seed, runs }: Extract<RunOrder, { kind: 'check' }>, folder: string) {
  const beganAt = wallClock.now();
  const outcome = await checkTestCases({
    ...{ seed, runs, workers: 1, worker: 0, minutes: null, now: wallClock.now },
    onRun: (soFar) => tell({ type: 'progress', text: `${soFar.runs} of ${runs} runs` }),
  });
  const failures = await saveFailures(folder, seed, outcome.failures);
  const seconds = (wallClock.now() - beganAt) / 1_000;
  const report = reportOf(
    {
      ...{ seed, startedAt: beganAt, seconds, versions: productVersions() },
      ...{ corpus: [], isOwn: false, replayOptions: '' },
    },
    outcome,
    failures,
  );
  return { [`check-${seed}-${runs}.json`]: `${JSON.stringify(report, null, 2)}\n` };
}

const task = workerData as WorkerTask;
if (task.type === 'travel') travel(task);
else await carryOut(task.order, task.folder);
