import { codeOf, firstSignal } from '../../shared/live/signals.ts';
import type { Progress } from '../run/run-context.ts';
import { StoppedBySignal } from './exit.ts';
import { progressWriter } from './progress.ts';

/** Runs in real time with its progress on standard error; a signal stops it before its verdict, and rejects. */
export async function stoppableRun<Result>(
  work: (parts: {
    readonly onProgress: (progress: Progress) => void;
    readonly stopped: Promise<never>;
  }) => Promise<Result>,
): Promise<Result> {
  const progress = progressWriter(process.stderr);
  const say = (text: string) => {
    progress.end();
    process.stderr.write(`${text}\n`);
  };
  const stop = firstSignal(say);
  const stopped = stop.promise.then((signal): never => {
    say('stopping gracefully (a second signal stops at once)');
    throw new StoppedBySignal(`${signal} stopped the run before the verdict: run it again`, codeOf(signal));
  });
  // The caller receives the rejection.
  stopped.catch(() => {});
  try {
    return await work({ onProgress: progress.show, stopped });
  } finally {
    progress.end();
    stop.dispose();
  }
}
