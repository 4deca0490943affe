import { expect, test } from 'vitest';
import { connectedVehicleApi } from '../../helpers/connected-vehicle-api.ts';
import type { Outside } from '../../helpers/engine-under-test.ts';
import { vin } from '../../helpers/engine-under-test.ts';
import { bought, shippedAdapter, withForeignApi } from '../../helpers/foreign-engine.ts';
import { type JobPlan, pollingApi } from '../../helpers/polling-api.ts';

const minute = 60_000;

const withPolling = (
  script: JobPlan[],
  run: (outside: Outside, api: ReturnType<typeof pollingApi>) => Promise<void>,
) => withForeignApi(shippedAdapter('polling-only'), (now) => Object.assign(pollingApi(now), { script }), run);

const withConnectedVehicle = (
  script: (string | number)[],
  run: (outside: Outside, api: ReturnType<typeof connectedVehicleApi>) => Promise<void>,
) =>
  withForeignApi(
    shippedAdapter('connected-vehicle'),
    () => Object.assign(connectedVehicleApi(), { script }),
    run,
  );

test('polls an API without callbacks until the job is done', () =>
  withPolling([{ state: 'DONE', afterMs: 40_000 }], async (outside, api) => {
    const activation = await bought(outside, 2 * minute);
    expect(activation).toMatchObject({
      phase: 'active',
      delivery: { attempt: 1, evidence: 'result' },
      attempts: [{ number: 1, commandId: '4711', version: null, failure: null }],
    });
    expect(outside.payments.moves).toEqual(['act_1:authorise', 'act_1:capture']);
    expect(api.requests).toEqual([
      'POST /auth/token',
      `GET /vehicles/${vin}/connection`,
      'POST /jobs',
      'GET /jobs/4711',
      'GET /jobs/4711',
    ]);
  }));

test('retries a job that failed with a code that passes, and shows the code', () =>
  withPolling(
    [
      { state: 'ERROR', problem: 'DRIVING', afterMs: 1_000 },
      { state: 'DONE', afterMs: 1_000 },
    ],
    async (outside, api) => {
      const activation = await bought(outside, 5 * minute);
      expect(activation).toMatchObject({ phase: 'active', delivery: { attempt: 2 } });
      expect(activation.attempts[0]?.failure).toMatchObject({
        category: 'vehicle_not_ready',
        message: 'heated_seats: DRIVING',
      });
      expect(api.jobs).toHaveLength(2);
    },
  ));

test('ends after one job that failed with a terminal code', () =>
  withPolling([{ state: 'ERROR', problem: 'NO_OPTION', afterMs: 1_000 }], async (outside, api) => {
    const activation = await bought(outside, 5 * minute);
    expect(activation).toMatchObject({ phase: 'failed', failure: { category: 'vehicle_incompatible' } });
    expect(outside.payments.moves).toEqual(['act_1:authorise', 'act_1:void']);
    expect(api.jobs).toHaveLength(1);
  }));

test('finds the job of a lost answer by feature and time in the list', () =>
  withPolling(['lost after', { state: 'DONE', afterMs: 0 }], async (outside, api) => {
    const activation = await bought(outside, 5 * minute);
    expect(activation).toMatchObject({ phase: 'active', delivery: { attempt: 2 } });
    expect(activation.attempts[1]).toMatchObject({ commandId: '4711' });
    expect(api.jobs).toHaveLength(1);
  }));

test('sends a job again that never arrived', () =>
  withPolling(['lost before', { state: 'DONE', afterMs: 0 }], async (outside, api) => {
    const activation = await bought(outside, 5 * minute);
    expect(activation).toMatchObject({ phase: 'active', delivery: { attempt: 2 } });
    expect(api.jobs).toHaveLength(1);
    expect(api.requests.filter((line) => line === 'POST /jobs')).toHaveLength(2);
  }));

test('counts a job that never ends as failed and revokes it when every attempt has failed', () =>
  withPolling(['never ends'], async (outside, api) => {
    const activation = await bought(outside, 120 * minute);
    expect(activation).toMatchObject({ phase: 'failed', failure: { category: 'timeout' } });
    expect(outside.payments.moves).toEqual(['act_1:authorise', 'act_1:void']);
    expect(api.jobs.at(-1)).toMatchObject({ operation: 'DISABLE', option: 'heated_seats' });
  }));

test('takes COMPLETED of an API in the style of a car maker for the delivery, with its key and its names', () =>
  withConnectedVehicle(['COMPLETED'], async (outside, api) => {
    const activation = await bought(outside, 1_000);
    expect(activation).toMatchObject({ phase: 'active', delivery: { attempt: 1, evidence: 'result' } });
    expect(api.commands).toEqual(['climatization-start']);
    expect([...api.keys]).toEqual(['engine']);
    expect(outside.payments.moves).toEqual(['act_1:authorise', 'act_1:capture']);
  }));

test('retries a sleeping vehicle of a car maker, and shows its reason', () =>
  withConnectedVehicle(['VEHICLE_IN_SLEEP', 'COMPLETED'], async (outside, api) => {
    const activation = await bought(outside, 5 * minute);
    expect(activation).toMatchObject({ phase: 'active', delivery: { attempt: 2 } });
    expect(activation.attempts[0]?.failure).toMatchObject({
      message: 'heated_seats: VEHICLE_IN_SLEEP: not now',
    });
    expect(api.commands).toEqual(['climatization-start', 'climatization-start']);
  }));

test('ends at a command that the vehicle of a car maker does not have', () =>
  withConnectedVehicle([404], async (outside, api) => {
    const activation = await bought(outside, 5 * minute);
    expect(activation).toMatchObject({
      phase: 'failed',
      failure: { category: 'vehicle_incompatible', message: 'the vehicle has no such command' },
    });
    expect(api.commands).toEqual(['climatization-start']);
  }));

test('sends no command of a car maker twice whose answer was lost, and switches the feature off', () =>
  withConnectedVehicle(['lost', 'COMPLETED'], async (outside, api) => {
    const activation = await bought(outside, 5 * minute);
    expect(activation).toMatchObject({ phase: 'failed', failure: { code: 'outcome_unknown' } });
    expect(api.commands).toEqual(['climatization-start', 'climatization-stop']);
    expect(outside.payments.moves).toEqual(['act_1:authorise', 'act_1:void']);
  }));
