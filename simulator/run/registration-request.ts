import { backOffMs } from '../../gateway/background/back-off.ts';
import { TokenUnavailable } from '../../gateway/oauth/access-token.ts';
import { type Clock, sleep } from '../../shared/ports/clock.ts';
import { TransportError } from '../../shared/ports/http.ts';
import { type Log, silentLog } from '../../shared/ports/log.ts';
import { namedWaitMs } from '../../shared/protocol/retry-after.ts';
import type { ApiAnswer, ApiClient } from './api-client.ts';

/** A request is not sent again once so much time has passed since its first try. */
export const retryWithinMs = 120_000;
const backOff = { baseMs: 500, maxMs: 15_000 };

/** A rate limit, or a surface (or what stands before it) that has no capacity at present. */
const busyStatuses: ReadonlySet<number> = new Set([429, 502, 503, 504]);

interface Try {
  readonly answer: ApiAnswer | null;
  /** What was not taken and why; null when it was taken. */
  readonly refusal: string | null;
  /** Another try may be taken. */
  readonly isBusy: boolean;
  /** The wait that the surface asked for. */
  readonly askedWaitMs: number | null;
}

/**
 * Sends a request that may be repeated until its surface takes or refuses it. A busy surface (429, 502, 503, 504, no answer in time)
 * is asked again after a back-off, never earlier than its Retry-After, for `retryWithinMs`. Rejects where nothing listens.
 */
export async function sendUntilTaken(
  deps: { readonly clock: Clock; readonly log?: Log },
  client: ApiClient,
  path: string,
  body: unknown,
): Promise<{ answer: ApiAnswer | null; refusal: string | null; retries: number }> {
  const { clock, log = silentLog } = deps;
  const endAt = clock.now() + retryWithinMs;
  for (let retries = 0; ; retries++) {
    const { answer, refusal, isBusy, askedWaitMs } = await tryOnce(clock, client, path, body);
    if (refusal === null || !isBusy) return { answer, refusal, retries };
    const waitMs = Math.max(backOffMs(backOff, retries + 1), askedWaitMs ?? 0);
    if (clock.now() + waitMs > endAt) {
      const asked =
        askedWaitMs === null ? '' : `, and asked for a wait of ${Math.ceil(askedWaitMs / 1_000)} s`;
      return { answer, refusal: `${refusal} after ${retries + 1} tries${asked}`, retries };
    }
    log.warn('registration.retry_scheduled', { path, reason: refusal, waitMs });
    await sleep(clock, waitMs);
  }
}

async function tryOnce(clock: Clock, client: ApiClient, path: string, body: unknown): Promise<Try> {
  try {
    const answer = await client.send('POST', path, body);
    return {
      answer,
      refusal: answer.status < 300 ? null : `${path} answered ${answer.status}`,
      isBusy: busyStatuses.has(answer.status),
      askedWaitMs: askedWaitMs(answer.headers, clock),
    };
  } catch (error) {
    if (error instanceof TokenUnavailable && busyStatuses.has(error.response.status)) {
      return {
        answer: null,
        refusal: `${path}: ${error.message}`,
        isBusy: true,
        askedWaitMs: askedWaitMs(error.response.headers, clock),
      };
    }
    // Nothing listens there: a wrong address does not become right.
    if (!(error instanceof TransportError) || error.kind === 'refused') throw error;
    return { answer: null, refusal: `${path}: ${error.message}`, isBusy: true, askedWaitMs: null };
  }
}

const askedWaitMs = (headers: Headers, clock: Clock) => namedWaitMs(headers.get('retry-after'), clock.now());
