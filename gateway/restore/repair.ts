import {
  type Activation,
  lastAttempt,
  nextAttemptNumber,
  takenBackAttempt,
} from '../activation/activation.ts';
import { loadActivation } from '../store/activations.ts';
import type { DecisionDeps, RepairEvent } from './decision-order.ts';
import { differenceOf } from './difference.ts';
import type { DifferenceFinding, PaymentFinding } from './finding.ts';

type MoneyEvent = Exclude<RepairEvent['type'], 'vehicle_checked' | 'command_applied'>;

/** Voids or refunds a payment. A refusal for good is a reason; no answer rejects, and the order may be sent again. */
export async function reversePayment(
  { payments }: Pick<DecisionDeps, 'payments'>,
  { paymentId, activationId, status }: PaymentFinding['payment'],
): Promise<string | null> {
  const step = status === 'captured' ? 'refund' : 'void';
  // Two payments of one activation have a key each.
  const answer = await payments[step]({
    key: `${activationId}:restore:${paymentId}`,
    paymentId,
    activationId,
  });
  return answer.ok ? null : `the payment service refuses to give it back: ${answer.message}`;
}

/**
 * Brings the books to where the payment service is, by events of the activation: nothing is charged, and nothing that was delivered is
 * refunded. Resolves with why it cannot be done. Each event may be sent again.
 */
export async function repairBooks(
  deps: DecisionDeps,
  { difference, payment }: DifferenceFinding,
  choice: 'adopt' | 'refund',
): Promise<string | null> {
  const activation = (await loadActivation(deps.database.reader, payment.activationId))?.activation ?? null;
  if (activation === null) return 'its activation is gone';
  // Decided before, and the process ended before it was saved; or the engine has brought it about.
  if (differenceOf(activation, payment) !== difference) return null;
  if (difference === 'held_there') return reverseHeld(deps, payment);
  if (choice === 'refund') return 'only what the books do not keep is refunded here: adopt or ignore it';
  const isWaiting = activation.settlement?.status === 'authorising';
  switch (difference) {
    case 'refunded_there':
      return 'the service is active, and only people know why it was refunded: ignore it to leave the service to the customer, or end the service (fleetwake cancel)';
    case 'amount_differs':
      return 'the books keep the price that was sold: correct it at the payment service, then ignore it';
    case 'authorised_there':
      return send(deps, payment, ['payment_authorised']);
    case 'captured_there':
      return deliverForgotten(deps, activation);
    case 'reversed_there':
      return send(deps, payment, [
        'cancel_requested',
        ...(isWaiting ? (['payment_authorised'] as const) : []),
      ]);
  }
}

async function reverseHeld(deps: DecisionDeps, payment: PaymentFinding['payment']): Promise<string | null> {
  const refused = await reversePayment(deps, payment);
  // Ends the work of people where the platform had given up the order.
  return (
    refused ??
    send(deps, payment, [payment.capture === 'immediately' ? 'payment_refunded' : 'payment_voided'])
  );
}

/**
 * What is charged on delivery was confirmed by its vehicle, in an attempt that the older database has open or has forgotten. It is
 * delivered by that attempt, also behind its deadline: the engine would fail it, and switch off what was paid.
 */
async function deliverForgotten({ settle, clock }: DecisionDeps, before: Activation): Promise<string | null> {
  const { id } = before;
  const at = clock.now();
  const message = 'its vehicle has confirmed it since the backup: the payment was captured';
  const activation = before.vehicleChecked
    ? before
    : await settle(id, { type: 'vehicle_checked', at, failure: null, message });
  const last = lastAttempt(activation);
  const isOpen = last !== null && last.endedAt === null;
  const attempt = isOpen ? last.number : nextAttemptNumber(activation);
  // In a back-off no attempt can have been made: the next one finds the feature on.
  if (!isOpen && takenBackAttempt(activation, attempt, at) === null)
    return isOverdue(activation, at)
      ? 'its deadline has passed between two attempts: ignore it, and settle it with its ticket'
      : null;
  await settle(id, { type: 'command_applied', at, attempt, vehicleClock: null });
  return null;
}

function isOverdue({ deadlineAt }: Activation, at: number): boolean {
  return deadlineAt !== null && deadlineAt <= at;
}

async function send(
  { settle, clock }: DecisionDeps,
  { activationId, paymentId, holdExpiresAt }: PaymentFinding['payment'],
  types: readonly MoneyEvent[],
): Promise<null> {
  for (const type of types) {
    const at = clock.now();
    await settle(
      activationId,
      type === 'payment_authorised' ? { type, at, paymentId, holdExpiresAt } : { type, at },
    );
  }
  return null;
}
