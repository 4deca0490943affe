import { expect, test } from 'vitest';
import { silentLog } from '../../../shared/ports/log.ts';
import { faultyProcesses } from '../../../simulator/live/faulty-processes.ts';
import type { GatewayProcess } from '../../../simulator/live/gateway-process.ts';
import { until } from '../../helpers/until.ts';

/** A process that writes down what is done to it. `starts` says how each start ends, in turn. */
function process(name: string, done: string[], starts: ('runs' | 'fails' | Promise<void>)[] = []) {
  let isRunning: boolean = true;
  const end = async (how: string) => {
    isRunning = false;
    done.push(`${name} ${how}`);
  };
  return {
    get isRunning() {
      return isRunning;
    },
    kill: () => end('killed'),
    stop: () => end('stopped'),
    async start() {
      const next = starts.shift() ?? 'runs';
      done.push(`${name} starts`);
      isRunning = true;
      if (next === 'fails') {
        isRunning = false;
        throw new Error('not yet');
      }
      if (next !== 'runs') await next;
    },
  } as unknown as GatewayProcess;
}

function gateway(starts: Parameters<typeof process>[2] = []) {
  const done: string[] = [];
  const processes = faultyProcesses(
    { platform: process('platform', done, starts), 'api-iot': process('api-iot', done) },
    silentLog,
  );
  return { done, processes, faults: processes.faults };
}

const back = (processes: ReturnType<typeof faultyProcesses>) =>
  until(() => !processes.isComingBack(), 'the processes are back');

test('a killed process comes back, is tried again where it cannot start, and its time away is known', async () => {
  const { done, processes, faults } = gateway(['fails']);
  faults.crash('platform', 1);
  expect(processes.isComingBack()).toBe(true);
  await back(processes);
  expect(done).toEqual(['platform killed', 'platform starts', 'platform starts']);
  expect(processes.awayMs()).toBeGreaterThan(0);
});

test('a process that is away is not killed again; one that starts is, and starts once more', async () => {
  let finish = () => {};
  const starting = new Promise<void>((resolve) => {
    finish = resolve;
  });
  const { done, processes, faults } = gateway([starting]);
  faults.crash('platform', 1);
  faults.crash('platform', 1);
  await until(() => done.includes('platform starts'), 'it starts');
  faults.crash('platform', 1);
  finish();
  await back(processes);
  expect(done).toEqual(['platform killed', 'platform starts', 'platform killed', 'platform starts']);
});

test('a stopped process comes back, and is not stopped while it is away', async () => {
  const { done, processes, faults } = gateway();
  faults.restart('api-iot', 1);
  faults.restart('api-iot', 1);
  await back(processes);
  expect(done).toEqual(['api-iot stopped', 'api-iot starts']);
});

test('nothing comes back once all is stopped', async () => {
  const { done, processes, faults } = gateway();
  faults.crash('platform', 60_000);
  await processes.stop();
  faults.crash('api-iot', 1);
  expect(done).toEqual(['platform killed', 'api-iot stopped']);
});
