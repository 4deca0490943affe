import { type Clock, sleep } from '../../shared/ports/clock.ts';
import type { PurchaseAnswer } from '../reports/evidence.ts';
import type { ApiClient } from '../run/api-client.ts';
import { saidProblem } from '../run/purchase.ts';
import { retryUntilAnswered } from '../run/retry-until-answered.ts';
import type { TestCasePurchase } from './purchases-of-test-case.ts';
import type { LifeEvent, TestCase } from './test-case.ts';

/** Cancellation request of a customer, and the platform's answer. */
export interface CancelAnswer {
  readonly purchaseId: string;
  readonly askedAt: number;
  readonly at: number;
  readonly status: number;
  readonly problem: string | null;
}

export interface CancellationDeps {
  readonly clock: Clock;
  readonly client: ApiClient;
  readonly startedAt: number;
  readonly purchases: readonly TestCasePurchase[];
  /** The answer to each purchase, in their order. */
  readonly bought: readonly Promise<PurchaseAnswer>[];
  readonly onAsk: (purchaseId: string) => void;
  readonly onAnswer: (answer: CancelAnswer) => void;
}

type Cancel = Extract<LifeEvent, { type: 'cancel' }>;

/** Sends every cancellation request at its time, or as soon as the customer knows the purchase; one promise per request. */
export function cancelAll(deps: CancellationDeps, { activations }: TestCase): readonly Promise<void>[] {
  return activations.flatMap(({ atMs, life = [] }, activation) =>
    life.flatMap((event) =>
      event.type === 'cancel' ? [cancel(deps, activation, event, atMs + event.afterMs)] : [],
    ),
  );
}

async function cancel(
  deps: CancellationDeps,
  activation: number,
  { which }: Cancel,
  atMs: number,
): Promise<void> {
  const { bought, client, clock, purchases, startedAt } = deps;
  await sleep(clock, startedAt + atMs - clock.now());
  const made = bought.filter((_, index) => {
    const purchase = purchases[index];
    return purchase?.activation === activation && purchase.atMs <= atMs;
  });
  const accepted = (await Promise.all(made)).filter(({ status }) => status !== null && status < 300);
  const purchaseId = accepted.at(which === 'first' ? 0 : -1)?.purchaseId;
  if (purchaseId == null) return;
  deps.onAsk(purchaseId);
  const askedAt = clock.now();
  const { status, body } = await retryUntilAnswered(clock, () =>
    client.send('POST', `/purchases/${purchaseId}/cancel`, {}),
  );
  deps.onAnswer({ purchaseId, askedAt, at: clock.now(), status, problem: saidProblem(body) });
}
