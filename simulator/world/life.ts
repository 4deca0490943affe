import type { Activation } from '../../gateway/activation/activation.ts';
import type { PurchaseAnswer } from '../reports/evidence.ts';
import { type CancelAnswer, cancelAll } from './cancellations.ts';
import { purchasesOf, replacementsOf } from './plan-of-schedule.ts';
import type { Schedule } from './schedule.ts';
import type { Stage } from './stage.ts';
import { type DeskAct, type Script, technicians } from './technicians.ts';

/** What people did with services after they were bought. */
export interface Deeds {
  readonly cancels: readonly CancelAnswer[];
  readonly deskActs: readonly DeskAct[];
}

const noScript: Script = [];

/** Cancellations, workshop visits and the support desk, as the schedule says. `bought` are the answers to the schedule's purchases. */
export function startLife(stage: Stage, schedule: Schedule, bought: readonly Promise<PurchaseAnswer>[]) {
  const { book, catalogue, startedAt, trace } = stage;
  const cancels: CancelAnswer[] = [];
  const deskActs: DeskAct[] = [];
  let open = 0;

  function scriptOf({ vin, feature }: Activation): Script {
    const activation = book.activationAt(vin, feature);
    return (activation === null ? undefined : schedule.activations[activation]?.support) ?? noScript;
  }

  const isWorked = schedule.activations.some(({ support = noScript }) => support.length > 0);
  const desk = isWorked
    ? technicians({
        ...stage.apiUser('support'),
        scriptOf,
        onAct(act) {
          deskActs.push(act);
          trace.record('support', 'act', { ...act });
        },
      })
    : null;
  if (desk) stage.onMove(({ before, after }) => desk.look(before, after));

  if (schedule.activations.some(({ life = [] }) => life.some(({ type }) => type === 'cancel'))) {
    const wishes = cancelAll(
      {
        ...stage.apiUser('customer'),
        startedAt,
        purchases: purchasesOf(schedule, catalogue),
        bought,
        onAsk: (purchaseId) => trace.record('customer', 'cancels', { purchaseId }),
        onAnswer(answer) {
          cancels.push(answer);
          trace.record('customer', 'cancel answered', { ...answer });
        },
      },
      schedule,
    );
    open += wishes.length;
    for (const wish of wishes) {
      void wish.finally(() => {
        open -= 1;
      });
    }
  }

  for (const [index, { vin, fault, atMs }] of replacementsOf(schedule, catalogue).entries()) {
    open += 1;
    stage.clock.setTimer(atMs, () => {
      open -= 1;
      const faults = stage.cars.faults(vin);
      // What troubled the control unit leaves with it.
      for (const { id, fault: old } of faults.entries) {
        if ('feature' in old.attributes && old.attributes.feature === fault.attributes.feature)
          faults.remove(id);
      }
      trace.record('world', 'unit replaced', { vin, type: fault.type, ...fault.attributes });
      faults.add(`replaced ${index}`, fault);
    });
  }

  return {
    deeds: (): Deeds => ({ cancels, deskActs }),
    /** Everybody has done what the schedule says; a ticket that opens later sets a technician to work again. */
    isOver: () => open === 0 && desk?.isBusy() !== true,
  };
}
