import { Session } from 'node:inspector';

/** One function of a script, as V8 counted it: where it stands in the built file, and how often it was called. */
export interface FunctionCount {
  /** URL of the built file. */
  readonly url: string;
  readonly start: number;
  readonly end: number;
  /** Empty where the function has none. */
  readonly name: string;
  readonly calls: number;
}

let session: Session | null = null;

/** Counts the calls of every function in this process from now on: before any other module is loaded, it counts those too. */
export function startCoverage(): void {
  session = new Session();
  session.connect();
  session.post('Profiler.enable');
  session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: false });
}

/**
 * Returns the counts of the scripts whose URL passes; a script's own top level, which begins at 0, says that it was loaded.
 * Nothing where nothing was started.
 */
export function takeCoverage(isWanted: (url: string) => boolean): FunctionCount[] {
  const counts: FunctionCount[] = [];
  // The inspector answers a session of the same process at once.
  session?.post('Profiler.takePreciseCoverage', (error, answer) => {
    if (error) throw error;
    for (const { url, functions } of answer.result) {
      if (!isWanted(url)) continue;
      for (const { functionName, ranges } of functions) {
        const [range] = ranges;
        if (range === undefined) continue;
        const { startOffset: start, endOffset: end, count: calls } = range;
        counts.push({ url, start, end, name: functionName, calls });
      }
    }
  });
  return counts;
}
