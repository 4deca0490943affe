import { constants } from 'node:os';

type EndSignal = 'SIGINT' | 'SIGTERM';

/** As shells have it for a process that a signal ended: 130 and 143. */
export function codeOf(signal: EndSignal): number {
  return 128 + constants.signals[signal];
}

/** The first SIGINT or SIGTERM asks for a polite end, the second cuts. `promise` resolves at the first, with its name. */
export function firstSignal(onCut: (text: string) => void): {
  promise: Promise<EndSignal>;
  dispose(): void;
} {
  let count = 0;
  let resolve: (signal: EndSignal) => void = () => {};
  const promise = new Promise<EndSignal>((done) => {
    resolve = done;
  });
  const listener = (signal: EndSignal) => {
    count += 1;
    if (count === 1) return resolve(signal);
    onCut('cut by a second signal; what was under way is found again at the next start');
    process.exit(codeOf(signal));
  };
  process.on('SIGINT', listener);
  process.on('SIGTERM', listener);
  return {
    promise,
    dispose() {
      process.off('SIGINT', listener);
      process.off('SIGTERM', listener);
    },
  };
}
