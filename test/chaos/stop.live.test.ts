import { expect, test } from 'vitest';
import type { GatewayProcess } from '../../simulator/live/gateway-process.ts';
import { until } from '../helpers/until.ts';
import { launchProcess } from './gateway-process.ts';
import { chaosRun } from './run.ts';
import { chaosScenario } from './scenario.ts';

async function isListening(url: string): Promise<boolean> {
  return fetch(url).then(
    () => true,
    () => false,
  );
}

/** Payment requests before the cut: of those that follow, one is there to be held, at any speed of the machine. */
const paymentsBeforeCut = 15;

test('the first signal drains and exits with 0, a second SIGTERM stops at once and exits with 143; the next start continues the open activations', async () => {
  const processes: GatewayProcess[] = [];
  const codes: (number | null)[] = [];
  let release = () => {};
  let held: Promise<void> | null = null;
  let paymentCount = 0;

  /** A payment that is not answered keeps the drain waiting. */
  async function cutAndStart(gateway: GatewayProcess): Promise<void> {
    gateway.signal('SIGTERM');
    await until(
      async () => !(await isListening(gateway.started.platform ?? '')),
      'the gateway takes nothing new',
    );
    gateway.signal('SIGTERM');
    codes.push(await gateway.ended());
    await gateway.start();
    release();
  }

  async function stopAndStart(gateway: GatewayProcess): Promise<void> {
    gateway.signal('SIGTERM');
    codes.push(await gateway.ended());
    await gateway.start();
  }

  let stops: Promise<void> | null = null;
  const { evidence, report, broken } = await chaosRun({
    scenario: chaosScenario({ vehicles: 40, purchases: 60, overMs: 8_000 }),
    seed: 5,
    launch: launchProcess((started) => processes.push(started)),
    onMoment({ where }) {
      const [gateway] = processes;
      if (where !== 'payments' || !gateway) return;
      paymentCount += 1;
      if (paymentCount <= paymentsBeforeCut) return;
      held ??= new Promise((resolve) => {
        release = resolve;
      });
      stops ??= cutAndStart(gateway).then(() => stopAndStart(gateway));
      return held;
    },
  });
  await stops;
  expect(broken).toEqual([]);
  expect(codes).toEqual([143, 0]);
  expect(evidence.crashes).toBe(1);
  expect(processes[0]?.output()).toContain('cut by a second signal');
  expect(report.outcomes).toMatchObject({ pending: 0, unanswered: 0, refused: 0, declined: 3 });
  expect(report.outcomes.active + report.outcomes.failed).toBe(57);
});
