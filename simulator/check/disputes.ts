import { sleep } from '../../shared/ports/clock.ts';
import { type Http, TransportError } from '../../shared/ports/http.ts';
import type { PurchaseAnswer } from '../reports/evidence.ts';
import { origins, testSecrets } from '../virtual-system/settings.ts';
import { purchasesOf } from './purchases-of-test-case.ts';
import type { TestCase } from './test-case.ts';
import type { TestCaseSystem } from './test-case-system.ts';

/** A dispute that the customer's bank has opened, and how far it went. */
export interface DisputeAct {
  readonly disputeId: string;
  readonly purchaseId: string;
  readonly activationId: string;
  readonly outcome: 'open' | 'won' | 'lost';
}

/** Wait of the bank before it asks again what the payment service did not answer. */
const retryMs = 4_000;

/**
 * The banks of the customers: each takes a charge back at its time, where there is one, and decides later. Calls `onDispute` when one
 * is opened, and when it is decided.
 */
export function startDisputes(
  system: TestCaseSystem,
  testCase: TestCase,
  bought: readonly Promise<PurchaseAnswer>[],
  onDispute: (activation: DisputedActivation) => void,
) {
  const acts = new Map<string, DisputeAct>();
  let open = 0;
  const planned = testCase.activations.flatMap(({ dispute }, activation) =>
    dispute === undefined ? [] : [{ dispute, activation }],
  );
  const bank = planned.length === 0 ? null : system.portsOf(system.loop.process('bank'));
  for (const { dispute, activation } of planned) {
    open += 1;
    void (async () => {
      const { clock, http } = bank ?? {};
      if (!clock || !http) return;
      const { atMs = 0 } = testCase.activations[activation] ?? {};
      await sleep(clock, Math.max(0, system.startedAt + atMs + dispute.afterMs - clock.now()));
      const charge = await chargeOf(system, testCase, activation, bought);
      if (charge === null) return;
      const ask = (path: string, body: string) =>
        askUntilAnswered(http, () => sleep(clock, retryMs), path, body);
      const disputeId = await ask('/v1/test_helpers/disputes', `payment_intent=${charge.paymentId}`);
      // Refunded meanwhile.
      if (disputeId === null) return;
      const { purchaseId, activation: disputed } = charge;
      const { id: activationId } = disputed;
      const note = (outcome: DisputeAct['outcome']) => {
        acts.set(disputeId, { disputeId, purchaseId, activationId, outcome });
        system.trace.record('customer', 'disputes', { purchaseId, outcome });
        onDispute(disputed);
      };
      note('open');
      if (dispute.outcome === 'open') return;
      await sleep(clock, dispute.decidedAfterMs);
      const won = `/v1/test_helpers/disputes/${disputeId}/win`;
      await ask(dispute.outcome === 'won' ? won : `/v1/disputes/${disputeId}/close`, '');
      note(dispute.outcome);
    })().finally(() => {
      open -= 1;
    });
  }
  return {
    done: (): DisputeAct[] => [...acts.values()],
    /** The banks have decided, and the platform has taken every event. */
    isOver: () => open === 0 && system.waitingPaymentEvents() === 0,
  };
}

interface DisputedActivation {
  readonly id: string;
  readonly vin: string;
  readonly feature: string;
}

interface Charge {
  readonly paymentId: string;
  readonly purchaseId: string;
  readonly activation: DisputedActivation;
}

/** The charge of the first purchase of an activation that was answered, or null: nothing of it is charged now. */
async function chargeOf(
  { stores, catalogue, clock, startedAt }: TestCaseSystem,
  testCase: TestCase,
  activation: number,
  bought: readonly Promise<PurchaseAnswer>[],
): Promise<Charge | null> {
  const now = clock.now() - startedAt;
  const index = purchasesOf(testCase, catalogue).findIndex(
    (one) => one.activation === activation && one.atMs <= now,
  );
  const { purchaseId = null } = (await bought[index]) ?? {};
  if (purchaseId === null) return null;
  const [row] = stores.platform.read<DisputedActivation>(
    'select activation_id as id, vin, feature from purchases where id = ?',
    purchaseId,
  );
  const [payment] = stores.payments.read<{ id: string }>(
    "select id from payment_intents where activation_id = ? and status = 'succeeded' and refunded = 0",
    row?.id ?? '',
  );
  return row && payment ? { paymentId: payment.id, purchaseId, activation: row } : null;
}

/** Resolves with the id of the dispute, or null when the payment service refuses. */
async function askUntilAnswered(
  http: Http,
  pause: () => Promise<void>,
  path: string,
  body: string,
): Promise<string | null> {
  const headers = {
    authorization: `Bearer ${testSecrets.payments}`,
    'content-type': 'application/x-www-form-urlencoded',
  };
  for (;;) {
    try {
      const response = await http(
        new Request(`${origins.payments}${path}`, { method: 'POST', headers, body }),
      );
      return response.ok ? ((await response.json()) as { id: string }).id : null;
    } catch (error) {
      if (!(error instanceof TransportError)) throw error;
      await pause();
    }
  }
}
