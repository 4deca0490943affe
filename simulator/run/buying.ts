import { type Clock, sleep } from '../../shared/ports/clock.ts';
import { TransportError } from '../../shared/ports/http.ts';
import type { PurchaseAnswer } from '../reports/evidence.ts';
import type { Plan } from '../scenarios/plan.ts';
import type { PlannedPurchase } from '../scenarios/plan-purchases.ts';
import type { ApiAnswer, ApiClient } from './api-client.ts';
import { heardAnswer, isPassing, orderOf } from './purchase.ts';

/** A buyer who gets no answer sends the purchase again with its key, for so long; then it is left. */
const patienceMs = 180_000;
const retryMs = 300;

export interface BuyingDeps {
  readonly client: ApiClient;
  readonly clock: Clock;
  readonly plan: Plan;
  readonly startedAt: number;
  /** Each answer goes in as it comes. */
  readonly answers: PurchaseAnswer[];
}

/** Makes all purchases of the plan at their moments after `startedAt`. */
export async function buyAll({ client, clock, plan, startedAt, answers }: BuyingDeps): Promise<void> {
  await Promise.all(
    plan.purchases.map(async (planned) => {
      await sleep(clock, startedAt + planned.atMs - clock.now());
      const key = `${plan.scenario}-${plan.seed}-${planned.id}`;
      const answer = await buy({ client, clock }, planned, key);
      answers.push(heardAnswer(clock.now(), planned.id, answer));
    }),
  );
}

async function buy(
  { client, clock }: Pick<BuyingDeps, 'client' | 'clock'>,
  planned: PlannedPurchase,
  key: string,
): Promise<ApiAnswer | null> {
  const body = orderOf(planned);
  const endAt = clock.now() + patienceMs;
  for (;;) {
    const answer = await client.send('POST', '/purchases', body, key).catch((error: unknown) => {
      // A gateway that comes back may be asked for a token before it has its clients.
      if (error instanceof TransportError || clock.now() < endAt) return null;
      throw error;
    });
    if (answer !== null && !isPassing(answer)) return answer;
    if (clock.now() >= endAt) return answer;
    await sleep(clock, retryMs);
  }
}
