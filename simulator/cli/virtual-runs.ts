import { Worker } from 'node:worker_threads';
import { runsAtOnce, type VirtualRuns } from '../console/server/virtual-runs.ts';
import type { RunningView, RunOrder } from '../moments/run-views.ts';
import { TravelPostponed, type TravelQuestion, TravelRefused } from '../moments/travel.ts';
import { reportsFolder } from './reports-folder.ts';
import type { WorkerMessage, WorkerQuestion, WorkerTask } from './run-worker.ts';

/** Runs that are open for travelling; the one that was asked least recently makes room for another. */
const travelledMax = 2;
/** Questions of all pages that one travelled run has not answered yet: each may play the run again. */
const questionsMax = 20;
/** Runs that failed and are still shown. */
const failedMax = 20;

interface Job {
  view: RunningView;
  readonly worker: Worker;
}

/** Runs and checks of the console, each in a thread of its own, so that the console answers meanwhile. */
export function virtualRuns(path: string): VirtualRuns {
  const folder = reportsFolder(path);
  const jobs = new Map<string, Job>();
  const travelled = new Map<string, Travelled>();
  const ending = new Set<Promise<unknown>>();
  let lastId = 0;

  function start(order: RunOrder): RunningView | null {
    const active = [...jobs.values()].filter(({ view }) => view.problem === null);
    if (active.length >= runsAtOnce) return null;
    lastId += 1;
    const id = String(lastId);
    const worker = threadOf({ type: 'order', order, folder: path });
    const job: Job = { worker, view: { id, order, progress: 'starting', problem: null } };
    jobs.set(id, job);
    const update = (change: Partial<RunningView>) => {
      job.view = { ...job.view, ...change };
    };
    let isDone: boolean = false;
    worker.on('message', (message: WorkerMessage) => {
      if (message.type === 'progress') update({ progress: message.text });
      if (message.type !== 'done') return;
      isDone = true;
      void folder.writeNew(message.files).then(
        () => jobs.delete(id),
        (error: unknown) => update({ problem: `its report cannot be written: ${String(error)}` }),
      );
    });
    worker.on('error', (error) => update({ problem: error.message }));
    worker.on('exit', () => {
      if (!isDone && job.view.problem === null) update({ problem: 'its thread ended before the run did' });
    });
    forgetOldest(jobs);
    return job.view;
  }

  function endRun(run: Travelled): void {
    const end = run.end();
    ending.add(end);
    void end.finally(() => ending.delete(end));
  }

  async function openRun(file: string): Promise<Travelled> {
    const text = await folder.read(file);
    if (text === null) throw new TravelRefused('the folder of reports has no such file');
    // Nothing is awaited from here on, so that questions that come together find the same run.
    const known = travelled.get(file);
    travelled.delete(file);
    const isOpen = known?.text === text && known.isAlive();
    if (known && !isOpen) endRun(known);
    for (const [name, oldest] of [...travelled].slice(0, Math.max(0, travelled.size - travelledMax + 1))) {
      travelled.delete(name);
      endRun(oldest);
    }
    const opened = known && isOpen ? known : travelledRun(file, text);
    travelled.set(file, opened);
    return opened;
  }

  return {
    folder: path,
    running: () => [...jobs.values()].map(({ view }) => view),
    finished: folder.list,
    read: folder.read,
    start,
    cancel(id) {
      const job = jobs.get(id);
      void job?.worker.terminate();
      return jobs.delete(id);
    },
    travel: async (file, question) => (await openRun(file)).ask(question),
    async stop() {
      const workers = [...jobs.values()].map(({ worker }) => worker.terminate());
      await Promise.all([...workers, ...ending, ...[...travelled.values()].map((run) => run.end())]);
    },
  };
}

function forgetOldest(jobs: Map<string, Job>): void {
  const failed = [...jobs].filter(([, { view }]) => view.problem !== null);
  for (const [id] of failed.slice(0, Math.max(0, failed.length - failedMax))) jobs.delete(id);
}

/** A thread that works on a task. It has the memory of a few large runs, and no more. */
function threadOf(workerData: WorkerTask): Worker {
  return new Worker(new URL('./run-worker.js', import.meta.url), {
    workerData,
    // Not the flags of the process: a thread refuses some of them, such as --max-old-space-size.
    execArgv: ['--enable-source-maps'],
    resourceLimits: { maxOldGenerationSizeMb: 1_024 },
  });
}

interface Travelled {
  readonly text: string;
  isAlive(): boolean;
  ask(question: TravelQuestion): Promise<unknown>;
  end(): Promise<unknown>;
}

function travelledRun(file: string, text: string): Travelled {
  const worker = threadOf({ type: 'travel', file, text });
  const open = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>();
  let lastKey = 0;
  let isAlive = true;
  worker.on('message', (message: WorkerMessage) => {
    if (message.type !== 'answer' && message.type !== 'refused') return;
    const asked = open.get(message.key);
    open.delete(message.key);
    if (message.type === 'answer') asked?.resolve(message.value);
    else asked?.reject(message.isExpected ? new TravelRefused(message.reason) : new Error(message.reason));
  });
  const ended = (error: Error) => {
    isAlive = false;
    for (const { reject } of open.values()) reject(error);
    open.clear();
  };
  worker.on('error', (error) => ended(new TravelRefused(`the run ended early: ${error.message}`)));
  worker.on('exit', () => ended(new TravelPostponed('the run made room for another one: ask again')));
  return {
    text,
    isAlive: () => isAlive,
    ask: (question) =>
      new Promise((resolve, reject) => {
        if (open.size >= questionsMax)
          throw new TravelPostponed(
            `${questionsMax} questions wait for this run: ask again once they are answered`,
          );
        lastKey += 1;
        open.set(lastKey, { resolve, reject });
        const asked: WorkerQuestion = { key: lastKey, question };
        worker.postMessage(asked);
      }),
    end: () => worker.terminate(),
  };
}
