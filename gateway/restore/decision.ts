import type { Transaction } from 'kysely';
import type { Clock } from '../../shared/ports/clock.ts';
import type { Database } from '../../shared/ports/database.ts';
import type { Ids } from '../../shared/ports/ids.ts';
import type { Payments } from '../../shared/ports/payments.ts';
import { type Activation, newActivation } from '../activation/activation.ts';
import { transition } from '../activation/transition.ts';
import type { Catalogue } from '../catalogue/catalogue.ts';
import { type Duration, durationText, type Service } from '../catalogue/service.ts';
import { appendFacts } from '../store/activation-facts.ts';
import { insertActivation, loadActivation } from '../store/activations.ts';
import { insertEntitlement } from '../store/entitlements.ts';
import { appendRecord } from '../store/record-lines.ts';
import type { PlatformSchema } from '../store/schema.ts';
import type { FeatureFinding, Finding, PaymentFinding } from './finding.ts';
import { findingOf } from './installation.ts';

export interface DecisionDeps {
  readonly database: Database<PlatformSchema>;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly catalogue: Catalogue;
  readonly payments: Pick<Payments, 'void' | 'refund'>;
}

export interface DecisionOrder {
  readonly choice: 'adopt' | 'refund' | 'ignore';
  /** The operator. */
  readonly by: string;
  /** Whose it is; by default the customer of the vehicle. */
  readonly customerId?: string | undefined;
  /** By default the one that is sold at the payment's amount. */
  readonly duration?: Duration | undefined;
}

/** The finding with its decision; or why it cannot be decided so. */
export type Decided = { readonly finding: Finding } | { readonly refused: string };

type Write = Transaction<PlatformSchema>;

/** Decides about one finding. Null: there is no such finding, or it was decided before. Rejects with `PaymentsUnavailable`. */
export async function decideFinding(
  deps: DecisionDeps,
  id: string,
  order: DecisionOrder,
): Promise<Decided | null> {
  const row = await deps.database.reader
    .selectFrom('restore_findings')
    .selectAll()
    .where('id', '=', id)
    .where('decision', 'is', null)
    .executeTakeFirst();
  if (row === undefined) return null;
  const finding = findingOf(row);
  const refused =
    order.choice === 'refund' ? await giveBack(deps, finding, order) : await decideIn(deps, finding, order);
  return refused === null ? { finding } : { refused };
}

function decideIn(deps: DecisionDeps, finding: Finding, order: DecisionOrder): Promise<string | null> {
  return deps.database.write(async (transaction) => {
    const refused = await effectOf(transaction, deps, finding, order);
    if (refused === null) await saveDecision(transaction, deps, finding, order);
    return refused;
  });
}

function effectOf(
  transaction: Write,
  deps: DecisionDeps,
  finding: Finding,
  order: DecisionOrder,
): Promise<string | null> {
  if (order.choice === 'ignore')
    return finding.kind === 'feature_without_owner'
      ? mayBeSwitchedOff(transaction, deps, finding)
      : Promise.resolve(null);
  return finding.kind === 'feature_without_owner'
    ? adoptFeature(transaction, deps, finding, order)
    : adoptPayment(transaction, deps, finding, order);
}

async function saveDecision(
  transaction: Write,
  { clock, ids }: Pick<DecisionDeps, 'clock' | 'ids'>,
  finding: Finding,
  { choice, by }: DecisionOrder,
): Promise<void> {
  const at = clock.now();
  await transaction
    .updateTable('restore_findings')
    .set({ decision: choice, decided_by: by, decided_at: at })
    .where('id', '=', finding.id)
    .execute();
  const type = `restore.${choice === 'adopt' ? 'adopted' : choice === 'refund' ? 'refunded' : 'ignored'}`;
  const { id, kind } = finding;
  const activationId = kind === 'payment_without_purchase' ? finding.payment.activationId : null;
  const actor = `operator:${by}`;
  await appendRecord(transaction, ids, [
    { purchaseId: null, activationId, at, type, actor, data: { id, kind } },
  ]);
}

/** Gives the money of a payment back. A refusal for good is a reason; no answer rejects, and the order may be sent again. */
async function giveBack(deps: DecisionDeps, finding: Finding, order: DecisionOrder): Promise<string | null> {
  if (finding.kind === 'feature_without_owner')
    return 'no payment belongs to it: adopt or ignore it, and refund the payment by its own finding';
  const { paymentId, activationId, status } = finding.payment;
  const step = status === 'captured' ? 'refund' : 'void';
  const answer = await deps.payments[step]({ key: `${activationId}:restore`, paymentId, activationId });
  if (!answer.ok) return `the payment service refuses to give it back: ${answer.message}`;
  await deps.database.write((transaction) => saveDecision(transaction, deps, finding, order));
  return null;
}

/** A feature that was paid for is not switched off: its payment has to be adopted or refunded first. */
async function mayBeSwitchedOff(
  transaction: Write,
  { catalogue }: DecisionDeps,
  { vin, feature }: FeatureFinding,
): Promise<string | null> {
  const rows = await transaction
    .selectFrom('restore_findings')
    .selectAll()
    .where('kind', '=', 'payment_without_purchase')
    .execute();
  const paid = rows.find((row) => {
    const finding = findingOf(row) as PaymentFinding;
    const service = finding.serviceId === null ? null : catalogue.service(finding.serviceId);
    return finding.vin === vin && service?.feature === feature && row.decision !== 'refund';
  });
  if (paid === undefined) return null;
  return `the payment ${paid.id} is for it, and what was paid is not switched off: adopt or refund that payment first`;
}

async function ownerOf(transaction: Write, vin: string, given: string | undefined): Promise<string | null> {
  const id =
    given ??
    (await transaction.selectFrom('vehicles').select('customer_id').where('vin', '=', vin).executeTakeFirst())
      ?.customer_id;
  if (id === undefined || id === null) return null;
  const row = await transaction
    .selectFrom('customers')
    .select('id')
    .where('id', '=', id)
    .where('erased_at', 'is', null)
    .executeTakeFirst();
  return row?.id ?? null;
}

const noOwner = (vin: string) =>
  `no registered customer is known for ${vin}: register vehicle and customer, or name the customer`;

/** Grants the feature to a customer, free of charge. */
async function adoptFeature(
  transaction: Write,
  { ids, clock, catalogue }: DecisionDeps,
  { vin, feature }: FeatureFinding,
  order: DecisionOrder,
): Promise<string | null> {
  const customerId = await ownerOf(transaction, vin, order.customerId);
  if (customerId === null) return noOwner(vin);
  if (order.duration === undefined) return 'say for how long the customer owns it (a duration)';
  const service = catalogue.services().find((one) => one.feature === feature);
  if (service === undefined) return `the catalogue does not sell ${feature}`;
  const at = clock.now();
  await insertEntitlement(transaction, {
    id: ids.next('ent'),
    ...{ vin, feature, customerId },
    serviceId: service.id,
    purchaseId: null,
    source: 'goodwill',
    validFrom: at,
    validUntil: catalogue.endOf(order.duration, at),
    end: null,
  });
  return null;
}

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
async function adoptPayment(
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
