import { type Clock, sleep } from '../../shared/ports/clock.ts';
import type { Http } from '../../shared/ports/http.ts';
import { maskedIn } from '../../shared/protocol/address.ts';
import { namedWaitMs } from '../../shared/protocol/retry-after.ts';

/**
 * How one attempt ended. `failed`: it may be taken later, after `retryAfterMs` where the receiver names a wait. `refused`: this
 * event will not be taken. `gone`: the receiver wants no event any more (410).
 */
export type WebhookOutcome =
  | { readonly kind: 'delivered' }
  | { readonly kind: 'failed'; readonly reason: string; readonly retryAfterMs: number | null }
  | { readonly kind: 'refused' | 'gone'; readonly reason: string };

/** A mistake of the receiver must not put an event off for longer. */
const retryAfterMaxMs = 3_600_000;
const reasonMax = 500;
/** Returns the wait that the receiver asks for, within an hour; null without one. */
function askedWaitMs({ headers }: Pick<Response, 'headers'>, now: number): number | null {
  const waitMs = namedWaitMs(headers.get('retry-after'), now);
  return waitMs === null ? null : Math.min(waitMs, retryAfterMaxMs);
}

/** Returns what the receiver's answer means for the event. */
export function outcomeOf(
  response: Pick<Response, 'ok' | 'status' | 'headers'>,
  now: number,
): WebhookOutcome {
  if (response.ok) return { kind: 'delivered' };
  const { status } = response;
  const reason = `the receiver answered ${status}`;
  if (status === 410) return { kind: 'gone', reason };
  const isTemporary = status === 408 || status === 429 || status < 400 || status >= 500;
  if (!isTemporary) return { kind: 'refused', reason };
  return { kind: 'failed', reason, retryAfterMs: askedWaitMs(response, now) };
}

const failed = (error: unknown, url: string): WebhookOutcome => ({
  kind: 'failed',
  reason: maskedIn(String(error), url).slice(0, reasonMax),
  retryAfterMs: null,
});

/** Makes and sends one request, cut after `timeoutMs` or by `signal`; `make` may say why there can be none. Never rejects. */
export async function attemptWebhook(
  { http, clock, timeoutMs }: { readonly http: Http; readonly clock: Clock; readonly timeoutMs: number },
  make: (signal: AbortSignal) => Request | string,
  signal: AbortSignal,
): Promise<WebhookOutcome> {
  const end = new AbortController();
  const request = make(end.signal);
  if (typeof request === 'string') return { kind: 'refused', reason: request };
  const abort = () => end.abort();
  signal.addEventListener('abort', abort);
  const late = sleep(clock, timeoutMs, end.signal).then(() => failed('no answer in time', request.url));
  try {
    const answer = http(request).then(
      async (response) => {
        await response.body?.cancel();
        return outcomeOf(response, clock.now());
      },
      (error: unknown) => failed(error, request.url),
    );
    return await Promise.race([answer, late]);
  } catch (error) {
    return failed(error, request.url);
  } finally {
    signal.removeEventListener('abort', abort);
    end.abort();
  }
}
