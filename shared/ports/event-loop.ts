/** The turns of this process's event loop: while one lasts, nothing is received and no timer fires. */
export interface EventLoop {
  /** Milliseconds so far that turns of more than 50 ms took. */
  busyMs(): number;
  /** By how many milliseconds timers were late within the last half second at the most, the one that is due now included. */
  lagMs(): number;
  /** Calls back with the milliseconds of each turn of more than 50 ms, from now on. Returns what ends that. */
  onLongTurn(listener: (ms: number) => void): () => void;
}
