import type { Activation } from '../../gateway/activation/activation.ts';
import type { PurchaseAnswer } from '../reports/evidence.ts';
import { type CancelAnswer, cancelAll } from './cancellations.ts';
import { purchasesOf, replacementsOf } from './plan-of-test-case.ts';
import { type DeskAct, type Script, technicians } from './technicians.ts';
import type { TestCase } from './test-case.ts';
import type { TestCaseSystem } from './test-case-system.ts';

/** What people did with services after they were bought. */
export interface UserActions {
  readonly cancels: readonly CancelAnswer[];
  readonly deskActs: readonly DeskAct[];
}

const noScript: Script = [];

/** Cancellations, workshop visits and the support desk, as the test case says. `bought` are the answers to the test case's purchases. */
export function startUserActions(
  system: TestCaseSystem,
  testCase: TestCase,
  bought: readonly Promise<PurchaseAnswer>[],
) {
  const { book, catalogue, startedAt, trace } = system;
  const cancels: CancelAnswer[] = [];
  const deskActs: DeskAct[] = [];
  let open = 0;

  function scriptOf({ vin, feature }: Activation): Script {
    const activation = book.activationAt(vin, feature);
    return (activation === null ? undefined : testCase.activations[activation]?.support) ?? noScript;
  }

  const isWorked = testCase.activations.some(({ support = noScript }) => support.length > 0);
  const desk = isWorked
    ? technicians({
        ...system.apiUser('support'),
        scriptOf,
        onAct(act) {
          deskActs.push(act);
          trace.record('support', 'act', { ...act });
        },
      })
    : null;
  if (desk) system.onMove(({ before, after }) => desk.look(before, after));

  if (testCase.activations.some(({ life = [] }) => life.some(({ type }) => type === 'cancel'))) {
    const wishes = cancelAll(
      {
        ...system.apiUser('customer'),
        startedAt,
        purchases: purchasesOf(testCase, catalogue),
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

  for (const [index, { vin, fault, atMs }] of replacementsOf(testCase, catalogue).entries()) {
    open += 1;
    system.clock.setTimer(atMs, () => {
      open -= 1;
      const faults = system.fleet.faults(vin);
      // The faults of the control unit end with it.
      for (const { id, fault: old } of faults.entries) {
        if ('feature' in old.attributes && old.attributes.feature === fault.attributes.feature)
          faults.remove(id);
      }
      trace.record('world', 'unit replaced', { vin, type: fault.type, ...fault.attributes });
      faults.add(`replaced ${index}`, fault);
    });
  }

  return {
    done: (): UserActions => ({ cancels, deskActs }),
    /** All users have finished the actions of the test case; a ticket that opens later starts a technician again. */
    isOver: () => open === 0 && desk?.isBusy() !== true,
  };
}
