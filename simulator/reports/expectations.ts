import type { Constants } from '../scenarios/scenario.ts';
import type { Evidence, PurchaseAnswer } from './evidence.ts';

/**
 * Expected values of the specification, computed again from the plan's constants: a check that used the engine's own values
 * would prove nothing.
 */
export function waitBeforeMs(constants: Constants, attempt: number): number {
  return Math.min(2 ** (attempt - 2) * constants.baseDelayMs, constants.maxDelayMs);
}

/** The least time between the starts of two attempts of one activation: all back-offs in between. */
export function leastGapMs(constants: Constants, fromAttempt: number, toAttempt: number): number {
  let sum = 0;
  for (let attempt = fromAttempt + 1; attempt <= toAttempt; attempt += 1) {
    sum += waitBeforeMs(constants, attempt);
  }
  return sum;
}

export function attemptMax(constants: Constants): number {
  return constants.maxRetries + 1;
}

/**
 * The longest that an activation may take when `sharing` activations share its vehicle: each attempt of each of them runs
 * into its time-out, one after the other, all back-offs pass, and the quota lets the rest in window after window.
 */
export function endBoundMs(constants: Constants, sharing: number, slackMs: number): number {
  const attempts = sharing * attemptMax(constants);
  const attemptMs = constants.commandTimeoutMs + constants.resultGraceMs + constants.pollEveryMs;
  const backoffs = sharing * leastGapMs(constants, 1, attemptMax(constants));
  const fullWindows = Math.floor((attempts - 1) / constants.quotaLimit);
  return attempts * attemptMs + backoffs + fullWindows * constants.quotaWindowMs + slackMs;
}

/** Purchases answered 201 to the buyer: the population of most checks. */
export function acceptedAnswers(evidence: Evidence): (PurchaseAnswer & { readonly purchaseId: string })[] {
  return evidence.answers.flatMap((answer) =>
    answer.purchaseId !== null && answer.status !== null && answer.status >= 200 && answer.status < 300
      ? [{ ...answer, purchaseId: answer.purchaseId }]
      : [],
  );
}
