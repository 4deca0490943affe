import { type ProblemName, problemName } from '../../shared/protocol/problem.ts';
import type { PurchaseAnswer } from '../reports/evidence.ts';
import type { PlannedPurchase } from '../scenarios/planned-purchase.ts';
import type { ApiAnswer } from './api-client.ts';

type Wish = Pick<PlannedPurchase, 'customerId' | 'vin' | 'serviceId' | 'duration' | 'method' | 'preDelivery'>;

/** What a buyer sends for a purchase of the plan: the body of `POST /purchases`. */
export function orderOf({ customerId, vin, serviceId, duration, method, preDelivery }: Wish) {
  return { customerId, vin, serviceId, duration, paymentMethod: method, preDelivery };
}

/** The answer says itself that another try may end otherwise. */
export function isPassing({ status, body }: ApiAnswer): boolean {
  return status >= 500 || status === 429 || saidProblem(body) === 'key-in-flight';
}

/** The problem that an answer's body is, or null. */
export function saidProblem(body: unknown): ProblemName | null {
  return problemName((body as { type?: unknown } | null)?.type);
}

/** What the buyer heard; null: nothing, to the end. */
export function heardAnswer(at: number, plannedId: string, answer: ApiAnswer | null): PurchaseAnswer {
  if (answer === null) return { plannedId, at, status: null, problem: null, purchaseId: null };
  const fields = (answer.body ?? {}) as { id?: string; purchaseId?: string };
  const purchaseId = fields.id ?? fields.purchaseId ?? null;
  return { plannedId, at, status: answer.status, problem: saidProblem(answer.body), purchaseId };
}
