import { expect, test } from 'vitest';
import { withSystemFault } from '../../../simulator/check/arbitraries/rare-system-faults.ts';
import { judge } from '../../../simulator/check/judge.ts';
import { plannedServiceFaults } from '../../../simulator/check/planned-service-faults.ts';
import { plannedVehicleFaults } from '../../../simulator/check/planned-vehicle-faults.ts';
import { probeRun } from '../../../simulator/check/probes.ts';
import { calmTestCase, type TestCase, testCaseSchema } from '../../../simulator/check/test-case.ts';
import { shippedCatalogue } from '../../../simulator/virtual-system/shipped-files.ts';

const catalogue = shippedCatalogue();
const brisk = { maxRetries: 2, baseDelayMs: 2_000, maxDelayMs: 30_000, commandTimeoutMs: 30_000 };

const withWorld = (world: TestCase['world'], others: TestCase['activations'] = []): TestCase => {
  const calm = calmTestCase([{}]);
  return { ...calm, policy: brisk, world, activations: [...calm.activations, ...others] };
};

async function probesOf(testCase: TestCase) {
  const { run, broken } = await judge(testCase, { twice: true });
  expect(broken).toBeNull();
  if (run === null) throw new Error('the run did not end');
  return probeRun(run);
}

test('one case of eight has one of them, by its seed, and the others stay as they were drawn', () => {
  const types = [1, 9, 17, 25, 33, 2, 8].map((seed) => {
    const drawn = withSystemFault({ ...withWorld([]), seed });
    expect(testCaseSchema.parse(drawn)).toEqual(drawn);
    return drawn.world.map(({ type }) => type);
  });
  expect(types).toEqual([['lossy'], ['api_iot_fails'], ['clock_set'], ['database_fails'], ['lossy'], [], []]);
});

test('packets are lost in both directions of the line of the vehicle', async () => {
  const fault = {
    type: 'lossy',
    vehicle: 0,
    lossRate: 0.5,
    roundTripMs: 100,
    fromMs: 0,
    forMs: 60_000,
  } as const;
  const common = {
    ...{ name: 'packet loss', layer: 'link', type: 'packet_loss', toxicity: 1 },
    ...{ attributes: { lossRate: 0.5, roundTripMs: 100 }, schedule: { afterMs: 0, forMs: 60_000 } },
  };
  expect(plannedVehicleFaults(withWorld([fault]), catalogue, 0)).toEqual([
    { ...common, stream: 'downstream' },
    { ...common, stream: 'upstream' },
  ]);
  expect(await probesOf(withWorld([fault]))).toMatchObject({
    'command sent over a line that loses packets': 1,
  });
});

test.each([
  ['credentials', { type: 'unauthorized', match: undefined }],
  ['token_refused', { type: 'unauthorized', match: { method: 'POST', path: '/oauth/token' } }],
  ['token_away', { type: 'unreachable', match: { method: 'POST', path: '/oauth/token' } }],
  ['server_errors', { type: 'server_error', match: undefined }],
] as const)('an API IoT that fails by %s fails every vehicle', (cause, fault) => {
  const testCase = withWorld([{ type: 'api_iot_fails', cause, fromMs: 5, forMs: 10 }]);
  const [planned] = plannedServiceFaults(testCase, catalogue).apiIotFaults;
  expect(planned).toMatchObject({
    ...(fault.match && { match: fault.match }),
    ...{ type: fault.type, schedule: { afterMs: 5, forMs: 10 } },
  });
});

test('purchases wait for credentials that are refused, in one incident, and become active', async () => {
  const fault = { type: 'api_iot_fails', cause: 'credentials', fromMs: 0, forMs: 100_000 } as const;
  const others = calmTestCase([{ vehicle: 1 }, { vehicle: 2 }]).activations;
  expect(await probesOf(withWorld([fault], others))).toMatchObject({
    'incident of the API IoT opened': 1,
    'purchase waited for an incident and became active': 3,
  });
});

test.each([7_200_000, -7_200_000])('due times hold while the wall clock is %i ms ahead', async (aheadMs) => {
  const fault = { type: 'clock_set', process: 'platform', aheadMs, atMs: 100, forMs: 60_000 } as const;
  const probes = await probesOf(withWorld([fault]));
  expect(probes).toMatchObject({ 'clock set while a purchase is pending': 1 });
  expect(probes['callback refused by a clock that is wrong']).toBeGreaterThan(0);
});

test.each(['full', 'lost'] as const)(
  'a purchase is made once after a database took no write: %s',
  async (how) => {
    const fault = { type: 'database_fails', process: 'platform', how, fromMs: 0, forMs: 20_000 } as const;
    const probes = await probesOf(withWorld([fault]));
    expect(probes['write refused by a database']).toBeGreaterThan(0);
  },
);
