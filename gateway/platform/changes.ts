/** Tells that the record may have grown. What is new is read from the database: a lost or needless call does no harm. */
export interface Changes {
  /** Calls back after commits until the returned function is called. */
  subscribe(callback: () => void): () => void;
}

/** Changes of this process: call `notify` after each commit that adds lines to the history. */
export function newChanges(): Changes & { notify(): void } {
  const callbacks = new Set<() => void>();
  return {
    subscribe(callback) {
      const own = () => callback();
      callbacks.add(own);
      return () => callbacks.delete(own);
    },
    notify() {
      for (const callback of callbacks) callback();
    },
  };
}
