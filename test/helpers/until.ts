/**
 * Resolves as soon as `condition` holds, looking every few milliseconds of real time. Rejects with `description` when it
 * does not hold within `timeoutMs`: a test waits for what it wants to see, never for a time. The limit only ends a test
 * that would never end, so it is far above what the slowest machine needs.
 */
export async function until(
  condition: () => boolean | Promise<boolean>,
  description: string,
  timeoutMs = 280_000,
): Promise<void> {
  const deadlineAt = performance.now() + timeoutMs;
  while (!(await condition())) {
    if (performance.now() > deadlineAt) throw new Error(`waited ${timeoutMs} ms in vain: ${description}`);
    await new Promise<void>((resolve) => setTimeout(resolve, 5));
  }
}
