import type { Activation } from '../../gateway/activation/activation.ts';
import type { PurchaseAnswer } from '../reports/evidence.ts';
import { retryUntilAnswered } from '../run/retry-until-answered.ts';
import { type CancelAnswer, cancelAll } from './cancellations.ts';
import { type DisputeAct, startDisputes } from './disputes.ts';
import { type OperatorAct, type OperatorScript, operators } from './operators.ts';
import { purchasesOf, vinOf } from './purchases-of-test-case.ts';
import { type DeskAct, type Script, technicians } from './technicians.ts';
import type { TestCase } from './test-case.ts';
import type { TestCaseSystem } from './test-case-system.ts';
import { startTransfers, type TransferAct } from './transfers.ts';

/** What people did with services after they were bought. */
export interface UserActions {
  readonly cancels: readonly CancelAnswer[];
  readonly deskActs: readonly DeskAct[];
  readonly disputes: readonly DisputeAct[];
  readonly operatorActs: readonly OperatorAct[];
  readonly transfers: readonly TransferAct[];
}

export const noUserActions: UserActions = {
  cancels: [],
  deskActs: [],
  disputes: [],
  operatorActs: [],
  transfers: [],
};

const noScript: Script = [];
const noDecisions: OperatorScript = [];

/** Cancellations, new registrations and the support desk, as the test case says. `bought` are the answers to the test case's purchases. */
export function startUserActions(
  system: TestCaseSystem,
  testCase: TestCase,
  bought: readonly Promise<PurchaseAnswer>[],
) {
  const { catalogue, startedAt, trace } = system;
  const purchases = purchasesOf(testCase, catalogue);
  const cancels: CancelAnswer[] = [];
  const deskActs: DeskAct[] = [];
  const operatorActs: OperatorAct[] = [];
  let open = 0;

  /** Of the purchase that was the last to be requested for this feature. */
  function scheduledOf({ vin, feature }: Pick<Activation, 'vin' | 'feature'>) {
    const sinceMs = system.clock.now() - startedAt;
    const last = purchases.findLast(
      (one) => one.vin === vin && one.feature === feature && one.atMs <= sinceMs,
    );
    return last && testCase.activations[last.activation];
  }

  const isWorked = testCase.activations.some(({ support = noScript }) => support.length > 0);
  const desk = isWorked
    ? technicians({
        ...system.apiUser('support'),
        scriptOf: (activation): Script => scheduledOf(activation)?.support ?? noScript,
        onAct(act) {
          deskActs.push(act);
          trace.record('support', 'act', { ...act });
        },
      })
    : null;
  const isSettled = testCase.activations.some(({ operator = noDecisions }) => operator.length > 0);
  const settling = isSettled
    ? operators({
        ...system.apiUser('operator'),
        scriptOf: (activation) => scheduledOf(activation)?.operator ?? noDecisions,
        onAct(act) {
          operatorActs.push(act);
          trace.record('support', 'settles', { ...act });
        },
      })
    : null;
  if (desk || settling)
    system.onMove(({ before, after }) => {
      desk?.look(before, after);
      settling?.look(before, after);
    });

  if (testCase.activations.some(({ life = [] }) => life.some(({ type }) => type === 'cancel'))) {
    const wishes = cancelAll(
      {
        ...system.apiUser('customer'),
        startedAt,
        purchases,
        bought,
        onAsk: (purchaseId) => trace.record('customer', 'cancels', { purchaseId }),
        onAnswer(answer) {
          cancels.push(answer);
          trace.record('customer', 'cancel answered', { ...answer });
        },
      },
      testCase,
    );
    open += wishes.length;
    for (const wish of wishes) {
      void wish.finally(() => {
        open -= 1;
      });
    }
  }

  for (const fault of testCase.world) {
    if (fault.type !== 'registered_again') continue;
    open += 1;
    system.clock.setTimer(fault.atMs, () => {
      void registerAgain(system, fault.vehicle, fault.model).finally(() => {
        open -= 1;
      });
    });
  }

  const disputes = startDisputes(system, testCase, bought, (activation) => settling?.call(activation));
  const transfers = startTransfers(system, testCase);
  return {
    done: (): UserActions => ({
      ...{ cancels, deskActs, operatorActs },
      ...{ disputes: disputes.done(), transfers: transfers.done() },
    }),
    /** All users have finished the actions of the test case; a ticket that opens later starts a technician again. */
    isOver: () =>
      open === 0 &&
      ![desk, settling].some((people) => people?.isBusy()) &&
      disputes.isOver() &&
      transfers.isOver(),
  };
}

/** The API user of a customer registers the vehicle with another model. */
async function registerAgain(system: TestCaseSystem, vehicle: number, model: string): Promise<void> {
  const { registrations } = system;
  const vin = vinOf(vehicle);
  const { client, clock } = system.apiUser('customer');
  const body = { model, modelName: model, customerId: `customer-${vehicle + 1}` };
  registrations.begin(vin, model);
  const { status } = await retryUntilAnswered(clock, () => client.send('PUT', `/vehicles/${vin}`, body));
  system.trace.record('customer', 'registered again', { vin, model, status });
  registrations.settle(vin, system.loop.now());
}
