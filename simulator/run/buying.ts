import { type Clock, sleep } from '../../shared/ports/clock.ts';
import type { PurchaseAnswer } from '../reports/evidence.ts';
import type { Plan } from '../scenarios/plan.ts';
import type { PlannedPurchase } from '../scenarios/planned-purchase.ts';
import type { ApiClient } from './api-client.ts';
import { heardAnswer, orderOf } from './purchase.ts';
import { type Patience, retryWithin } from './retry-until-answered.ts';

/** The customers of a run. */
export interface Customers {
  readonly client: ApiClient;
  readonly clock: Clock;
  readonly patience: Patience;
  readonly onAsk?: (purchase: PlannedPurchase) => void;
  readonly onAnswer?: (answer: PurchaseAnswer) => void;
}

/** Makes every purchase of the plan at its moment, again with the same key until it is answered. Returns a promise for each answer, in the plan's order. */
export function buyAll(
  { client, clock, patience, onAsk, onAnswer }: Customers,
  plan: Plan,
  startedAt: number,
): readonly Promise<PurchaseAnswer>[] {
  return plan.purchases.map(async (planned) => {
    await sleep(clock, startedAt + planned.atMs - clock.now());
    onAsk?.(planned);
    const key = `${plan.scenario}-${plan.seed}-${planned.id}`;
    const body = orderOf(planned);
    const heard = await retryWithin(clock, patience, () => client.send('POST', '/purchases', body, key));
    const answer = heardAnswer(clock.now(), planned.id, heard);
    onAnswer?.(answer);
    return answer;
  });
}
