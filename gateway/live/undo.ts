/**
 * Runs a start that opens several things one after the other. What it hands to `undo` is closed again, the last first, when
 * a later step fails: a start that failed must leave nothing that keeps the process alive.
 */
export async function undoneOnFailure<T>(
  start: (undo: (close: () => Promise<unknown>) => void) => Promise<T>,
): Promise<T> {
  const closes: (() => Promise<unknown>)[] = [];
  try {
    return await start((close) => closes.push(close));
  } catch (error) {
    for (const close of closes.reverse()) await close();
    throw error;
  }
}
