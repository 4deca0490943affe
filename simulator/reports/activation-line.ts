import type { CaseFile } from './case-file.ts';
import type { Evidence } from './evidence.ts';

/** What became of one purchase of the plan. Times are milliseconds of the run after the first moment of the workload. */
export interface ActivationLine {
  /** Id in the plan: `p-001`. */
  readonly purchase: string;
  /** Null where none was made. */
  readonly activation: string | null;
  readonly vin: string;
  readonly model: string;
  readonly service: string;
  readonly outcome: Outcome;
  /** When it was asked for. */
  readonly atMs: number;
  /** Until it ended; null: not ended, or never begun. */
  readonly tookMs: number | null;
  readonly attempts: number;
  /** Why it failed: code and message; null where it did not. */
  readonly failure: string | null;
}

/** `payment_failed`: delivered, and the capture was declined for good. `refused`: answered with a problem. */
export const outcomes = [
  'active',
  'failed',
  'cancelled',
  'declined',
  'payment_failed',
  'pending',
  'refused',
  'unanswered',
] as const;
export type Outcome = (typeof outcomes)[number];

/** One line a purchase, in the order of the plan. */
export function activationLines(evidence: Evidence, files: readonly CaseFile[]): ActivationLine[] {
  const { plan, answers, database, startedAt } = evidence;
  const byPlan = new Map(answers.map((answer) => [answer.plannedId, answer]));
  const status = new Map(database.purchases.map((purchase) => [purchase.id, purchase.status]));
  const byPurchase = new Map(files.map((file) => [file.row.purchase_id, file]));
  const models = new Map(plan.vehicles.map(({ vin, model }) => [vin, model]));
  return plan.purchases.map((planned) => {
    const answer = byPlan.get(planned.id);
    const file = byPurchase.get(answer?.purchaseId ?? '');
    const row = file?.row;
    const isUnanswered = answer === undefined || answer.status === null;
    const failure = row?.phase === 'failed' ? file?.state.failure : null;
    return {
      purchase: planned.id,
      activation: row?.id ?? null,
      vin: planned.vin,
      model: models.get(planned.vin) ?? '',
      service: planned.serviceId,
      outcome: isUnanswered ? 'unanswered' : (status.get(answer.purchaseId ?? '') ?? 'refused'),
      atMs: row ? row.requested_at - startedAt : planned.atMs,
      tookMs: row?.ended_at ? row.ended_at - row.requested_at : null,
      attempts: file?.state.attempts.length ?? 0,
      failure: failure ? `${failure.code}: ${failure.message}` : null,
    };
  });
}
