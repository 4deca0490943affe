import { describe, expect, it } from 'vitest';
import { type Activation, newActivation, newDeactivation } from '../../../gateway/activation/activation.ts';
import { standardPolicy } from '../../../gateway/activation/policy.ts';
import {
  attemptKey,
  attemptOfKey,
  configureRequest,
  eventOfCommand,
} from '../../../gateway/engine/command.ts';
import type { EffectDeps } from '../../../gateway/engine/ports.ts';
import type { CommandResource } from '../../../shared/protocol/api-iot.ts';
import { payment } from '../../helpers/engine-under-test.ts';
import { vehicleAnswers } from './vehicle-answers.ts';

const vin = '11111111111111111';
const order = { id: 'act_1', vin, serviceId: 'seats', feature: 'heated_seats', policy: standardPolicy };
const sale = newActivation(order, payment, 1_000);

describe('The key of an attempt', () => {
  it('says whose it is', () => {
    expect(attemptKey('act_1', 12)).toBe('act_1:12');
    expect(attemptOfKey('act_1', 'act_1:12')).toBe(12);
  });

  it.each([
    ['of nobody', null],
    ['of another activation', 'act_2:1'],
    ['of one with a longer name', 'act_12:1'],
    ['as long as ours', 'act-1:1'],
    ['without a number', 'act_1:'],
    ['numbered 0', 'act_1:0'],
    ['numbered below 0', 'act_1:-1'],
    ['between two numbers', 'act_1:1.5'],
    ['beyond whole numbers', 'act_1:9007199254740993'],
    ['no number', 'act_1:one'],
  ])('is not ours: %s', (_, key) => expect(attemptOfKey('act_1', key)).toBeNull());
});

describe('What is sent', () => {
  type Deps = Parameters<typeof configureRequest>[0];
  const asked: string[] = [];
  const deps: Deps = {
    catalogue: {
      services: () => [],
      service: () => null,
      endOf: () => null,
      configuration(serviceId, model) {
        asked.push(`${serviceId} for ${model}`);
        return {
          serviceId,
          model,
          version: 1,
          parameters: { level: 3, side: 'left' },
          display: { receiving: 'Receiving', applied: 'Enabled' },
        };
      },
    },
    modelOf: async (known) => `model of ${known}`,
    callbackUrl: null,
  };
  const unknown: Deps = { ...deps, catalogue: { ...deps.catalogue, configuration: () => null } };

  it('is the template of the service for the model, with the texts for the display', async () => {
    expect(await configureRequest(deps, sale)).toEqual({
      reference: 'act_1',
      features: [{ feature: 'heated_seats', target: 'active', parameters: { level: 3, side: 'left' } }],
      display: { receiving: 'Receiving', applied: 'Enabled' },
    });
    expect(asked).toEqual([`seats for model of ${vin}`]);
  });

  it('takes what a technician changed of the parameters', async () => {
    const changed: Activation = { ...sale, parameters: { level: 1 } };
    expect((await configureRequest(deps, changed)).features).toEqual([
      { feature: 'heated_seats', target: 'active', parameters: { level: 1, side: 'left' } },
    ]);
  });

  it.each(['deactivation', 'revocation'] as const)('has no parameters and no texts on a %s', async (kind) => {
    expect(await configureRequest(deps, newDeactivation(order, kind, 1_000))).toEqual({
      reference: 'act_1',
      features: [{ feature: 'heated_seats', target: 'dormant' }],
    });
  });

  it('has neither where the service is not made for the model', async () => {
    expect(await configureRequest(unknown, sale)).toEqual({
      reference: 'act_1',
      features: [{ feature: 'heated_seats', target: 'active' }],
    });
  });

  it('has the URL of the callback', async () => {
    const callbackUrl = 'https://platform.example/callback';
    expect(await configureRequest({ ...unknown, callbackUrl }, sale)).toEqual({
      reference: 'act_1',
      features: [{ feature: 'heated_seats', target: 'active' }],
      callbackUrl,
    });
  });
});

describe('What the state of a command means', () => {
  const { command } = vehicleAnswers(vin);

  /** The event, and how often the vehicle's health was asked for. */
  async function told(state: CommandResource['state'], online: boolean | null = true) {
    const looks: string[] = [];
    const vehicles = {
      async health(asked: string) {
        looks.push(asked);
        const failure = { message: 'none', code: 'http_503', temporary: true, mayHaveSucceeded: true };
        if (online === null) return { ok: false, failure: { ...failure, category: 'api_iot_error' } };
        return { ok: true, value: { online } };
      },
    } as unknown as EffectDeps['vehicles'];
    const deps = { clock: { now: () => 5_000 }, random: { fraction: () => 0.25 }, vehicles } as EffectDeps;
    const event = await eventOfCommand(deps, vin, 3, { ...command, state, clock: 4_321 });
    return { event, looks };
  }

  it('waits on', async () => {
    expect(await told('accepted')).toEqual({
      event: { type: 'command_pending', at: 5_000, attempt: 3, draw: 0.25 },
      looks: [],
    });
  });

  it('is delivered, by the vehicle’s clock', async () => {
    expect(await told('applied')).toEqual({
      event: { type: 'command_applied', at: 5_000, attempt: 3, vehicleClock: 4_321 },
      looks: [],
    });
  });

  it('has failed', async () => {
    expect(await told('rejected')).toEqual({
      event: {
        type: 'command_failed',
        at: 5_000,
        attempt: 3,
        failure: {
          category: 'vehicle_incompatible',
          code: 'rejected',
          message: 'the command ended rejected',
          temporary: false,
          mayHaveSucceeded: false,
        },
        draw: 0.25,
      },
      looks: [],
    });
  });

  it.each([
    [true, 'timeout'],
    [false, 'vehicle_offline'],
    [null, 'timeout'],
  ])('asks after a time-out alone whether the vehicle is there: %s', async (online, category) => {
    expect(await told('timed_out', online)).toMatchObject({
      event: { type: 'command_failed', failure: { category } },
      looks: [vin],
    });
  });
});
