import { type Clock, sleep } from '../../shared/ports/clock.ts';
import { TransportError } from '../../shared/ports/http.ts';
import { problemName } from '../../shared/protocol/problem.ts';
import type { ApiAnswer, ApiClient } from '../live/api-client.ts';
import type { PurchaseAnswer } from '../reports/evidence.ts';
import type { PurchaseOfSchedule } from './plan-of-schedule.ts';

/** Between two tries of a purchase that got no answer. */
const retryMs = 4_000;

export interface BuyersDeps {
  readonly clock: Clock;
  readonly client: ApiClient;
  readonly startedAt: number;
  readonly purchases: readonly PurchaseOfSchedule[];
  readonly onAsk: (purchase: PurchaseOfSchedule) => void;
  readonly onAnswer: (purchase: PurchaseOfSchedule, answer: PurchaseAnswer) => void;
}

/** Every purchase at its moment, again with the same key until somebody answers. Resolves with all answers. */
export function buyAll(deps: BuyersDeps): Promise<PurchaseAnswer[]> {
  const { clock, startedAt, purchases } = deps;
  return Promise.all(
    purchases.map(async (purchase) => {
      await sleep(clock, startedAt + purchase.atMs - clock.now());
      deps.onAsk(purchase);
      const answer = answerOf(clock.now(), purchase, await buy(deps, purchase));
      deps.onAnswer(purchase, answer);
      return answer;
    }),
  );
}

async function buy({ client, clock }: BuyersDeps, purchase: PurchaseOfSchedule): Promise<ApiAnswer> {
  const { customerId, vin, serviceId, duration, method: paymentMethod, preDelivery } = purchase;
  const body = { customerId, vin, serviceId, duration, paymentMethod, preDelivery };
  for (;;) {
    try {
      const answer = await client.send('POST', '/purchases', body, `world-${purchase.id}`);
      if (!isPassing(answer)) return answer;
    } catch (error) {
      if (!isPassingError(error)) throw error;
    }
    await sleep(clock, retryMs);
  }
}

/** No answer, or a token endpoint that is not there yet. */
function isPassingError(error: unknown): boolean {
  return (
    error instanceof TransportError || (error instanceof Error && /refused the client/.test(error.message))
  );
}

/** The answer says itself that another try may end otherwise. */
function isPassing({ status, body }: ApiAnswer): boolean {
  return status >= 500 || problemName((body as { type?: string } | null)?.type) === 'key-in-flight';
}

function answerOf(at: number, { id: plannedId }: PurchaseOfSchedule, answer: ApiAnswer): PurchaseAnswer {
  const fields = (answer.body ?? {}) as { id?: string; type?: string; purchaseId?: string };
  const purchaseId = fields.id ?? fields.purchaseId ?? null;
  return { plannedId, at, status: answer.status, problem: problemName(fields.type), purchaseId };
}
