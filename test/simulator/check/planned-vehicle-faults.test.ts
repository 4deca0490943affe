import { expect, test } from 'vitest';
import { plannedVehicleFaults } from '../../../simulator/check/planned-vehicle-faults.ts';
import {
  type ActivationFault,
  calmTestCase,
  type TestCase,
  testCaseSchema,
} from '../../../simulator/check/test-case.ts';
import { runTestCase } from '../../../simulator/check/test-case-run.ts';
import { shippedCatalogue } from '../../../simulator/virtual-system/shipped-files.ts';

const catalogue = shippedCatalogue();
const feature = catalogue.services()[0]?.feature;
const brisk = { maxRetries: 2, baseDelayMs: 2_000, maxDelayMs: 30_000, commandTimeoutMs: 30_000 };

function testCase(faults: ActivationFault[], more: Partial<TestCase> = {}): TestCase {
  return { ...calmTestCase([{ faults }]), policy: brisk, ...more };
}

/** The faults of the first vehicle, without what they all have. */
function planned(faults: ActivationFault[], more: Partial<TestCase> = {}) {
  return plannedVehicleFaults(testCase(faults, more), catalogue, 0).map(({ toxicity: _, ...fault }) => fault);
}

const message = { layer: 'message' } as const;

test('faults of messages become faults of the vehicle that name the commands of the purchase', () => {
  const faults: ActivationFault[] = [
    { type: 'message', channel: 'command', nth: 2, how: 'drop', delayMs: 1 },
    { type: 'message', channel: 'revocation', nth: 1, how: 'delay', delayMs: 40 },
    { type: 'message', channel: 'ack', nth: 1, how: 'delay', delayMs: 50 },
    { type: 'message', channel: 'revocation_ack', nth: 3, how: 'duplicate', delayMs: 60 },
    { type: 'mute', what: 'answer', from: 1, to: 2 },
    { type: 'mute', what: 'command', target: 'dormant', from: 1, to: 64 },
    { type: 'late', delayMs: 70 },
  ];
  const commands = (kind: string, from: number, to: number) => ({ feature, kind, from, to });
  const once = { schedule: { first: 1 } };
  expect(planned(faults)).toEqual([
    {
      ...message,
      ...once,
      name: 'command drop',
      type: 'lose_command',
      stream: 'downstream',
      attributes: {},
      commands: commands('activation', 2, 2),
    },
    {
      ...message,
      ...once,
      name: 'revocation delay',
      type: 'reorder',
      stream: 'downstream',
      attributes: { delayMs: 40 },
      commands: commands('deactivation', 1, 1),
    },
    {
      ...message,
      ...once,
      name: 'ack delay',
      type: 'delay_ack',
      stream: 'upstream',
      attributes: { delayMs: 50, withStatus: true },
      commands: commands('activation', 1, 1),
    },
    {
      ...message,
      ...once,
      name: 'revocation_ack duplicate',
      type: 'duplicate',
      stream: 'upstream',
      attributes: { delayMs: 60 },
      commands: commands('deactivation', 3, 3),
    },
    {
      ...message,
      name: 'answer muted',
      type: 'lose_ack',
      stream: 'upstream',
      attributes: { withStatus: true },
      commands: commands('activation', 1, 2),
    },
    {
      ...message,
      name: 'command muted',
      type: 'lose_command',
      stream: 'downstream',
      attributes: {},
      commands: commands('deactivation', 1, 64),
    },
    {
      ...message,
      ...once,
      name: 'late answer',
      type: 'delay_ack',
      stream: 'upstream',
      attributes: { delayMs: 70, withStatus: true },
      commands: commands('activation', 3, 3),
    },
  ]);
});

test('cuts, restarts and new control units become faults of the vehicle at their moments', () => {
  const [first] = calmTestCase([{}]).activations;
  if (!first) throw new Error('a test case has an activation');
  const more: Partial<TestCase> = {
    reconcileMs: 60_000,
    activations: [{ ...first, atMs: 500, life: [{ type: 'feature_lost', afterMs: 1_000 }] }],
    world: [
      { type: 'cut', vehicle: 0, fromMs: 10, forMs: 20 },
      { type: 'cut', vehicle: 1, fromMs: 30, forMs: 20 },
      { type: 'restart', vehicle: 0, atMs: 40 },
    ],
  };
  expect(planned([], more)).toEqual([
    {
      name: 'feature_lost',
      layer: 'vehicle',
      type: 'feature_lost',
      attributes: { feature },
      schedule: { afterMs: 1_500 },
    },
    {
      name: 'link cut',
      layer: 'link',
      type: 'offline',
      attributes: {},
      schedule: { afterMs: 10, forMs: 20 },
    },
    {
      name: 'vehicle restarts',
      layer: 'vehicle',
      type: 'restart',
      attributes: {},
      schedule: { afterMs: 40 },
    },
  ]);
});

test("a run meets them in the vehicles' own connections, from the first moment of the workload on", async () => {
  const run = await runTestCase(
    testCase([{ type: 'mute', what: 'command', from: 1, to: 2 }], {
      world: [
        { type: 'cut', vehicle: 1, fromMs: 3_000, forMs: 4_000 },
        { type: 'restart', vehicle: 2, atMs: 5_000 },
      ],
    }),
  );
  expect(run.evidence.plan.vehicles[0]?.faults).toHaveLength(1);
  expect(run.injected).toEqual({ 'command muted': 2, 'link cut': 1, 'vehicle restarts': 1 });
  const windows = run.trace.filter(({ event }) => event.startsWith('vehicle.fault_'));
  expect(windows.map(({ at, event, fields }) => `${at} ${event} ${fields.fault}`)).toEqual([
    '3000 vehicle.fault_begins link cut',
    '5000 vehicle.fault_begins vehicle restarts',
    '7000 vehicle.fault_ends link cut',
  ]);
  expect(run.moves.at(-1)?.after).toMatchObject({ phase: 'active' });
  expect(run.moves.at(-1)?.after.attempts).toHaveLength(3);
});

test('a test case with more faults than a vehicle can have is refused', () => {
  const fault: ActivationFault = { type: 'result', nth: 1, kind: 'fatal' };
  const of = (count: number) =>
    calmTestCase(Array.from({ length: count }, () => ({ faults: Array.from({ length: 8 }, () => fault) })));
  expect(testCaseSchema.safeParse(of(6)).success).toBe(true);
  expect(testCaseSchema.safeParse(of(7)).error?.issues).toMatchObject([
    { path: ['activations'], message: 'vehicle 0 has more than 100 faults: remove some' },
  ]);
});
