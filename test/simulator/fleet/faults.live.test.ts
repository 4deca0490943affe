import { describe, expect, test } from 'vitest';
import { until } from '../../helpers/until.ts';
import { type FaultWorld, withFaultWorld, worlds } from './fault-world.ts';

/** Steps, and their expected effect in the cloud, in both environments. */
type Story = (world: FaultWorld) => Promise<void>;

async function resultsBecome(world: FaultWorld, expected: readonly string[]): Promise<void> {
  await until(
    () => world.results().length >= expected.length,
    `results: ${expected.join('; ')} (there are: ${world.results().join('; ')})`,
  );
  expect(world.results()).toEqual(expected);
}

async function statusesBecome(world: FaultWorld, expected: readonly string[]): Promise<void> {
  await until(
    () => world.statuses().length >= expected.length,
    `statuses: ${expected.join('; ')} (there are: ${world.statuses().join('; ')})`,
  );
  expect(world.statuses().slice(0, expected.length)).toEqual(expected);
}

/** The connection that ended took acknowledgements with it, so the broker may bring the command again, and it is answered again. */
async function answersBecome(world: FaultWorld, expected: string): Promise<void> {
  await until(() => world.results().length > 0, expected);
  expect([...new Set(world.results())]).toEqual([expected]);
}

const link: Record<string, Story> = {
  'offline: gone by its will, and what was sent meanwhile is applied once the fault is removed': async (
    world,
  ) => {
    const id = world.add({ layer: 'link', type: 'offline' });
    await statusesBecome(world, ['on', 'off']);
    await world.send('cmd_1', 1);
    world.remove(id);
    await resultsBecome(world, ['cmd_1 applied']);
  },
  'offline for a while, when it begins to apply: the answer comes afterwards': async (world) => {
    const target = { selector: { state: 'applying' } };
    world.add({ layer: 'link', type: 'offline', target, schedule: { forMs: 100, first: 1 } });
    await world.send('cmd_1', 1);
    await statusesBecome(world, ['on', 'off', 'on, active']);
    await answersBecome(world, 'cmd_1 applied');
    expect(world.lastResult().results[0]?.version).toBe(1);
  },
  'offline every so often': async (world) => {
    world.add({
      layer: 'link',
      type: 'offline',
      schedule: { afterMs: 10, forMs: 30, everyMs: 150, first: 2 },
    });
    await statusesBecome(world, ['on', 'off', 'on', 'off', 'on']);
  },
  'flapping: away and back until it is removed': async (world) => {
    const id = world.add({ layer: 'link', type: 'flapping', attributes: { upMs: 100, downMs: 100 } });
    await statusesBecome(world, ['on', 'off', 'on', 'off', 'on']);
    world.remove(id);
    await until(() => world.cars.vehicle(world.vin).connected, 'it is there');
  },
  'latency: the answer takes so long': async (world) => {
    world.add({ layer: 'link', type: 'latency', stream: 'upstream', attributes: { latencyMs: 120 } });
    await world.send('cmd_1', 1);
    await resultsBecome(world, ['cmd_1 applied']);
    expect(world.lastResult().tookMs).toBeGreaterThanOrEqual(120);
  },
  'bandwidth: the answer of more than 150 bytes takes its time': async (world) => {
    world.add({
      layer: 'link',
      type: 'bandwidth',
      stream: 'upstream',
      attributes: { bytesPerSecond: 1_000 },
    });
    await world.send('cmd_1', 1);
    await resultsBecome(world, ['cmd_1 applied']);
    expect(world.lastResult().tookMs).toBeGreaterThanOrEqual(150);
  },
  'timeout: nothing arrives, the connection ends, and the command comes again once it is removed': async (
    world,
  ) => {
    const id = world.add({ layer: 'link', type: 'timeout', attributes: { timeoutMs: 60 } });
    await world.send('cmd_1', 1);
    await statusesBecome(world, ['on', 'off']);
    expect(world.cars.vehicle(world.vin).displayed).toEqual([]);
    world.remove(id);
    await resultsBecome(world, ['cmd_1 applied']);
  },
  'timeout upstream: the answer does not get out, and comes on the next connection': async (world) => {
    const id = world.add({
      layer: 'link',
      type: 'timeout',
      stream: 'upstream',
      attributes: { timeoutMs: 60_000 },
    });
    await world.send('cmd_1', 1);
    await until(() => world.cars.vehicle(world.vin).resultsWaiting === 1, 'it was applied');
    expect(world.results()).toEqual([]);
    world.remove(id);
    await answersBecome(world, 'cmd_1 applied');
  },
  'reset_peer: the connection ends again and again': async (world) => {
    const id = world.add({ layer: 'link', type: 'reset_peer', attributes: { timeoutMs: 60 } });
    await until(
      () => world.statuses().filter((status) => status === 'off').length === 2,
      'it was reset twice',
    );
    world.remove(id);
    await until(() => world.cars.vehicle(world.vin).connected, 'it is there');
  },
  'slow_close: the broker learns late that it has gone': async (world) => {
    world.add({ layer: 'link', type: 'slow_close', attributes: { delayMs: 120 } });
    const goneAt = world.clock.now();
    world.cars.cut(world.vin, null);
    await statusesBecome(world, ['on', 'off']);
    expect((world.heard.at(-1)?.at ?? 0) - goneAt).toBeGreaterThanOrEqual(120);
  },
  'packet_loss: stalls by the time-outs of TCP, and every answer arrives once and in order': async (
    world,
  ) => {
    world.add({
      layer: 'link',
      type: 'packet_loss',
      stream: 'upstream',
      attributes: { lossRate: '40 %', roundTripMs: 1 },
    });
    for (const version of [1, 2, 3]) await world.send(`cmd_${version}`, version);
    await resultsBecome(world, ['cmd_1 applied', 'cmd_2 already_active', 'cmd_3 already_active']);
  },
  'limit_data: the connection ends before the command is through': async (world) => {
    const id = world.add({ layer: 'link', type: 'limit_data', attributes: { bytes: 40 } });
    await world.send('cmd_1', 1);
    await statusesBecome(world, ['on', 'off']);
    expect(world.cars.vehicle(world.vin).displayed).toEqual([]);
    world.remove(id);
    await resultsBecome(world, ['cmd_1 applied']);
  },
};

/** Waits for a time of the environment, to show that nothing happens. */
function pass(world: FaultWorld, ms: number): Promise<void> {
  return new Promise((resolve) => void world.clock.setTimer(ms, resolve));
}

const never = { layer: 'link', toxicity: 0 };

/** Several faults on one vehicle, each with an end of its own. */
const meeting: Record<string, Story> = {
  'two offline: it is away until the last one ends': async (world) => {
    const first = world.add({ layer: 'link', type: 'offline' });
    const second = world.add({ layer: 'link', type: 'offline' });
    await statusesBecome(world, ['on', 'off']);
    world.remove(first);
    await pass(world, 100);
    expect(world.statuses()).toEqual(['on', 'off']);
    world.remove(second);
    await statusesBecome(world, ['on', 'off', 'on']);
  },
  'a timeout that never struck ends without a trace': async (world) => {
    const id = world.add({ ...never, type: 'timeout', attributes: { timeoutMs: 60_000 } });
    world.remove(id);
    await pass(world, 100);
    expect(world.statuses()).toEqual(['on']);
  },
  'two timeouts: what they swallowed comes when the last one ends': async (world) => {
    const silence = { layer: 'link', type: 'timeout', attributes: { timeoutMs: 60_000 } };
    const first = world.add(silence);
    const second = world.add(silence);
    await world.send('cmd_1', 1);
    world.remove(first);
    await pass(world, 100);
    expect(world.statuses()).toEqual(['on']);
    world.remove(second);
    await answersBecome(world, 'cmd_1 applied');
    expect(world.statuses().slice(0, 3)).toEqual(['on', 'off', 'on']);
  },
  'reset_peer: one that ended resets nothing, while another one stands': async (world) => {
    const soon = world.add({ layer: 'link', type: 'reset_peer', attributes: { timeoutMs: 60 } });
    world.add({ layer: 'link', type: 'reset_peer', attributes: { timeoutMs: 60_000 } });
    world.remove(soon);
    await pass(world, 150);
    expect(world.statuses()).toEqual(['on']);
  },
  'slow_close: the broker learns as late, when it goes for another reason meanwhile': async (world) => {
    world.add({ layer: 'link', type: 'slow_close', attributes: { delayMs: 150 } });
    const goneAt = world.clock.now();
    world.add({ layer: 'link', type: 'offline' });
    world.add({ layer: 'link', type: 'offline' });
    await statusesBecome(world, ['on', 'off']);
    expect((world.heard.at(-1)?.at ?? 0) - goneAt).toBeGreaterThanOrEqual(150);
  },
  'every damage to one message: the vehicle drops it and lives on': async (world) => {
    for (const type of ['corrupt_payload', 'stale_version', 'wrong_vin', 'expired']) {
      world.add({ layer: 'message', type, ...once });
    }
    await world.send('cmd_1', 1);
    await world.send('cmd_2', 2);
    await resultsBecome(world, ['cmd_2 applied']);
    expect(world.cars.vehicle(world.vin).refused).toBe(1);
    expect(world.statuses().includes('off')).toBe(false);
  },
  'asleep for a moment, over before the DISCONNECT is sent: it reports online again': async (world) => {
    const id = world.add(ofVehicle('asleep'));
    world.remove(id);
    await until(() => world.statuses().includes('off'), 'it said goodbye');
    await until(() => world.statuses().at(-1) === 'on', 'it is there again');
    await world.send('cmd_1', 1);
    await resultsBecome(world, ['cmd_1 applied']);
  },
  'asleep for a moment, offline meanwhile: only offline keeps it away': async (world) => {
    const asleep = world.add(ofVehicle('asleep'));
    const offline = world.add({ layer: 'link', type: 'offline' });
    world.remove(asleep);
    await until(() => world.statuses().includes('off'), 'it has gone');
    world.remove(offline);
    await until(() => world.cars.vehicle(world.vin).connected, 'it is there again');
  },
  'asleep on a blocked line: it closes the connection, and its last will is published': async (world) => {
    const silence = { timeoutMs: 60_000 };
    world.add({ layer: 'link', type: 'timeout', stream: 'upstream', attributes: silence });
    world.add(ofVehicle('asleep'));
    await statusesBecome(world, ['on', 'off']);
    expect(world.cars.vehicle(world.vin).connected).toBe(false);
  },
  'asleep while it is wedged: it is silent to the end': async (world) => {
    world.add(ofVehicle('wedged'));
    world.add(ofVehicle('asleep'));
    await statusesBecome(world, ['on', 'off']);
    await until(() => !world.cars.vehicle(world.vin).connected, 'it sleeps');
    await pass(world, 50);
    expect(world.statuses()).toEqual(['on', 'off']);
  },
};

const once = { schedule: { first: 1 } };
const message: Record<string, Story> = {
  'lose_command: the first never arrives': async (world) => {
    world.add({ layer: 'message', type: 'lose_command', ...once });
    await world.send('cmd_1', 1);
    await world.send('cmd_2', 2);
    await resultsBecome(world, ['cmd_2 applied']);
    expect(world.cars.vehicle(world.vin).displayed).toEqual(['Receiving configuration', 'Feature enabled']);
  },
  'lose_ack: applied and reported as a state, and the answer is lost': async (world) => {
    world.add({ layer: 'message', type: 'lose_ack', ...once });
    await world.send('cmd_1', 1);
    await statusesBecome(world, ['on', 'on, active']);
    await world.send('cmd_2', 2);
    await resultsBecome(world, ['cmd_2 already_active']);
  },
  'duplicate: the answer comes twice': async (world) => {
    world.add({ layer: 'message', type: 'duplicate', stream: 'upstream', ...once });
    await world.send('cmd_1', 1);
    await resultsBecome(world, ['cmd_1 applied', 'cmd_1 applied']);
  },
  'duplicate: a command that comes twice is applied once and answered twice': async (world) => {
    world.add({ layer: 'message', type: 'duplicate', attributes: { delayMs: 60 }, ...once });
    await world.send('cmd_1', 1);
    await resultsBecome(world, ['cmd_1 applied', 'cmd_1 applied']);
    expect(world.cars.vehicle(world.vin).displayed).toEqual(['Receiving configuration', 'Feature enabled']);
  },
  'reorder: a command that is overtaken cannot undo the newer one': async (world) => {
    world.add({ layer: 'message', type: 'reorder', attributes: { delayMs: 80 }, ...once });
    await world.send('cmd_1', 1);
    await world.send('cmd_2', 2, { target: 'dormant' });
    await resultsBecome(world, ['cmd_2 already_dormant', 'cmd_1 superseded']);
  },
  'delay_ack: the new state is known before the answer': async (world) => {
    world.add({ layer: 'message', type: 'delay_ack', attributes: { delayMs: 120 } });
    await world.send('cmd_1', 1);
    await resultsBecome(world, ['cmd_1 applied']);
    expect(world.heard.map(({ channel }) => channel)).toEqual(['status', 'status', 'result']);
    expect(world.lastResult().tookMs).toBeGreaterThanOrEqual(120);
  },
  'delay_ack with the status: the new state waits for the answer': async (world) => {
    world.add({
      layer: 'message',
      type: 'delay_ack',
      attributes: { delayMs: 120, withStatus: true },
      ...once,
    });
    await world.send('cmd_1', 1);
    await statusesBecome(world, ['on', 'on, active']);
    expect(world.heard.map(({ channel }) => channel)).toEqual(['status', 'result', 'status']);
    expect(world.lastResult().tookMs).toBeGreaterThanOrEqual(120);
  },
  'corrupt_payload: the vehicle drops what is no command': async (world) => {
    world.add({ layer: 'message', type: 'corrupt_payload', ...once });
    await world.send('cmd_1', 1);
    await world.send('cmd_2', 2);
    await resultsBecome(world, ['cmd_2 applied']);
    expect(world.cars.vehicle(world.vin).refused).toBe(1);
  },
  'corrupt_payload: the answer is no JSON any more': async (world) => {
    world.add({ layer: 'message', type: 'corrupt_payload', stream: 'upstream', ...once });
    await world.send('cmd_1', 1);
    await resultsBecome(world, ['no JSON']);
  },
  'stale_version: a command of an earlier state changes nothing': async (world) => {
    await world.send('cmd_1', 1);
    await resultsBecome(world, ['cmd_1 applied']);
    world.add({ layer: 'message', type: 'stale_version', ...once });
    await world.send('cmd_2', 2, { target: 'dormant' });
    await resultsBecome(world, ['cmd_1 applied', 'cmd_2 superseded (version_reused)']);
  },
  'wrong_vin: the vehicle drops what is meant for another one': async (world) => {
    world.add({ layer: 'message', type: 'wrong_vin', ...once });
    await world.send('cmd_1', 1);
    await world.send('cmd_2', 2);
    await resultsBecome(world, ['cmd_2 applied']);
    expect(world.cars.vehicle(world.vin).refused).toBe(1);
  },
  'wrong_vin: the answer speaks of another vehicle': async (world) => {
    world.add({ layer: 'message', type: 'wrong_vin', stream: 'upstream', ...once });
    await world.send('cmd_1', 1);
    await resultsBecome(world, ['cmd_1 applied']);
    expect(world.lastResult().vin).toBe('1M8GDM9AXKP042788');
  },
  'expired: the command was too long on its way': async (world) => {
    world.add({ layer: 'message', type: 'expired', ...once });
    await world.send('cmd_1', 1);
    await resultsBecome(world, ['cmd_1 expired']);
  },
};

const ofVehicle = (type: string, more: object = {}) => ({ layer: 'vehicle', type, ...more });
/** The first command fails so, and the second is applied. */
const failsOnce =
  (fault: object, outcome: string): Story =>
  async (world) => {
    world.add({ ...fault, ...once });
    await world.send('cmd_1', 1);
    await resultsBecome(world, [`cmd_1 ${outcome}`]);
    await world.send('cmd_2', 2);
    await resultsBecome(world, [`cmd_1 ${outcome}`, 'cmd_2 applied']);
  };

/** The first command gets no answer, and the second gets one. */
const silentOnce =
  (fault: object, second: string): Story =>
  async (world) => {
    world.add({ ...fault, ...once });
    await world.send('cmd_1', 1);
    await world.send('cmd_2', 2);
    await resultsBecome(world, [`cmd_2 ${second}`]);
  };

const vehicle: Record<string, Story> = {
  reject: failsOnce(ofVehicle('reject', { attributes: { reason: 'recall 17' } }), 'rejected (recall 17)'),
  unsupported_hardware: failsOnce(ofVehicle('unsupported_hardware'), 'rejected (unsupported_hardware)'),
  ecu_busy: failsOnce(ofVehicle('ecu_busy'), 'failed (ecu_busy)'),
  low_12v: failsOnce(ofVehicle('low_12v'), 'failed (low_12v)'),
  'storage_full of one feature': failsOnce(
    ofVehicle('storage_full', { attributes: { feature: 'heated_seats' } }),
    'failed (storage_full)',
  ),
  'partial_apply: the first feature of a command, and no other': async (world) => {
    world.add(ofVehicle('partial_apply'));
    await world.sendAll('cmd_1', [
      { feature: 'heated_seats', target: 'active', version: 1 },
      { feature: 'sport_mode', target: 'active', version: 1 },
    ]);
    await resultsBecome(world, ['cmd_1 applied, failed (partial_apply)']);
  },
  'hang_at receiving': silentOnce(ofVehicle('hang_at', { attributes: { at: 'receiving' } }), 'applied'),
  'hang_at applying': silentOnce(ofVehicle('hang_at'), 'applied'),
  'hang_at answering: it was applied': silentOnce(
    ofVehicle('hang_at', { attributes: { at: 'answering' } }),
    'already_active',
  ),
  apply_but_no_ack: silentOnce(ofVehicle('apply_but_no_ack'), 'already_active'),
  'crash_at applying: it boots, applies what it had accepted, and answers': async (world) => {
    world.add(ofVehicle('crash_at', once));
    await world.send('cmd_1', 1);
    await answersBecome(world, 'cmd_1 applied');
    await until(() => world.statuses().length >= 3, 'it boots');
    // On a slow machine the vehicle connects after it has applied.
    const [first, second, third] = world.statuses();
    expect([first, second]).toEqual(['on', 'off']);
    expect(['on', 'on, active']).toContain(third);
  },
  'crash_at answering: the answer survives': async (world) => {
    world.add(ofVehicle('crash_at', { attributes: { at: 'answering' }, ...once }));
    await world.send('cmd_1', 1);
    await statusesBecome(world, ['on', 'off', 'on, active']);
    await answersBecome(world, 'cmd_1 applied');
  },
  'restart: it goes without a word, boots, and takes commands again': async (world) => {
    world.add(ofVehicle('restart'));
    await statusesBecome(world, ['on', 'off', 'on']);
    await world.send('cmd_1', 1);
    await resultsBecome(world, ['cmd_1 applied']);
  },
  'wedged: connected and silent until it is removed': async (world) => {
    const id = world.add(ofVehicle('wedged'));
    await world.send('cmd_1', 1);
    await until(() => world.cars.vehicle(world.vin).refused === 1, 'it did not listen');
    world.remove(id);
    await world.send('cmd_2', 2);
    await resultsBecome(world, ['cmd_2 applied']);
    expect(world.statuses().includes('off')).toBe(false);
  },
  'asleep: it says goodbye, and takes the waiting command when it wakes': async (world) => {
    const id = world.add(ofVehicle('asleep'));
    await statusesBecome(world, ['on', 'off']);
    await until(() => !world.cars.vehicle(world.vin).connected, 'it sleeps');
    await world.send('cmd_1', 1);
    world.remove(id);
    await resultsBecome(world, ['cmd_1 applied']);
  },
  'clock_skew: every command looks old, until it is removed': async (world) => {
    const id = world.add(ofVehicle('clock_skew', { attributes: { skewMs: 120_000 } }));
    await world.send('cmd_1', 1);
    await resultsBecome(world, ['cmd_1 expired']);
    world.remove(id);
    await world.send('cmd_2', 2);
    await resultsBecome(world, ['cmd_1 expired', 'cmd_2 applied']);
  },
  'feature_lost: the feature becomes dormant, and the vehicle reports it': async (world) => {
    await world.send('cmd_1', 1);
    await statusesBecome(world, ['on', 'on, active']);
    world.add(ofVehicle('feature_lost', { attributes: { feature: 'heated_seats' } }));
    await statusesBecome(world, ['on', 'on, active', 'on']);
  },
  'feature_lost: the faults of the control unit end with it': async (world) => {
    world.add(ofVehicle('ecu_busy', { attributes: { feature: 'heated_seats' } }));
    await world.send('cmd_1', 1);
    await resultsBecome(world, ['cmd_1 failed (ecu_busy)']);
    world.add(ofVehicle('feature_lost', { attributes: { feature: 'heated_seats' } }));
    await world.send('cmd_2', 2);
    await resultsBecome(world, ['cmd_1 failed (ecu_busy)', 'cmd_2 applied']);
  },
  'feature_gained: the feature becomes active without a command, and the vehicle reports it': async (
    world,
  ) => {
    await statusesBecome(world, ['on']);
    world.add(ofVehicle('feature_gained', { attributes: { feature: 'heated_seats' } }));
    await statusesBecome(world, ['on', 'on, active']);
  },
};

describe.each(['live', 'virtual'] as const)('in the %s environment', (world) => {
  for (const [layer, stories] of Object.entries({ link, message, vehicle, meeting })) {
    test.each(Object.entries(stories))(`${layer}: %s`, (_, story) => withFaultWorld(worlds[world], story));
  }

  test('packet_loss of all: the stall ends the connection as the keep-alive would; removed, the command comes', () =>
    withFaultWorld(
      worlds[world],
      async (world) => {
        const id = world.add({ layer: 'link', type: 'packet_loss', attributes: { lossRate: 1 } });
        await world.send('cmd_1', 1);
        await statusesBecome(world, ['on', 'off']);
        expect(world.cars.vehicle(world.vin).displayed).toEqual([]);
        world.remove(id);
        await resultsBecome(world, ['cmd_1 applied']);
      },
      1,
    ));
});
