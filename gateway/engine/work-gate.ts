import type { Activation } from '../activation/activation.ts';
import { finalPhases } from '../activation/phase.ts';
import { openSteps } from '../activation/settlement.ts';

/** What may be worked on now. */
export interface WorkGate {
  /** False: the database is known to be an older one, and nothing may be done by it. */
  mayWork(): boolean;
  /**
   * False while it is not known whether the database is an older one: a feature without an owner may belong to a customer, and an
   * activation that seems to have failed may have been delivered.
   */
  maySwitchOff(): boolean;
}

export const openGate: WorkGate = { mayWork: () => true, maySwitchOff: () => true };

/** Whether the activation rests while the gate is as it is. */
export function isHeld(gate: WorkGate, activation: Activation, now: number): boolean {
  if (!gate.mayWork()) return true;
  return !gate.maySwitchOff() && (activation.kind !== 'activation' || takesBack(activation, now));
}

/** Whether its next step reverses the payment, or ends it as failed because its time is over. */
function takesBack({ phase, settlement, deadlineAt }: Activation, now: number): boolean {
  const step = settlement && openSteps[settlement.status];
  const isOver = deadlineAt !== null && deadlineAt < now && !finalPhases.has(phase);
  return step === 'void' || step === 'refund' || isOver;
}
