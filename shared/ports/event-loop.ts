/** The turns of this process's event loop: while one lasts, nothing is received and no timer fires. */
export interface EventLoop {
  /** Milliseconds so far that turns of more than 50 ms took. */
  busyMs(): number;
  /** Calls back with the milliseconds of each turn of more than 50 ms, from now on. Returns what ends that. */
  onLongTurn(listener: (ms: number) => void): () => void;
}
