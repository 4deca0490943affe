import { formatMoney } from '../../shared/protocol/money.ts';
import type { Activation } from '../activation/activation.ts';
import { isHeldByBank, type Settlement } from '../activation/settlement.ts';
import type { DisputeRow } from '../store/schema.ts';
import type { ResolutionBody } from './settlement-resolution.ts';

const fitting = {
  unsettled: ['paid_back', 'written_off', 'retry'],
  uncollectible: ['collected', 'written_off', 'retry'],
} as const;

/** Returns why an operator cannot end so what the payment service refused for good, or null. */
export function settlementObstacle(settlement: Settlement, body: ResolutionBody): string | null {
  const { status, amountMinor, currency, paymentId } = settlement;
  if (status !== 'unsettled' && status !== 'uncollectible')
    return `its money is ${status}: no decision of an operator is due`;
  if (!fitting[status].some((one) => one === body.resolution))
    return `its money is ${status}: it takes ${fitting[status].join(', ')}`;
  if (body.resolution === 'retry' && paymentId === null)
    return 'the payment service named no payment that it could be asked about; look there for the activation id, then say paid_back or written_off';
  if (!('amountMinor' in body)) return null;
  const owed = formatMoney({ amountMinor, currency });
  const given = formatMoney(body);
  return given === owed ? null : `${owed} are due, not ${given}`;
}

/**
 * Returns why an operator cannot end the dispute so, or null. The bank decides first: to collect an amount that it may still give to us would
 * charge twice, and of what was not delivered nothing is due.
 */
export function disputeObstacle(
  dispute: DisputeRow,
  { phase }: Pick<Activation, 'phase'>,
  body: ResolutionBody,
): string | null {
  if (dispute.status === 'open')
    return 'the bank has not decided on the dispute: answer or accept it at the payment service; once it is lost it takes collected, written_off';
  if (body.resolution !== 'collected' && body.resolution !== 'written_off')
    return 'its payment is disputed: it takes collected, written_off';
  if (!('amountMinor' in body)) return null;
  if (phase !== 'active') return 'its service is not active, so that nothing is due: it takes written_off';
  const owed = formatMoney({ amountMinor: dispute.amount_minor, currency: dispute.currency });
  const given = formatMoney(body);
  return given === owed ? null : `${owed} are disputed, not ${given}`;
}

/**
 * Returns why a refund that a dispute keeps back cannot be ended so, or null: the bank has the amount, and gives it to one side or the other,
 * unless the dispute is rejected or the customer has paid by other means since.
 */
export function heldObstacle(
  settlement: Settlement | null,
  dispute: DisputeRow | null,
  body: ResolutionBody,
): string | null {
  if (dispute === null || dispute.status === 'won' || dispute.status === 'collected') return null;
  if (settlement === null || !isHeldByBank(settlement) || body.resolution !== 'paid_back') return null;
  return 'the customer disputed its payment, so that the bank holds the amount and to pay it back would return it twice: wait for the end of the dispute';
}
