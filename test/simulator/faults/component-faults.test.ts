import { expect, test } from 'vitest';
import { virtualLoop } from '../../../shared/virtual/loop.ts';
import type { ComponentFault } from '../../../simulator/faults/component-fault.ts';
import { componentFaults } from '../../../simulator/faults/component-faults.ts';

function system(faults: readonly ComponentFault[]) {
  const loop = virtualLoop({ startAt: 0 });
  const done: string[] = [];
  const note = (text: string) => done.push(`${loop.now()} ${text}`);
  const components = componentFaults(faults, {
    clock: loop.clock('test'),
    nats: { setDown: (isDown) => note(`NATS ${isDown ? 'down' : 'up'}`), wipe: () => note('NATS wiped') },
    broker: {
      restart: ({ keepsSessions, downMs }) => note(`broker away ${downMs}, keeps: ${keepsSessions}`),
    },
    gateway: {
      crash: (process, downMs, at) => note(`${process} dies for ${downMs} at ${at?.label ?? 'a moment'}`),
      restart: (process, downMs) => note(`${process} stops for ${downMs}`),
    },
  });
  return { loop, done, components };
}

const schedule = { afterMs: 10, everyMs: 20, times: 2 };

test('each component fails at its moments', async () => {
  const { loop, done, components } = system([
    { name: 'a', type: 'nats_down', schedule, attributes: { forMs: 5 } },
    { name: 'b', type: 'nats_wiped', schedule: { afterMs: 11 }, attributes: {} },
    {
      name: 'c',
      type: 'broker_restart',
      schedule: { afterMs: 12 },
      attributes: { forMs: 7, keepsSessions: true },
    },
    {
      name: 'd',
      type: 'gateway_crash',
      schedule: { afterMs: 13 },
      attributes: { process: 'platform', forMs: 8 },
    },
    {
      name: 'e',
      type: 'gateway_stop',
      schedule: { afterMs: 14 },
      attributes: { process: 'api-iot', forMs: 9 },
    },
  ]);
  components.begin();
  await loop.run(100);
  expect(done).toEqual([
    '10 NATS down',
    '11 NATS wiped',
    '12 broker away 7, keeps: true',
    '13 platform dies for 8 at a moment',
    '14 api-iot stops for 9',
    '15 NATS up',
    '30 NATS down',
    '35 NATS up',
  ]);
});

test('after the end nothing fails, and NATS is back', async () => {
  const { loop, done, components } = system([
    { name: 'a', type: 'nats_down', schedule, attributes: { forMs: 5 } },
  ]);
  components.begin();
  await loop.run(12);
  components.end();
  await loop.run(100);
  expect(done).toEqual(['10 NATS down', '12 NATS up']);
});

test('a process dies once, at the call that a fault names; until then the fault is pending', () => {
  const { done, components } = system([
    {
      name: 'a',
      type: 'crash_at_call',
      attributes: { call: 'capture', nth: 2, phase: 'after', forMs: 3 },
    },
  ]);
  const label = 'http POST http://payments/v1/payment_intents/pi_1/capture';
  const step = (phase: 'before' | 'after') =>
    components.step({ process: 'platform', number: 1, phase, label });
  const dies = [step('before'), step('after'), step('before')];
  expect([dies, components.isPending()]).toEqual([[false, false, false], true]);
  expect([step('after'), components.isPending(), step('after')]).toEqual([true, false, false]);
  expect(done).toEqual([`0 platform dies for 3 at ${label}`]);
});
