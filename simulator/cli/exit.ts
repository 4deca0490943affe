/** Exit codes, documented in docs/operations.md. */
export const exitCodes = {
  ok: 0,
  /** The run took place and something did not hold, or what was looked for is not there. */
  failed: 1,
  /** The call, the configuration or the machine is not right: nothing was run. */
  unusable: 2,
  /** A second signal cut the run. */
  cut: 130,
} as const;

/** The call or its surroundings are wrong; the message is a sentence that names the cure. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}
