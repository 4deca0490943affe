import { expect, test } from 'vitest';
import type { Clock } from '../../../shared/ports/clock.ts';
import { type Http, TransportError } from '../../../shared/ports/http.ts';
import type { PlannedPurchase } from '../../../simulator/scenarios/planned-purchase.ts';
import { targetCustomers } from '../../../simulator/target/target-customers.ts';
import { samplePlan } from '../reports/sample-plan.ts';

const plan = samplePlan();
const clock = { now: () => 5_000 } as Clock;
const mapping = {
  purchase: {
    headers: { 'x-order': 'order-{id}' },
    body: { car: { vin: '{vin}', model: '{model}' }, mail: '{email}' },
    activation: '/data/0/order~1id',
  },
  payment: { metadata: 'order' },
  command: { field: 'reference' as const },
};

async function bought(http: Http) {
  const [planned] = plan.purchases as readonly [PlannedPurchase];
  const { buy } = targetCustomers({ http, clock, target: 'http://engine/orders', mapping, plan });
  return { planned, answer: await buy(planned, 'key') };
}

test('sends the purchase as the mapping writes it, and reads the activation at its pointer', async () => {
  const requests: Request[] = [];
  const { planned, answer } = await bought(async (request) => {
    requests.push(request);
    return Response.json({ data: [{ 'order/id': 17 }] }, { status: 201 });
  });
  const [request] = requests;
  const vehicle = plan.vehicles.find(({ vin }) => vin === planned.vin);
  const customer = plan.customers.find(({ id }) => id === planned.customerId);
  expect([request?.method, request?.url, request?.headers.get('x-order'), await request?.json()]).toEqual([
    'POST',
    'http://engine/orders',
    `order-${planned.id}`,
    { car: { vin: planned.vin, model: vehicle?.model }, mail: customer?.email },
  ]);
  expect(answer).toEqual({
    ...{ plannedId: planned.id, at: 5_000, status: 201, problem: null, purchaseId: '17' },
  });
});

test('a refusal has no activation, even if its body names one, and a purchase without an answer is not sent again', async () => {
  const refused = await bought(async () => Response.json({ data: [{ 'order/id': 17 }] }, { status: 402 }));
  expect([refused.answer.status, refused.answer.purchaseId]).toEqual([402, null]);
  let calls = 0;
  const { answer } = await bought(async () => {
    calls += 1;
    throw new TransportError('reset', 'closed', true);
  });
  expect([calls, answer.status, answer.purchaseId]).toEqual([1, null, null]);
});
