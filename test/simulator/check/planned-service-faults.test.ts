import { expect, test } from 'vitest';
import { serviceRecordsOf } from '../../../simulator/check/planned-service-faults.ts';
import { vinOf } from '../../../simulator/check/purchases-of-test-case.ts';
import { type ActivationFault, calmTestCase, type TestCase } from '../../../simulator/check/test-case.ts';
import { runTestCase } from '../../../simulator/check/test-case-run.ts';
import { faultRecordSchema } from '../../../simulator/faults/fault.ts';
import { shippedCatalogue } from '../../../simulator/virtual-system/shipped-files.ts';

const catalogue = shippedCatalogue();
const brisk = { maxRetries: 1, baseDelayMs: 2_000, maxDelayMs: 30_000, commandTimeoutMs: 30_000 };

function testCase(faults: ActivationFault[], world: TestCase['world'] = []): TestCase {
  return { ...calmTestCase([{ faults }]), policy: brisk, world };
}

const http = (step: string, how: string, nth = 1, count = 1) =>
  ({ type: 'http', step, nth, count, how }) as ActivationFault;

const service = { layer: 'services', toxicity: 1 } as const;

test('calls become faults in front of the service that answers them', () => {
  const vin = vinOf(0);
  const records = serviceRecordsOf(
    testCase([
      http('configure', 'response_lost', 2, 3),
      http('capture', 'request_lost'),
      http('callback', 'server_error'),
      http('token', 'slow'),
    ]),
    catalogue,
  );
  expect(records).toEqual([
    {
      ...service,
      name: 'configure response_lost',
      type: 'response_lost',
      target: { service: 'api_iot', method: 'POST', path: `/vehicle/${vin}/configure` },
      schedule: { from: 2, first: 3 },
      attributes: {},
    },
    {
      ...service,
      name: 'capture request_lost',
      type: 'unreachable',
      target: { service: 'payments', method: 'POST', path: '/v1/payment_intents/*/capture' },
      schedule: { first: 1 },
      attributes: { breaks: true },
    },
    {
      ...service,
      name: 'callback server_error',
      type: 'server_error',
      target: { service: 'platform', method: 'POST', path: '/callbacks/api-iot' },
      schedule: { first: 1 },
      attributes: { status: 503 },
    },
    ...(['platform', 'api_iot'] as const).map((name) => ({
      ...service,
      name: 'token slow',
      type: 'slow',
      target: { service: name, method: 'POST', path: '/oauth/token' },
      schedule: { first: 1 },
      attributes: { latencyMs: 12_000, jitterMs: 0 },
    })),
  ]);
  for (const record of records) expect(faultRecordSchema.parse(record)).toEqual(record);
});

test('messages to a customer and services that are down become faults of the channel and the service', () => {
  const world: TestCase['world'] = [
    { type: 'down', service: 'payments', fromMs: 10, forMs: 20 },
    { type: 'down', service: 'push', fromMs: 30, forMs: 40 },
    { type: 'down', service: 'nats', fromMs: 50, forMs: 60 },
  ];
  const faults = [http('email', 'response_lost', 2), http('push', 'slow')];
  const records = serviceRecordsOf(testCase(faults, world), catalogue);
  expect(records).toEqual([
    {
      ...service,
      name: 'email response_lost',
      type: 'smtp_down',
      target: { service: 'mail', recipient: 'customer-1' },
      schedule: { from: 2, first: 1 },
      attributes: { hangs: true, takes: true },
    },
    {
      ...service,
      name: 'push slow',
      type: 'push_slow',
      target: { service: 'push', recipient: 'customer-1' },
      schedule: { first: 1 },
      attributes: { latencyMs: 5_000 },
    },
    {
      ...service,
      name: 'payments down',
      type: 'unreachable',
      target: { service: 'payments' },
      schedule: { afterMs: 10, forMs: 20 },
      attributes: { breaks: false },
    },
    {
      ...service,
      name: 'push down',
      type: 'push_down',
      target: { service: 'push' },
      schedule: { afterMs: 30, forMs: 40 },
      attributes: { hangs: false, takes: false },
    },
  ]);
  for (const record of records) expect(faultRecordSchema.parse(record)).toEqual(record);
});

test('of several purchases, a fault of payments names the place of its own', () => {
  const fault = http('refund', 'server_error');
  const [first, second] = calmTestCase([{ atMs: 5_000, faults: [fault] }, { vehicle: 1 }]).activations;
  if (!first || !second) throw new Error('a test case has its activations');
  const both = { ...testCase([]), activations: [first, second] };
  expect(serviceRecordsOf(both, catalogue).map(({ target }) => target)).toEqual([
    { service: 'payments', method: 'POST', path: '/v1/refunds', purchase: 2 },
  ]);
});

test('a run meets them in front of the services, and counts them by name', async () => {
  const run = await runTestCase(
    testCase([
      http('authorise', 'server_error', 1, 2),
      http('purchase', 'response_lost'),
      http('callback', 'request_lost'),
      http('email', 'response_lost'),
    ]),
  );
  expect(run.injected).toMatchObject({
    'authorise server_error': 2,
    'purchase response_lost': 1,
    'callback request_lost': 1,
    'email response_lost': 1,
  });
  expect(run.verdicts.filter(({ ok }) => !ok)).toEqual([]);
  expect(run.moves.at(-1)?.after).toMatchObject({ phase: 'active' });
});
