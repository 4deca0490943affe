import { type Clock, sleep } from '../../shared/ports/clock.ts';
import type { ApiAnswer, ApiClient } from '../live/api-client.ts';
import type { PurchaseAnswer } from '../reports/evidence.ts';
import { insist, problemOf } from './insist.ts';
import type { PurchaseOfSchedule } from './plan-of-schedule.ts';

export interface BuyersDeps {
  readonly clock: Clock;
  readonly client: ApiClient;
  readonly startedAt: number;
  readonly purchases: readonly PurchaseOfSchedule[];
  readonly onAsk: (purchase: PurchaseOfSchedule) => void;
  readonly onAnswer: (purchase: PurchaseOfSchedule, answer: PurchaseAnswer) => void;
}

/** Every purchase at its moment, again with the same key until somebody answers. A promise of the answer for each, in their order. */
export function buyAll(deps: BuyersDeps): readonly Promise<PurchaseAnswer>[] {
  const { clock, startedAt, purchases } = deps;
  return purchases.map(async (purchase) => {
    await sleep(clock, startedAt + purchase.atMs - clock.now());
    deps.onAsk(purchase);
    const answer = answerOf(clock.now(), purchase, await buy(deps, purchase));
    deps.onAnswer(purchase, answer);
    return answer;
  });
}

function buy({ client, clock }: BuyersDeps, purchase: PurchaseOfSchedule): Promise<ApiAnswer> {
  const { customerId, vin, serviceId, duration, method: paymentMethod, preDelivery } = purchase;
  const body = { customerId, vin, serviceId, duration, paymentMethod, preDelivery };
  return insist(clock, () => client.send('POST', '/purchases', body, `world-${purchase.id}`));
}

function answerOf(
  at: number,
  { id: plannedId }: PurchaseOfSchedule,
  { status, body }: ApiAnswer,
): PurchaseAnswer {
  const fields = (body ?? {}) as { id?: string; purchaseId?: string };
  const purchaseId = fields.id ?? fields.purchaseId ?? null;
  return { plannedId, at, status, problem: problemOf(body), purchaseId };
}
