import type { Purchase } from '../../gateway/platform/purchase-view.ts';
import { isoText } from '../../shared/protocol/instant.ts';
import { formatMoney } from '../../shared/protocol/money.ts';

/** Returns one sentence on what an accepted cancellation means for the service and the payment (docs/service-life.md). */
export function cancelledText(purchase: Purchase): string {
  const { serviceName, vin, activation, entitlement } = purchase;
  const service = `${serviceName} on ${vin}`;
  const amount = formatMoney(purchase.price);
  if (entitlement !== null) {
    if (entitlement.end === null)
      return `${service} was delivered before the cancellation request, and is active; ${kept(purchase)}\n`;
    const at = isoText(entitlement.end.at);
    return `${service} has ended at ${at} and is switched off once the vehicle is reached; ${kept(purchase)}\n`;
  }
  switch (activation.phase) {
    case 'awaiting_payment':
      return `${service} will not be switched on; the response for the ${amount} is pending, and the payment will be reversed\n`;
    case 'sending_command':
    case 'waiting_response':
    case 'querying_vehicle_state':
      return `${service} is cancelled unless the vehicle applies the pending command: then it is active and the ${amount} ${
        activation.settlement === 'captured'
          ? 'stay paid, else they are refunded'
          : 'are charged, else nothing is charged'
      }\n`;
    default:
      return `${service} is cancelled and stays dormant; ${givenBack(purchase)}\n`;
  }
}

/** Of a service that was active: no money moves back. */
function kept({ price, activation }: Purchase): string {
  const amount = formatMoney(price);
  switch (activation.settlement) {
    case 'captured':
      return `the ${amount} stay paid, since it was active`;
    case 'authorised':
    case 'capturing':
      return `the ${amount} are still being charged, since it was active`;
    case 'uncollectible':
      return `the ${amount} could not be charged, and an operator decides about them`;
    case 'collected':
      return `the ${amount} were paid in another way and stay paid, since it was active`;
    default:
      // A goodwill service, granted by support after the purchase had failed.
      return `nothing was charged for it, and nothing is`;
  }
}

/** Returns what happens to the payment for a service that was never active. */
export function givenBack({ price, activation }: Purchase): string {
  const amount = formatMoney(price);
  switch (activation.settlement) {
    case 'voiding':
      return `the hold of ${amount} is being released, and nothing is charged`;
    case 'voided':
      return `the hold of ${amount} is released, and nothing is charged`;
    case 'refunding':
      return `the refund of ${amount} is in progress`;
    case 'refunded':
      return `the ${amount} are refunded`;
    case 'unsettled':
      return `the refund of ${amount} failed, and an operator pays them back in another way`;
    case 'paid_back':
      return `the ${amount} were paid back in another way`;
    case 'written_off':
      return `an operator closed the settlement of the ${amount}`;
    default:
      return 'nothing is charged';
  }
}
