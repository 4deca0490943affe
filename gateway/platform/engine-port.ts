import type { Activation } from '../activation/activation.ts';
import type { MoneyDecision } from '../activation/settlement.ts';
import type { CommandEnded } from '../adapter/answers.ts';

/** Functions of the engine that the platform API uses. Only the engine changes an existing activation. */
export interface ActivationEngine {
  /**
   * Settles the open payment step of a new activation once (authorise), saves the answer, and hands the activation to
   * the queue. Resolves with the activation as it then stands; without an answer that is still `awaiting_payment`.
   */
  begin(activationId: string): Promise<Activation>;
  /**
   * Saves a cancellation request and resolves with the activation: unchanged if it was too late.
   */
  cancel(activationId: string): Promise<Activation>;
  /**
   * An operator's decision about money that the payment service refused for good, or the bank's about a dispute. Saves it and resolves with the activation as it then
   * stands: nothing of it has changed where there was nothing to settle.
   */
  settle(activationId: string, event: MoneyDecision): Promise<Activation>;
  /** Takes over that an operator has paused it. */
  pause(): Promise<void>;
  /** Resumes activations that an incident or a pause has postponed, after an operator has ended it. Resolves before they have. */
  resume(): Promise<void>;
  /** Works on an open activation at once, also if its work failed or its wake-up was lost; a back-off keeps its moment. */
  requeue(activationId: string): Promise<Activation>;
  /** A verified callback of the API IoT: resolves once it is saved. A repeat is harmless. */
  receive(callback: CommandEnded): Promise<void>;
}
