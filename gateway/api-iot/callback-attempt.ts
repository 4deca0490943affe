import { type Clock, wallNow } from '../../shared/ports/clock.ts';
import type { Http } from '../../shared/ports/http.ts';
import { maskedText } from '../../shared/protocol/address.ts';
import { signCallback } from '../http/webhook-signature.ts';
import type { CallbackRow } from './store/schema.ts';

interface AttemptDeps {
  readonly http: Http;
  readonly clock: Clock;
  /** Standard Webhooks secret: `whsec_` and base64. */
  readonly secret: string;
  readonly timeoutMs: number;
}

/** How one attempt to deliver a callback ended. `permanent`: no other attempt can end otherwise. */
export type AttemptOutcome =
  | { readonly kind: 'delivered' }
  | { readonly kind: 'failed'; readonly reason: string; readonly permanent: boolean };

const failed = (reason: string, permanent = false): AttemptOutcome => ({
  kind: 'failed',
  reason: maskedText(reason).slice(0, reasonMax),
  permanent,
});

/** Reasons are kept with the callback, cut here. */
const reasonMax = 500;

/** Builds the signed request, or says why no request can be made of this row. */
function requestOf(
  { clock, secret }: AttemptDeps,
  callback: CallbackRow,
  signal: AbortSignal,
): Request | string {
  try {
    const headers = {
      'content-type': 'application/json',
      ...(callback.traceparent === null ? {} : { traceparent: callback.traceparent }),
      ...signCallback(secret, callback.id, wallNow(clock), callback.body),
    };
    return new Request(callback.url, { method: 'POST', headers, body: callback.body, signal });
  } catch (error) {
    return `cannot be sent: ${error instanceof Error ? error.message : String(error)}`;
  }
}

async function send(http: Http, request: Request): Promise<AttemptOutcome> {
  try {
    const response = await http(request);
    await response.body?.cancel();
    if (response.ok) return { kind: 'delivered' };
    return failed(`the receiver answered ${response.status}`, response.status === 410);
  } catch (error) {
    return failed(String(error));
  }
}

/** Tries once to deliver a callback, cut after `timeoutMs` or by the caller's abort. Never rejects. */
export async function attemptCallback(
  deps: AttemptDeps,
  callback: CallbackRow,
  cut: AbortController,
): Promise<AttemptOutcome> {
  const request = requestOf(deps, callback, cut.signal);
  if (typeof request === 'string') return failed(request, true);
  const unanswered = new Promise<AttemptOutcome>((resolve) =>
    cut.signal.addEventListener('abort', () => resolve(failed('no answer in time')), { once: true }),
  );
  const timer = deps.clock.setTimer(deps.timeoutMs, () => cut.abort());
  try {
    return await Promise.race([send(deps.http, request), unanswered]);
  } finally {
    timer.cancel();
  }
}
