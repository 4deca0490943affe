import { type Activation, newActivation } from '../activation/activation.ts';
import { transition } from '../activation/transition.ts';
import type { Catalogue } from '../catalogue/catalogue.ts';
import { type Duration, durationText, type Service } from '../catalogue/service.ts';
import { appendFacts } from '../store/activation-facts.ts';
import { insertActivation, loadActivation } from '../store/activations.ts';
import { appendRecord } from '../store/record-lines.ts';
import type { DecisionDeps, DecisionOrder, Write } from './decision-order.ts';
import { noOwner, ownerOf } from './feature-adoption.ts';
import type { PaymentFinding } from './finding.ts';

/** What was bought, as far as payment, catalogue and operator say. */
function boughtBy(
  { payment, serviceId }: PaymentFinding,
  catalogue: Catalogue,
  given: Duration | undefined,
): { readonly service: Service; readonly duration: Duration } | string {
  const service = serviceId === null ? null : catalogue.service(serviceId);
  if (service === null) return 'the catalogue has no such service: refund it';
  const offers = service.offers.filter(
    ({ price }) => price.amountMinor === payment.amountMinor && price.currency === payment.currency,
  );
  const [only, second] = offers;
  if (given !== undefined) return { service, duration: given };
  if (only === undefined || second !== undefined)
    return `say the duration that was bought (${service.offers.map((one) => durationText(one.duration)).join(', ')}): the amount does not tell it`;
  return { service, duration: only.duration };
}

/**
 * Makes the purchase anew under the payment's activation id, as it stood once the payment was confirmed: the engine sends the command
 * again, a vehicle that has the feature on confirms it, and what is only held is captured then.
 */
export async function adoptPayment(
  transaction: Write,
  deps: DecisionDeps,
  finding: PaymentFinding,
  order: DecisionOrder,
): Promise<string | null> {
  const { vin, payment } = finding;
  if (vin === null) return 'its description names no vehicle: refund it';
  const customerId = await ownerOf(transaction, vin, order.customerId);
  if (customerId === null || !(await isRegistered(transaction, vin))) return noOwner(vin);
  if ((await loadActivation(transaction, payment.activationId)) !== null) return 'its activation exists';
  const bought = boughtBy(finding, deps.catalogue, order.duration);
  if (typeof bought === 'string') return bought;
  const at = deps.clock.now();
  const purchase = purchaseRow(deps, { ...finding, vin }, { ...bought, customerId }, at);
  const outcome = transition(newOrder({ ...finding, vin }, bought.service, at), {
    type: 'payment_authorised',
    at,
    paymentId: payment.paymentId,
    holdExpiresAt: payment.holdExpiresAt,
  });
  if (outcome.verdict !== 'accepted') throw new Error(`the payment ${payment.paymentId} is not accepted`);
  const open = await transaction
    .selectFrom('activations')
    .select('id')
    .where('vin', '=', vin)
    .where('feature', '=', bought.service.feature)
    .where('kind', '=', 'activation')
    .where('ended_at', 'is', null)
    .executeTakeFirst();
  if (open !== undefined) return `${open.id} is under way for the same service: wait for its end, or refund`;
  await transaction.insertInto('purchases').values(purchase).execute();
  const links = { purchaseId: purchase.id, parentId: null };
  await insertActivation(transaction, outcome.activation, { ...links, priority: 0 });
  await appendRecord(transaction, deps.ids, [
    {
      purchaseId: purchase.id,
      activationId: payment.activationId,
      at,
      type: 'purchase.created',
      actor: `operator:${order.by}`,
      data: createdData(purchase),
    },
  ]);
  const stored = { activation: outcome.activation, version: 1, ...links };
  await appendFacts(transaction, deps.ids, stored, outcome.facts);
  // With its purchase the feature has an owner again.
  await transaction
    .updateTable('restore_findings')
    .set({ decision: 'adopt', decided_by: order.by, decided_at: at })
    .where('id', '=', `${vin}.${bought.service.feature}`)
    .where('decision', 'is', null)
    .execute();
  return null;
}

async function isRegistered(transaction: Write, vin: string): Promise<boolean> {
  const row = await transaction
    .selectFrom('vehicles')
    .select('vin')
    .where('vin', '=', vin)
    .executeTakeFirst();
  return row !== undefined;
}

function newOrder(
  { payment, vin }: PaymentFinding & { readonly vin: string },
  { id: serviceId, feature, policy }: Service,
  at: number,
): Activation {
  const { activationId: id, amountMinor, currency, capture, epoch } = payment;
  return newActivation(
    { id, vin, serviceId, feature, policy },
    { capture, amountMinor, currency, method: 'restored', ...(epoch === null ? {} : { epoch }) },
    at,
  );
}

function purchaseRow(
  { ids }: DecisionDeps,
  { payment, vin }: PaymentFinding & { readonly vin: string },
  bought: { readonly service: Service; readonly duration: Duration; readonly customerId: string },
  at: number,
) {
  const { service, duration, customerId } = bought;
  const { amountMinor, currency, capture, activationId } = payment;
  return {
    id: ids.next('pur'),
    customer_id: customerId,
    vin,
    service_id: service.id,
    service_name: service.name,
    feature: service.feature,
    duration: JSON.stringify(duration),
    amount_minor: amountMinor,
    currency,
    capture,
    pre_delivery: 0,
    activation_id: activationId,
    status: 'pending' as const,
    created_at: at,
  };
}

function createdData(purchase: ReturnType<typeof purchaseRow>): object {
  return {
    customerId: purchase.customer_id,
    vin: purchase.vin,
    serviceId: purchase.service_id,
    serviceName: purchase.service_name,
    feature: purchase.feature,
    duration: JSON.parse(purchase.duration),
    price: { amountMinor: purchase.amount_minor, currency: purchase.currency },
    capture: purchase.capture,
    preDelivery: false,
  };
}
