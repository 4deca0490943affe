/**
 * Sends one request. Resolves with the answer, of any status; rejects only with `TransportError`, if there was no answer.
 * Same shape as global `fetch`, so a Hono app's `app.fetch` is one too.
 */
export type Http = (request: Request) => Promise<Response>;

export type TransportErrorKind = 'refused' | 'timeout' | 'busy' | 'reset';

/** No answer came. That means unknown, unless the request certainly never left. */
export class TransportError extends Error {
  override readonly name = 'TransportError';
  /** `busy`: no answer in time, but this process had no turn for most of it, so that one may have come. */
  readonly kind: TransportErrorKind;
  /** False only when the request certainly did not reach the other side. */
  readonly mayHaveSucceeded: boolean;

  constructor(kind: TransportErrorKind, message: string, mayHaveSucceeded: boolean, options?: ErrorOptions) {
    super(message, options);
    this.kind = kind;
    this.mayHaveSucceeded = mayHaveSucceeded;
  }
}
