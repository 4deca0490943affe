import { loadActivation } from '../store/activations.ts';
import { appendRecord } from '../store/record-lines.ts';
import type { DecisionDeps, DecisionOrder, Write } from './decision-order.ts';
import { adoptFeature } from './feature-adoption.ts';
import type { FeatureFinding, Finding, PaymentFinding } from './finding.ts';
import { findingOf } from './installation.ts';
import { adoptPayment } from './payment-adoption.ts';
import { repairBooks, reversePayment } from './repair.ts';

type Unknown = PaymentFinding | FeatureFinding;

/** The finding with its decision; or why it cannot be decided so. */
export type Decided = { readonly finding: Finding } | { readonly refused: string };

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
  const refused = await carryOut(deps, finding, order);
  return refused === null ? { finding } : { refused };
}

async function carryOut(deps: DecisionDeps, finding: Finding, order: DecisionOrder): Promise<string | null> {
  if (finding.kind !== 'payment_differs')
    return order.choice === 'refund' ? giveBack(deps, finding, order) : decideIn(deps, finding, order);
  const refused = order.choice === 'ignore' ? null : await repairBooks(deps, finding, order.choice);
  if (refused === null) await deps.database.write((write) => saveDecision(write, deps, finding, order));
  return refused;
}

function decideIn(deps: DecisionDeps, finding: Unknown, order: DecisionOrder): Promise<string | null> {
  return deps.database.write(async (transaction) => {
    const refused = await effectOf(transaction, deps, finding, order);
    if (refused === null) await saveDecision(transaction, deps, finding, order);
    return refused;
  });
}

function effectOf(
  transaction: Write,
  deps: DecisionDeps,
  finding: Unknown,
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
  const activationId = kind === 'feature_without_owner' ? null : finding.payment.activationId;
  const purchaseId =
    activationId === null ? null : ((await loadActivation(transaction, activationId))?.purchaseId ?? null);
  const actor = `operator:${by}`;
  await appendRecord(transaction, ids, [{ purchaseId, activationId, at, type, actor, data: { id, kind } }]);
}

/** Gives the money of a payment back. A refusal for good is a reason; no answer rejects, and the order may be sent again. */
async function giveBack(deps: DecisionDeps, finding: Unknown, order: DecisionOrder): Promise<string | null> {
  if (finding.kind === 'feature_without_owner')
    return 'no payment belongs to it: adopt or ignore it, and refund the payment by its own finding';
  const refused = await reversePayment(deps, finding.payment);
  if (refused !== null) return refused;
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
