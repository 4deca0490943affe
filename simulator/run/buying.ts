import { type Clock, sleep } from '../../shared/ports/clock.ts';
import type { PurchaseAnswer } from '../reports/evidence.ts';
import type { Plan } from '../scenarios/plan.ts';
import type { PlannedPurchase } from '../scenarios/planned-purchase.ts';
import type { ApiClient } from './api-client.ts';
import { heardAnswer, orderOf } from './purchase.ts';
import { type Patience, retryWithin } from './retry-until-answered.ts';

/** The customers of a run, and where they buy. */
export interface Customers {
  readonly clock: Clock;
  /** Makes one purchase and resolves with what its customer received. `key` is the same in all tries of a purchase. */
  readonly buy: (purchase: PlannedPurchase, key: string) => Promise<PurchaseAnswer>;
  readonly onAsk?: (purchase: PlannedPurchase) => void;
  readonly onAnswer?: (answer: PurchaseAnswer) => void;
}

/** Returns customers of the platform, who send a purchase again with the same key until it is answered. */
export function platformCustomers(deps: {
  readonly client: ApiClient;
  readonly clock: Clock;
  readonly patience: Patience;
}): Customers {
  const { client, clock, patience } = deps;
  return {
    clock,
    async buy(planned, key) {
      const body = orderOf(planned);
      const heard = await retryWithin(clock, patience, () => client.send('POST', '/purchases', body, key));
      return heardAnswer(clock.now(), planned.id, heard);
    },
  };
}

/** Makes every purchase of the plan at its moment. Returns a promise for each answer, in the plan's order. */
export function buyAll(
  { buy, clock, onAsk, onAnswer }: Customers,
  plan: Plan,
  startedAt: number,
): readonly Promise<PurchaseAnswer>[] {
  return plan.purchases.map(async (planned) => {
    await sleep(clock, startedAt + planned.atMs - clock.now());
    onAsk?.(planned);
    const answer = await buy(planned, `${plan.scenario}-${plan.seed}-${planned.id}`);
    onAnswer?.(answer);
    return answer;
  });
}
