import { type Clock, sleep } from '../../shared/ports/clock.ts';
import { TransportError } from '../../shared/ports/http.ts';
import { type ApiAnswer, ClientRefused } from './api-client.ts';
import { isPassing } from './purchase.ts';

export interface Patience {
  /** Between two tries of a request that got no answer. */
  readonly retryMs: number;
  /** After so long the last answer stands. */
  readonly totalMs: number;
}

/** Real time after which a customer of a scenario gives up, and the least of it that a compressed run has. */
const patienceMs = 5 * 3_600_000;
const patienceLeastMs = 180_000;

/** Returns how long the customers of a scenario try: five hours, compressed, and not less than three minutes of the run. */
export function buyerPatience({ timeScale }: { readonly timeScale: number }): Patience {
  return { retryMs: 300, totalMs: Math.max(patienceLeastMs, Math.round(patienceMs / timeScale)) };
}

/** Of a user in virtual time, where a try costs and waiting does not. */
export const endlessPatience: Patience = { retryMs: 4_000, totalMs: Number.POSITIVE_INFINITY };

/**
 * Sends a request again until an answer comes that another try would not change; null: none came in time. A request that changes
 * something carries one Idempotency-Key in all of its tries.
 */
export async function retryWithin(
  clock: Clock,
  { retryMs, totalMs }: Patience,
  ask: () => Promise<ApiAnswer>,
): Promise<ApiAnswer | null> {
  const endAt = clock.now() + totalMs;
  for (;;) {
    const answer = await ask().catch((error: unknown) => {
      // A gateway that comes back may be asked for a token before it has its clients.
      if (error instanceof TransportError || (error instanceof ClientRefused && clock.now() < endAt))
        return null;
      throw error;
    });
    if (answer !== null && !isPassing(answer)) return answer;
    if (clock.now() >= endAt) return answer;
    await sleep(clock, retryMs);
  }
}

/** Sends a request until it is answered, however long that takes. */
export async function retryUntilAnswered(clock: Clock, ask: () => Promise<ApiAnswer>): Promise<ApiAnswer> {
  const answer = await retryWithin(clock, endlessPatience, ask);
  if (answer === null) throw new Error('an endless wait has ended');
  return answer;
}
