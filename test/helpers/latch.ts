/** Holds back the last one who waits until it is let go. */
export function latch() {
  let release: () => void = () => {};
  return {
    wait: () =>
      new Promise<void>((resolve) => {
        release = resolve;
      }),
    letGo: () => release(),
  };
}
