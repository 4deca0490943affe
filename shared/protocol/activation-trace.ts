/**
 * The one trace (W3C Trace Context) of everything that is done for an activation: nothing has to be stored, because it
 * follows from the SHA-256 of the activation's id.
 */
export function activationTrace(digest: string): { readonly traceId: string; readonly traceparent: string } {
  const traceId = digest.slice(0, 32);
  return { traceId, traceparent: `00-${traceId}-${digest.slice(32, 48)}-01` };
}

/** The context of one attempt of an activation, made from both likewise. */
export function attemptTraceparent(
  { digest }: { digest(text: string): string },
  activationId: string,
  attempt: number,
): string {
  return `00-${digest(activationId).slice(0, 32)}-${digest(`${activationId}:${attempt}`).slice(0, 16)}-01`;
}

/** The trace id in a traceparent, or null. */
export function traceIdOf(traceparent: string | undefined): string | null {
  return /^[0-9a-f]{2}-([0-9a-f]{32})-/.exec(traceparent ?? '')?.[1] ?? null;
}
