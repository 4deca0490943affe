import { describe, expect, test } from 'vitest';
import { commandResultSchema, vehicleStatusSchema } from '../../../shared/protocol/device-messages.ts';
import { step } from '../../../simulator/vehicle/step.ts';
import type { UnitFault } from '../../../simulator/vehicle/vehicle.ts';
import { command, deliver, noon, otherVin, resultsOf, vehicleOf, vin } from '../../helpers/vehicle-model.ts';

const busy: UnitFault = { kind: 'ecu_busy', feature: null, reason: null, remaining: 1 };

describe('the outcome of a command', () => {
  const on = () => deliver(vehicleOf(), command('cmd_0', [['heated_seats', 'active', 3]])).vehicle;
  const off = () => deliver(on(), command('cmd_00', [['heated_seats', 'dormant', 4]])).vehicle;
  const seats = 'heated_seats';

  test.each([
    ['a dormant feature is switched on', vehicleOf, [seats, 'active', 1], ['applied', 1]],
    ['an active feature is switched off', on, [seats, 'dormant', 4], ['applied', 4]],
    ['an active feature stays on and takes the version', on, [seats, 'active', 9], ['already_active', 9]],
    ['a dormant feature stays off and takes the version', off, [seats, 'dormant', 9], ['already_dormant', 9]],
    ['the version that it stands at is a success', on, [seats, 'active', 3], ['already_active', 3]],
    ['a lower version changes nothing', on, [seats, 'dormant', 2], ['superseded', 3]],
    ['a lower version with the same target changes nothing', on, [seats, 'active', 2], ['superseded', 3]],
    [
      'one version with two targets: the first stands',
      on,
      [seats, 'dormant', 3],
      ['superseded', 3, 'version_reused'],
    ],
    [
      'hardware that is not built in',
      () => vehicleOf({ model: 'borealis-2026' }),
      ['sport_mode', 'active', 1],
      ['rejected', 0, 'unsupported_hardware'],
    ],
    [
      'a feature that no firmware knows',
      vehicleOf,
      ['constructor', 'active', 1],
      ['rejected', 0, 'unknown_feature'],
    ],
    [
      'the base platform is not switched',
      vehicleOf,
      ['base_platform', 'dormant', 1],
      ['rejected', 0, 'always_on'],
    ],
    [
      'an ECU that is busy',
      () => vehicleOf({ unitFaults: [busy] }),
      [seats, 'active', 1],
      ['failed', 0, 'ecu_busy'],
    ],
    [
      'a low 12 V battery',
      () => vehicleOf({ unitFaults: [{ ...busy, kind: 'low_12v' }] }),
      [seats, 'active', 1],
      ['failed', 0, 'low_12v'],
    ],
    [
      'a vehicle that refuses for good',
      () => vehicleOf({ unitFaults: [{ ...busy, kind: 'reject', reason: 'recall 17' }] }),
      [seats, 'active', 1],
      ['rejected', 0, 'recall 17'],
    ],
    [
      'a unitFault of another feature',
      () => vehicleOf({ unitFaults: [{ ...busy, feature: 'sport_mode' }] }),
      [seats, 'active', 1],
      ['applied', 1],
    ],
  ] as const)('%s', (_title, vehicle, [feature, target, version], [outcome, stands, reason]) => {
    const taken = deliver(vehicle(), command('cmd_1', [[feature, target, version]]));
    expect(resultsOf(taken)).toEqual([
      { feature, outcome, version: stands, ...(reason === undefined ? {} : { reason }) },
    ]);
  });

  test('each feature of a command gets its own answer', () => {
    const taken = deliver(
      vehicleOf({ model: 'cirrus-2025' }),
      command('cmd_1', [
        ['heated_seats', 'active', 1],
        ['sport_mode', 'active', 1],
        ['remote_start', 'dormant', 7],
      ]),
    );
    expect(resultsOf(taken)).toEqual([
      { feature: 'heated_seats', outcome: 'applied', version: 1 },
      { feature: 'sport_mode', outcome: 'rejected', version: 0, reason: 'unsupported_hardware' },
      { feature: 'remote_start', outcome: 'already_dormant', version: 7 },
    ]);
  });

  test('a fault for one command has ended at the next', () => {
    const first = deliver(
      vehicleOf({ unitFaults: [busy] }),
      command('cmd_1', [['heated_seats', 'active', 1]]),
    );
    const second = deliver(first.vehicle, command('cmd_2', [['heated_seats', 'active', 2]]));
    expect(resultsOf(second)).toEqual([{ feature: 'heated_seats', outcome: 'applied', version: 2 }]);
  });
});

describe('the deadline, by the clock of the vehicle', () => {
  const late = command('cmd_1', [['heated_seats', 'active', 1]], { expiresAt: noon + 1000 });
  const expired = [{ feature: 'heated_seats', outcome: 'expired', version: 0 }];

  test.each([
    ['at the instant itself it still applies', 0, noon + 1000, 'applied'],
    ['a millisecond later it is expired', 0, noon + 1001, 'expired'],
    ['a fast clock refuses early', 60_000, noon, 'expired'],
    ['a slow clock applies late', -60_000, noon + 30_000, 'applied'],
  ] as const)('%s', (_title, clockSkewMs, now, outcome) => {
    const taken = deliver(vehicleOf({ clockSkewMs }), late, now);
    expect(resultsOf(taken)?.map((result) => result.outcome)).toEqual([outcome]);
    const [message] = taken.messages;
    expect(message?.payload.clock).toBe(now + clockSkewMs);
  });

  test('a command accepted in time and applied too late is refused all the same', () => {
    const received = step(vehicleOf(), { type: 'command', now: noon, command: late });
    const applied = step(received.vehicle, { type: 'applied', now: noon + 1001, commandId: 'cmd_1' });
    expect(resultsOf(applied)).toEqual(expired);
    expect(applied.vehicle.features).toBe(received.vehicle.features);
  });
});

describe('a command that comes again', () => {
  const first = command('cmd_1', [['heated_seats', 'active', 1]]);

  test('gets the same answer, also after its deadline and after a newer command', () => {
    const on = deliver(vehicleOf(), first);
    const off = deliver(on.vehicle, command('cmd_2', [['heated_seats', 'dormant', 2]]));
    const again = step(off.vehicle, { type: 'command', now: noon + 999_999, command: first });
    expect(resultsOf(again)).toEqual(resultsOf(on));
    expect(again.vehicle).toBe(off.vehicle);
  });

  test('is accepted once while it is being applied', () => {
    const received = step(vehicleOf(), { type: 'command', now: noon, command: first });
    const again = step(received.vehicle, { type: 'command', now: noon, command: first });
    expect(again).toEqual({ vehicle: received.vehicle, messages: [] });
  });

  test('is remembered for the last 32 commands', () => {
    let { vehicle } = deliver(vehicleOf(), first);
    for (let index = 2; index <= 40; index += 1) {
      vehicle = deliver(vehicle, command(`cmd_${index}`, [['heated_seats', 'active', index]])).vehicle;
    }
    expect(vehicle.answers.map((answer) => answer.commandId)).toEqual(
      Array.from({ length: 32 }, (_, index) => `cmd_${index + 9}`),
    );
  });
});

describe('what is refused without an answer', () => {
  test('a command for another vehicle', () => {
    const vehicle = vehicleOf();
    const foreign = command('cmd_1', [['heated_seats', 'active', 1]], { vin: otherVin });
    expect(step(vehicle, { type: 'command', now: noon, command: foreign })).toEqual({
      vehicle,
      messages: [],
      refused: 'foreign_vin',
    });
  });

  test('the seventeenth command while sixteen are being applied', () => {
    let vehicle = vehicleOf();
    for (let index = 1; index <= 16; index += 1) {
      const sent = command(`cmd_${index}`, [['heated_seats', 'active', index]]);
      vehicle = step(vehicle, { type: 'command', now: noon, command: sent }).vehicle;
    }
    const last = command('cmd_17', [['heated_seats', 'active', 17]]);
    expect(step(vehicle, { type: 'command', now: noon, command: last })).toEqual({
      vehicle,
      messages: [],
      refused: 'too_many_commands',
    });
  });
});

describe('the display', () => {
  const display = { receiving: 'Receiving seats', applied: 'Seats enabled' };

  test('shows the texts of the command', () => {
    const sent = command('cmd_1', [['heated_seats', 'active', 1]], { display });
    const received = step(vehicleOf(), { type: 'command', now: noon, command: sent });
    const applied = step(received.vehicle, { type: 'applied', now: noon, commandId: 'cmd_1' });
    expect([received.display, applied.display]).toEqual(['Receiving seats', 'Seats enabled']);
    expect([received.vehicle.display, applied.vehicle.display]).toEqual(['Receiving seats', 'Seats enabled']);
  });

  test('shows its own texts when the command has none', () => {
    const sent = command('cmd_1', [['heated_seats', 'active', 1]]);
    const received = step(vehicleOf(), { type: 'command', now: noon, command: sent });
    const applied = step(received.vehicle, { type: 'applied', now: noon, commandId: 'cmd_1' });
    expect([received.display, applied.display]).toEqual(['Receiving configuration', 'Feature enabled']);
  });

  test('shows nothing of its own on a revocation', () => {
    const on = deliver(vehicleOf(), command('cmd_1', [['heated_seats', 'active', 1]])).vehicle;
    const sent = command('cmd_2', [['heated_seats', 'dormant', 2]]);
    const received = step(on, { type: 'command', now: noon, command: sent });
    const applied = step(received.vehicle, { type: 'applied', now: noon, commandId: 'cmd_2' });
    expect([received.display, applied.display, applied.vehicle.display]).toEqual([
      undefined,
      undefined,
      null,
    ]);
  });

  test('never says that a feature is enabled when it is not', () => {
    const sent = command('cmd_1', [['heated_seats', 'active', 1]], { display });
    const taken = deliver(vehicleOf({ unitFaults: [busy] }), sent);
    expect([taken.display, taken.vehicle.display]).toEqual([undefined, null]);
  });
});

describe('a restart', () => {
  test('keeps what was configured across a restart', () => {
    const on = deliver(vehicleOf(), command('cmd_1', [['heated_seats', 'active', 1]])).vehicle;
    const down = step(on, { type: 'restart', now: noon }).vehicle;
    const up = step(down, { type: 'boot', now: noon }).vehicle;
    expect(up).toEqual({ ...on, display: null });
  });

  test('lets no command in until it has booted, and says nothing', () => {
    const down = step(vehicleOf(), { type: 'restart', now: noon }).vehicle;
    const sent = command('cmd_1', [['heated_seats', 'active', 1]]);
    expect(step(down, { type: 'command', now: noon, command: sent }).refused).toBe('not_running');
    expect(step(down, { type: 'connected', now: noon }).messages).toEqual([]);
    expect(step(down, { type: 'tick', now: noon, elapsedMs: 1000, draws: [0.5] }).messages).toEqual([]);
  });

  test('applies afterwards what was accepted before', () => {
    const sent = command('cmd_1', [['heated_seats', 'active', 1]]);
    const received = step(vehicleOf(), { type: 'command', now: noon, command: sent });
    const down = step(received.vehicle, { type: 'restart', now: noon });
    const lost = step(down.vehicle, { type: 'applied', now: noon, commandId: 'cmd_1' });
    const up = step(lost.vehicle, { type: 'boot', now: noon });
    expect(up.applying).toEqual(['cmd_1']);
    const applied = step(up.vehicle, { type: 'applied', now: noon, commandId: 'cmd_1' });
    expect(resultsOf(applied)).toEqual([{ feature: 'heated_seats', outcome: 'applied', version: 1 }]);
  });
});

test('a result goes first and the status with every feature after it, both of the documented shape', () => {
  const taken = deliver(
    vehicleOf({ model: 'cirrus-2025' }),
    command('cmd_1', [['heated_seats', 'active', 5]], { traceparent: '00-1-2-01' }),
  );
  expect(taken.messages).toEqual([
    {
      channel: 'result',
      payload: {
        commandId: 'cmd_1',
        vin,
        results: [{ feature: 'heated_seats', outcome: 'applied', version: 5 }],
        clock: noon,
        traceparent: '00-1-2-01',
      },
    },
    {
      channel: 'status',
      payload: {
        vin,
        online: true,
        clock: noon,
        model: 'cirrus-2025',
        firmware: '3.9.1',
        features: [
          {
            feature: 'heated_seats',
            state: 'active',
            version: 5,
            parameters: { levels: 3, zones: 'front', maxTemperatureCelsius: 42 },
          },
          { feature: 'ambient_light', state: 'dormant', version: 0 },
          { feature: 'remote_start', state: 'dormant', version: 0 },
        ],
      },
    },
  ]);
  const [result, status] = taken.messages;
  expect(commandResultSchema.parse(result?.payload)).toEqual(result?.payload);
  expect(vehicleStatusSchema.parse(status?.payload)).toEqual(status?.payload);
});
