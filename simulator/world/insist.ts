import { type Clock, sleep } from '../../shared/ports/clock.ts';
import { TransportError } from '../../shared/ports/http.ts';
import { type ApiAnswer, ClientRefused } from '../run/api-client.ts';
import { isPassing } from '../run/purchase.ts';

/** Between two tries of a request that got no answer. */
const retryMs = 4_000;

/** Asks again and again until somebody answers; a request that changes something carries one Idempotency-Key in all of its tries. */
export async function insist(clock: Clock, ask: () => Promise<ApiAnswer>): Promise<ApiAnswer> {
  for (;;) {
    try {
      const answer = await ask();
      if (!isPassing(answer)) return answer;
    } catch (error) {
      if (!isPassingError(error)) throw error;
    }
    await sleep(clock, retryMs);
  }
}

/** No answer, or a token endpoint that is not there yet. */
function isPassingError(error: unknown): boolean {
  return error instanceof TransportError || error instanceof ClientRefused;
}
