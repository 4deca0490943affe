import type { Clock } from '../../shared/ports/clock.ts';
import { type Http, TransportError } from '../../shared/ports/http.ts';
import { jsonOf } from '../../shared/protocol/json.ts';
import { pointerReader } from '../../shared/protocol/json-pointer.ts';
import type { PurchaseAnswer } from '../reports/evidence.ts';
import type { Customers } from '../run/buying.ts';
import { saidProblem } from '../run/purchase.ts';
import type { Plan } from '../scenarios/plan.ts';
import type { PlannedPurchase } from '../scenarios/planned-purchase.ts';
import { fillTemplate, type Mapping } from './mapping.ts';

/**
 * Returns customers who buy at an engine of the user's own, as its mapping says. Each sends its purchase once: whether the engine
 * takes a repeat for the same purchase is not known.
 */
export function targetCustomers(deps: {
  readonly http: Http;
  readonly clock: Clock;
  /** Where the engine takes purchases. */
  readonly target: string;
  readonly mapping: Mapping;
  readonly plan: Pick<Plan, 'vehicles' | 'customers'>;
}): Customers {
  const { http, clock, target, plan } = deps;
  const { purchase } = deps.mapping;
  return {
    clock,
    async buy(planned) {
      const answer = await answerOf(http, requestOf(target, purchase, planned, plan));
      return { plannedId: planned.id, at: clock.now(), ...answerIn(answer, purchase) };
    },
  };
}

function requestOf(
  target: string,
  { headers, body }: Mapping['purchase'],
  { id, vin, customerId, serviceId, feature, method }: PlannedPurchase,
  { vehicles, customers }: Pick<Plan, 'vehicles' | 'customers'>,
): Request {
  const values = {
    ...{ id, vin, feature, customer: customerId, service: serviceId, card: method },
    model: vehicles.find((vehicle) => vehicle.vin === vin)?.model ?? '',
    email: customers.find((customer) => customer.id === customerId)?.email ?? '',
  };
  const own = fillTemplate(headers, values) as Record<string, string>;
  return new Request(target, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...own },
    body: JSON.stringify(fillTemplate(body, values)),
  });
}

/** Resolves with null where no answer came. */
async function answerOf(http: Http, request: Request): Promise<{ status: number; text: string } | null> {
  try {
    const response = await http(request);
    return { status: response.status, text: await response.text() };
  } catch (error) {
    if (error instanceof TransportError) return null;
    throw error;
  }
}

function answerIn(
  answer: { readonly status: number; readonly text: string } | null,
  { activation: pointer }: Mapping['purchase'],
): Pick<PurchaseAnswer, 'status' | 'problem' | 'purchaseId'> {
  if (answer === null) return { status: null, problem: null, purchaseId: null };
  const { status } = answer;
  const body = jsonOf(answer.text);
  const activation = status >= 200 && status < 300 ? pointerReader(pointer)(body) : null;
  return {
    status,
    problem: saidProblem(body),
    purchaseId: activation === null || activation === undefined ? null : String(activation),
  };
}
