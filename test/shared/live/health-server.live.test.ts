import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { expect, it } from 'vitest';
import { startHealthServer } from '../../../shared/live/health-server.ts';
import { withTakenPort } from '../../e2e/taken-port.ts';
import { freePort } from '../../helpers/free-port.ts';

/** Asks from a thread of its own, as a probe of the machine does. */
const probe = `
const { parentPort, workerData } = require('node:worker_threads');
parentPort.once('message', async () => {
  const answers = [];
  for (let count = 0; count < 5; count += 1) {
    const startedAt = performance.now();
    const response = await fetch(workerData);
    answers.push([response.status, (await response.json()).status, performance.now() - startedAt < 1000]);
  }
  parentPort.postMessage({ answers, endedAt: Date.now() });
});
`;

it('answers /livez while the main thread has no turn for two seconds', async () => {
  const health = await startHealthServer({
    ...{ hostname: '127.0.0.1', port: await freePort(), allowedHosts: [] },
  });
  const worker = new Worker(probe, { eval: true, workerData: `${health.origin}/livez` });
  await once(worker, 'online');
  const answered = once(worker, 'message');
  worker.postMessage('go');
  const busyUntil = performance.now() + 2_000;
  while (performance.now() < busyUntil);
  const busyEndedAt = Date.now();
  const [{ answers, endedAt }] = await answered;
  expect(answers).toEqual(Array.from({ length: 5 }, () => [200, 'ok', true]));
  expect(endedAt).toBeLessThan(busyEndedAt);
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
