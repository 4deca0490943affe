import { durationText } from '../../gateway/catalogue/service.ts';
import type { Purchase } from '../../gateway/platform/purchase-view.ts';
import { formatMoney } from '../../shared/protocol/money.ts';
import { givenBack } from './cancelled-words.ts';
import { exitCodes } from './exit.ts';

/** Steps of a payment that another step follows by itself. */
const openSettlements: ReadonlySet<Purchase['activation']['settlement']> = new Set([
  'authorising',
  'authorised',
  'capturing',
  'voiding',
  'refunding',
]);

/** Returns whether a purchase has ended: its service is active or will not be, and its payment is captured, reversed or with an operator. */
export function hasEnded({ status, activation }: Purchase): boolean {
  return status !== 'pending' && !openSettlements.has(activation.settlement);
}

/** Returns the exit code of a wait: 0 for a service that is active and paid, 1 for any other end, 3 for none. */
export function exitCodeOf(purchase: Purchase): number {
  if (!hasEnded(purchase)) return exitCodes.open;
  return purchase.status === 'active' ? exitCodes.ok : exitCodes.failed;
}

const titleOf = ({ serviceName, vin }: Purchase) => `${serviceName} on ${vin}`;

/** Returns one sentence on a purchase that the platform has taken. */
export function boughtText(purchase: Purchase): string {
  const { id, duration, price, activation } = purchase;
  const payment = activation.settlement === 'captured' ? 'paid' : 'reserved';
  return `${titleOf(purchase)} is bought for ${durationText(duration)}: ${formatMoney(price)} ${payment}, purchase ${id}\n`;
}

/** Returns one sentence on the end of a purchase, or on where it stands without one. */
export function endText(purchase: Purchase): string {
  const { price, status, activation, ticketId } = purchase;
  const amount = formatMoney(price);
  if (!hasEnded(purchase))
    return `${titleOf(purchase)} has not ended: ${activation.phase.replaceAll('_', ' ')}, payment ${(activation.settlement ?? 'none').replaceAll('_', ' ')}\n`;
  switch (status) {
    case 'active':
      return `${titleOf(purchase)} is active; the ${amount} are paid\n`;
    case 'payment_failed':
      return `${titleOf(purchase)} is active, but the ${amount} could not be charged: an operator decides about them\n`;
    case 'cancelled':
      return `${titleOf(purchase)} was cancelled; ${givenBack(purchase)}\n`;
    default: {
      const ticket = ticketId === null ? '' : `; ticket ${ticketId}`;
      return `${titleOf(purchase)} did not become active; ${givenBack(purchase)}${ticket}\n`;
    }
  }
}
