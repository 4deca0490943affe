/**
 * Resolves as soon as `condition` holds, looking every few milliseconds of real time. Rejects with `description` when it
 * does not hold within `timeoutMs` (10 s): a test waits for what it wants to see, never for a time.
 */
export async function until(
  condition: () => boolean | Promise<boolean>,
  description: string,
  timeoutMs = 10_000,
): Promise<void> {
  const deadlineAt = performance.now() + timeoutMs;
  while (!(await condition())) {
    if (performance.now() > deadlineAt) throw new Error(`waited ${timeoutMs} ms in vain: ${description}`);
    await new Promise<void>((resolve) => setTimeout(resolve, 5));
  }
}
