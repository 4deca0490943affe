/** As shells have it for a process that SIGINT ended. */
const cutCode = 130;

/** The first SIGINT or SIGTERM asks for a polite end, the second cuts. `promise` resolves at the first. */
export function firstSignal(onCut: (text: string) => void): { promise: Promise<void>; dispose(): void } {
  let count = 0;
  let resolve: () => void = () => {};
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  const listener = () => {
    count += 1;
    if (count === 1) return resolve();
    onCut('cut by a second signal; what was under way is found again at the next start');
    process.exit(cutCode);
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
