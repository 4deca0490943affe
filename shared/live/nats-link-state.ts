export interface LinkState {
  /**
   * Waits for the connection, up to `waitMaxMs` after it was lost, and rejects as soon as it drops: an acknowledgement
   * would not come any more.
   */
  whileConnected(work: () => Promise<void>): Promise<void>;
  /** Null while connected. */
  problem(): string | null;
  connected(): void;
  disconnected(): void;
}

/** What the client library holds back while it is disconnected may be lost, so nothing is handed to it then. */
export function linkState(waitMaxMs: number): LinkState {
  let lostAt: number | null = null;
  const underWay = new Set<(reason: Error) => void>();
  const waiting = new Set<() => void>();

  const connection = (leftMs: number) =>
    new Promise<void>((resolve, reject) => {
      const go = () => {
        clearTimeout(timer);
        waiting.delete(go);
        resolve();
      };
      const timer = setTimeout(() => {
        waiting.delete(go);
        reject(new Error('not connected'));
      }, leftMs);
      waiting.add(go);
    });

  return {
    async whileConnected(work) {
      if (lostAt !== null) {
        const leftMs = lostAt + waitMaxMs - performance.now();
        // A server that restarts is worth a short wait, one that is away is not.
        if (leftMs <= 0) throw new Error('not connected');
        await connection(leftMs);
      }
      await new Promise<void>((resolve, reject) => {
        underWay.add(reject);
        work()
          .then(resolve, reject)
          .finally(() => underWay.delete(reject));
      });
    },
    problem: () => (lostAt === null ? null : 'not connected'),
    connected() {
      lostAt = null;
      for (const go of waiting) go();
    },
    disconnected() {
      lostAt ??= performance.now();
      for (const reject of underWay) reject(new Error('the connection dropped'));
    },
  };
}
