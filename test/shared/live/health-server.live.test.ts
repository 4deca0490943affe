import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { expect, it } from 'vitest';
import { startHealthServer } from '../../../shared/live/health-server.ts';
import { withTakenPort } from '../../e2e/taken-port.ts';
import { freePort } from '../../helpers/free-port.ts';

/** Asks from a thread of its own, as a probe of the machine does, and raises a flag when it has its answers. */
const probe = `
const { parentPort, workerData } = require('node:worker_threads');
parentPort.once('message', async () => {
  const answers = [];
  for (let count = 0; count < 5; count += 1) {
    const response = await fetch(workerData.url);
    answers.push([response.status, (await response.json()).status]);
  }
  Atomics.store(workerData.flag, 0, 1);
  parentPort.postMessage(answers);
});
`;

it('answers /livez while the main thread has no turn at all', async () => {
  const health = await startHealthServer({
    ...{ hostname: '127.0.0.1', port: await freePort(), allowedHosts: [] },
  });
  const flag = new Int32Array(new SharedArrayBuffer(4));
  const worker = new Worker(probe, { eval: true, workerData: { url: `${health.origin}/livez`, flag } });
  await once(worker, 'online');
  const answered = once(worker, 'message');
  worker.postMessage('go');
  const busyUntil = performance.now() + 60_000;
  while (Atomics.load(flag, 0) === 0 && performance.now() < busyUntil);
  const isAnsweredMeanwhile = Atomics.load(flag, 0) === 1;
  const [answers] = await answered;
  expect([isAnsweredMeanwhile, ...answers]).toEqual([true, ...Array.from({ length: 5 }, () => [200, 'ok'])]);
  expect((await fetch(`${health.origin}/healthz`)).status).toBe(404);
  await worker.terminate();
  await health.stop();
  await expect(fetch(`${health.origin}/livez`)).rejects.toThrow();
});

it('names the option when its port is taken', () =>
  withTakenPort(async (port) => {
    await expect(startHealthServer({ hostname: '127.0.0.1', port, allowedHosts: [] })).rejects.toThrow(
      /^the health server cannot listen on 127\.0\.0\.1, port \d+ \(.*EADDRINUSE.*\): choose another with --health-port$/,
    );
  }));
