/** What a page knows of its session. No secret of the API is in it. */
export interface SessionView {
  /** The client, or the subject of the token. */
  readonly name: string;
  /** The platform's scopes that it reaches. */
  readonly scopes: readonly string[];
  /** Goes with each change, in `x-fleetwake-change`. */
  readonly changeToken: string;
  readonly expiresAt: number;
  /** Whether the console controls faults. */
  readonly hasControl: boolean;
}
