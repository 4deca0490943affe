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
    // The reason why it could not start is what counts, not what went wrong while closing.
    await closeAll(closes.reverse()).catch(() => {});
    throw error;
  }
}

/** Closes one after the other. What cannot be closed keeps nothing else open; the first error is thrown at the end. */
export async function closeAll(closes: readonly (() => Promise<unknown>)[]): Promise<void> {
  const errors: unknown[] = [];
  for (const close of closes) {
    try {
      await close();
    } catch (error) {
      errors.push(error);
    }
  }
  if (errors.length > 0) throw errors[0];
}
