import { expect, test } from 'vitest';
import type { Random } from '../../../shared/ports/random.ts';
import type { StandingFault } from '../../../simulator/faults/fault.ts';
import { agenda } from '../../../simulator/fleet/agenda.ts';
import { FaultSet } from '../../../simulator/fleet/fault-set.ts';
import { manualClock } from '../../helpers/manual-clock.ts';

/** Below a toxicity of a half a fault strikes, above it does not. */
const strikes = 0.1;
const passes = 0.9;

/** A set whose draws come from the list, and what its faults did to the vehicle. */
function faultSet(draws: number[]) {
  const clock = manualClock(0);
  const done: string[] = [];
  const random: Random = {
    fraction() {
      const draw = draws.shift();
      if (draw === undefined) throw new Error('a draw too many');
      return draw;
    },
    stream: () => random,
  };
  const faults = new FaultSet({
    agenda: agenda(clock),
    random: () => random,
    effects: {
      opened: ({ id }) => done.push(`${clock.now()} ${id} opened`),
      closed: ({ id }) => done.push(`${clock.now()} ${id} closed`),
    },
  });
  faults.begin();
  return { clock, faults, done };
}

const common = { name: 'test', layer: 'link', toxicity: 0.5 } as const;
const windows = { forMs: 10, everyMs: 30 };

const offline: StandingFault = { ...common, type: 'offline', attributes: {} };
const flapping: StandingFault = { ...common, type: 'flapping', attributes: { upMs: 100, downMs: 100 } };
const timeout: StandingFault = {
  ...common,
  type: 'timeout',
  stream: 'upstream',
  attributes: { timeoutMs: 60_000 },
};

test.each([offline, flapping, timeout])('$type is drawn once per window, not per connection', (fault) => {
  const { faults, done } = faultSet([passes]);
  faults.add('a', fault);
  for (let connection = 0; connection < 3; connection += 1) faults.renew();
  expect(faults.standing(fault.type)).toEqual([]);
  faults.remove('a');
  expect(done).toEqual([]);
});

test.each([offline, flapping, timeout])('$type that held is held by no later connection less', (fault) => {
  const { faults, done } = faultSet([strikes]);
  faults.add('a', fault);
  for (let connection = 0; connection < 3; connection += 1) faults.renew();
  expect(faults.standing(fault.type)).toEqual([fault.attributes]);
  faults.remove('a');
  expect(done).toEqual(['0 a opened', '0 a closed']);
});

test('what meets a connection is drawn with each', () => {
  const { faults } = faultSet([strikes, passes, strikes]);
  const fault = { ...common, type: 'limit_data', stream: 'upstream', attributes: { bytes: 9 } } as const;
  faults.add('a', fault);
  const held = [faults.standing('limit_data').length];
  for (let connection = 0; connection < 2; connection += 1) {
    faults.renew();
    held.push(faults.standing('limit_data').length);
  }
  expect(held).toEqual([1, 0, 1]);
});

test('a window that did not hold closes nothing, and the next one is drawn anew', async () => {
  const { clock, faults, done } = faultSet([strikes, passes, strikes]);
  faults.add('a', { ...offline, schedule: windows });
  await clock.advance(75);
  expect(done).toEqual(['0 a opened', '10 a closed', '60 a opened', '70 a closed']);
  expect(faults.find('a')).toMatchObject({ window: 3, struck: 2 });
});

test('heal ends faults of the line and restarts to come, and leaves control units and the clock', async () => {
  const { clock, faults, done } = faultSet([]);
  const certain = { name: 'test', toxicity: 1 } as const;
  const busy = { ...certain, layer: 'vehicle', type: 'ecu_busy', attributes: { feature: null } } as const;
  const skew = { ...certain, layer: 'vehicle', type: 'clock_skew', attributes: { skewMs: 5 } } as const;
  const lost = {
    ...certain,
    layer: 'message',
    type: 'lose_command',
    stream: 'downstream',
    attributes: {},
  } as const;
  const schedule = { afterMs: 10 };
  faults.add('offline', { ...certain, layer: 'link', type: 'offline', attributes: {} });
  faults.add('lost', lost);
  faults.add('busy', busy);
  faults.add('skew', skew);
  faults.add('restart', { ...certain, layer: 'vehicle', type: 'restart', attributes: {}, schedule });
  faults.strike('lose_command');
  faults.heal();
  await clock.advance(20);
  expect(faults.entries.map(({ id }) => id)).toEqual(['busy', 'skew']);
  expect(faults.meetsLine).toBe(false);
  expect(done).toEqual([
    '0 offline opened',
    '0 lost opened',
    '0 busy opened',
    '0 skew opened',
    '0 offline closed',
    '0 lost closed',
  ]);
  expect(Object.fromEntries(faults.struck)).toEqual({ test: 4 });
});

test('a fault of messages that begins with a later one lets those before it pass', () => {
  const { faults } = faultSet([]);
  faults.add('a', {
    name: 'third and fourth',
    layer: 'message',
    type: 'lose_command',
    stream: 'downstream',
    toxicity: 1,
    attributes: {},
    schedule: { from: 3, first: 2 },
  });
  const struck = Array.from({ length: 6 }, () => faults.strike('lose_command') !== null);
  expect(struck).toEqual([false, false, true, true, false, false]);
});
