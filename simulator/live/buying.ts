import { wallClock } from '../../shared/live/clock.ts';
import { sleep } from '../../shared/ports/clock.ts';
import { TransportError } from '../../shared/ports/http.ts';
import { problemName } from '../../shared/protocol/problem.ts';
import type { PurchaseAnswer } from '../reports/evidence.ts';
import type { Plan } from '../scenarios/plan.ts';
import type { PlannedPurchase } from '../scenarios/plan-purchases.ts';
import type { ApiAnswer, ApiClient } from './api-client.ts';

/** A buyer who gets no answer sends the purchase again with its key, for so long; then it is left. */
const patienceMs = 180_000;
const retryMs = 300;

/** Makes all purchases of the plan at their moments after `startedAt`; each answer goes into `answers` as it comes. */
export async function buyAll(
  client: ApiClient,
  plan: Plan,
  startedAt: number,
  answers: PurchaseAnswer[],
): Promise<void> {
  await Promise.all(
    plan.purchases.map(async (planned) => {
      await sleep(wallClock, startedAt + planned.atMs - wallClock.now());
      const key = `${plan.scenario}-${plan.seed}-${planned.id}`;
      answers.push(answerOf(planned, await buy(client, planned, key)));
    }),
  );
}

async function buy(client: ApiClient, planned: PlannedPurchase, key: string): Promise<ApiAnswer | null> {
  const { customerId, vin, serviceId, duration, method: paymentMethod, preDelivery } = planned;
  const body = { customerId, vin, serviceId, duration, paymentMethod, preDelivery };
  const endAt = wallClock.now() + patienceMs;
  for (;;) {
    const answer = await client.send('POST', '/purchases', body, key).catch((error: unknown) => {
      // A gateway that comes back may be asked for a token before it has its clients.
      if (error instanceof TransportError || wallClock.now() < endAt) return null;
      throw error;
    });
    if (answer !== null && !isPassing(answer)) return answer;
    if (wallClock.now() >= endAt) return answer;
    await sleep(wallClock, retryMs);
  }
}

/** The answer says itself that another try may end otherwise. */
function isPassing({ status, body }: ApiAnswer): boolean {
  return (
    status >= 500 ||
    status === 429 ||
    problemName((body as { type?: string } | null)?.type) === 'key-in-flight'
  );
}

function answerOf({ id: plannedId }: PlannedPurchase, answer: ApiAnswer | null): PurchaseAnswer {
  const at = wallClock.now();
  if (answer === null) return { plannedId, at, status: null, problem: null, purchaseId: null };
  const fields = (answer.body ?? {}) as { id?: string; type?: string; purchaseId?: string };
  const purchaseId = fields.id ?? fields.purchaseId ?? null;
  return { plannedId, at, status: answer.status, problem: problemName(fields.type), purchaseId };
}
