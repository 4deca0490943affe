import { describe, expect, it } from 'vitest';
import { type Activation, newActivation, newDeactivation } from '../../../gateway/activation/activation.ts';
import { standardPolicy } from '../../../gateway/activation/policy.ts';
import type { Answer } from '../../../gateway/engine/api-client.ts';
import { provenAttempt, readDiagnostics } from '../../../gateway/engine/diagnostics.ts';
import type { VehicleApi } from '../../../gateway/engine/vehicle-api.ts';
import type { Diagnostics } from '../../../gateway/support/diagnostics.ts';
import type { CommandResource, VehicleTwin } from '../../../shared/protocol/api-iot.ts';
import { payment } from '../../helpers/engine-under-test.ts';
import { manualClock } from '../../helpers/manual-clock.ts';
import { vehicleAnswers } from './vehicle-answers.ts';

const vin = '11111111111111111';
const order = { id: 'act_1', vin, serviceId: 'seats', feature: 'heated_seats', policy: standardPolicy };
const attempt = { startedAt: 0, commandId: 'cmd', expiresAt: 1, endedAt: 1, failure: null };

/** Three attempts that the API IoT accepted at version 4, at none, and at 6. */
const attempts = [
  { ...attempt, number: 1, version: 4 },
  { ...attempt, number: 2, version: null },
  { ...attempt, number: 3, version: 6 },
];
const sale: Activation = {
  ...newActivation(order, payment, 1_000),
  attempts,
};
const revocation: Activation = { ...newDeactivation(order, 'revocation', 1_000), attempts };

const answers = vehicleAnswers(vin);
const { twin, health } = answers;
const command: CommandResource = {
  ...answers.command,
  ...{ key: 'act_1:2', state: 'applied', acceptedAt: 0, expiresAt: 1, endedAt: 1 },
};

const unavailable = { unavailable: 'nobody answers' };

/** What the API IoT's books say. */
function books({ reported = [], history = [] }: Partial<Seen> = {}): Diagnostics {
  return { status: { ...twin, reported }, health, history, configuration: unavailable };
}
interface Seen {
  readonly reported: VehicleTwin['reported'];
  readonly history: Diagnostics['history'];
}

describe('A command in the history proves its attempt', () => {
  it.each<[string, Partial<CommandResource>, number | null]>([
    ['applied', {}, 2],
    ['waiting', { state: 'accepted' }, null],
    ['refused', { state: 'rejected' }, null],
    ['of somebody else', { key: 'act_9:2' }, null],
    ['without a key', { key: null }, null],
    ['of another feature', { features: [{ feature: 'sport_mode', target: 'active', version: 4 }] }, null],
    [
      'that switches it off',
      { features: [{ feature: 'heated_seats', target: 'dormant', version: 4 }] },
      null,
    ],
    ['at another vehicle', { vin: '22222222222222222' }, null],
    ['with the number of an attempt that was never made', { key: 'act_1:4' }, null],
  ])('%s', (_, change, proven) => {
    const strange = { ...command, key: 'act_7:1' };
    const history = [strange, { ...command, ...change }];
    expect(provenAttempt(sale, books({ history }))).toBe(proven);
  });

  it('the newest first, and nothing else is looked at', () => {
    const history = [
      { ...command, key: 'act_1:3' },
      { ...command, key: 'act_1:1' },
    ];
    expect(provenAttempt(sale, books({ history, reported: null }))).toBe(3);
  });

  it('not where it could not be read', () => {
    expect(provenAttempt(sale, { ...books(), history: unavailable })).toBeNull();
  });
});

describe('A reported state proves the newest attempt that it is not older than', () => {
  const seats = { feature: 'heated_seats', state: 'active', version: 6 } as const;
  const sport = { feature: 'sport_mode', state: 'active', version: 9 } as const;
  it.each<[string, VehicleTwin['reported'], number | null]>([
    ['at the version of the third', [sport, seats], 3],
    ['beyond it', [{ ...seats, version: 7 }], 3],
    ['between the first and the third', [{ ...seats, version: 5 }], 1],
    ['at the version of the first', [{ ...seats, version: 4 }], 1],
    ['older than all', [{ ...seats, version: 3 }], null],
    ['asleep', [{ ...seats, state: 'dormant' }], null],
    ['of another feature', [sport], null],
    ['of nothing', [], null],
    ['not said yet', null, null],
  ])('%s', (_, reported, proven) => expect(provenAttempt(sale, books({ reported }))).toBe(proven));

  it('dormant, when it should be switched off', () => {
    expect(provenAttempt(revocation, books({ reported: [{ ...seats, state: 'dormant' }] }))).toBe(3);
    expect(provenAttempt(revocation, books({ reported: [seats] }))).toBeNull();
  });

  it('not where it could not be read', () => {
    expect(provenAttempt(sale, { ...books(), status: unavailable })).toBeNull();
  });
});

/** The event of a look at an API IoT that answers so. */
function look(answers: { readonly [Route in 'status' | 'health' | 'history']: Answer<unknown> }) {
  const route = (name: keyof typeof answers) => async (asked: string) => {
    expect(asked).toBe(vin);
    return answers[name];
  };
  const vehicles = { status: route('status'), health: route('health'), history: route('history') };
  return readDiagnostics(
    {
      clock: manualClock(7_000),
      vehicles: vehicles as unknown as VehicleApi,
      catalogue: { services: () => [], service: () => null, configuration: () => null, endOf: () => null },
      modelOf: async () => 'aurora-2026',
      callbackUrl: null,
    },
    sale,
  );
}

const configuration = { reference: 'act_1', features: [{ feature: 'heated_seats', target: 'active' }] };

it('keeps the API IoT’s data and the command’s parameters for the ticket', async () => {
  const event = await look({
    status: { ok: true, value: twin },
    health: { ok: true, value: health },
    history: { ok: true, value: [command] },
  });
  expect(event).toEqual({
    type: 'diagnostics_read',
    at: 7_000,
    delivered: 2,
    diagnostics: { status: twin, health, history: [command], configuration },
  });
});

it('says in the ticket why something could not be read', async () => {
  const refused = (message: string): Answer<unknown> => ({
    ok: false,
    failure: { category: 'timeout', code: 'http_504', message, temporary: true, mayHaveSucceeded: true },
  });
  const event = await look({
    status: refused('no status'),
    health: refused('no health'),
    history: refused('no history'),
  });
  expect(event).toEqual({
    type: 'diagnostics_read',
    at: 7_000,
    delivered: null,
    diagnostics: {
      status: { unavailable: 'no status' },
      health: { unavailable: 'no health' },
      history: { unavailable: 'no history' },
      configuration,
    },
  });
});
