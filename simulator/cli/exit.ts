import { maskedText } from '../../shared/protocol/address.ts';

/** Exit codes, documented in docs/operations.md. */
export const exitCodes = {
  ok: 0,
  /** The run took place and something did not hold, or what was looked for is not there. */
  failed: 1,
  /** The call, the configuration or the machine is not right: nothing was run. */
  unusable: 2,
  /** What was waited for had not ended in the time that was given to it. */
  open: 3,
} as const;

/** A signal ended a run before its verdict; the exit code is the signal's, as in a shell. */
export class StoppedBySignal extends Error {
  override readonly name = 'StoppedBySignal';
  readonly exitCode: number;

  constructor(message: string, exitCode: number) {
    super(message);
    this.exitCode = exitCode;
  }
}

/** Error of a wrong call or environment; the message is a sentence that names the fix. No URL in it shows credentials or its query. */
export class UsageError extends Error {
  override readonly name = 'UsageError';

  constructor(message: string, options?: ErrorOptions) {
    super(maskedText(message), options);
  }
}
