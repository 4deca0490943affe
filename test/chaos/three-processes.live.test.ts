import { mkdir } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { openKeys } from '../../gateway/live/keys.ts';
import { wallClock } from '../../shared/live/clock.ts';
import { silentLog } from '../../shared/ports/log.ts';
import { seededRandom } from '../../shared/virtual/random.ts';
import { httpFaults } from '../../simulator/faults/http-faults.ts';
import { clientsOf } from '../../simulator/live/clients.ts';
import type { Launch } from '../../simulator/live/gateway-handle.ts';
import { startStandIns } from '../../simulator/live/stand-ins.ts';
import { startChild } from '../helpers/child.ts';
import { onceThereIsAPlace } from '../helpers/running-platform.ts';
import { withTemporaryFolder } from '../helpers/temporary-folder.ts';
import { until } from '../helpers/until.ts';
import { launchApart, launchProcess } from './gateway-process.ts';
import { freshConfig } from './run.ts';

/** What is bought for each vehicle of the fleet, in turn. */
const wishes = [
  { serviceId: 'heated-seats', paymentMethod: 'pm_card_visa' },
  { serviceId: 'sport-mode', paymentMethod: 'pm_card_visa' },
  { serviceId: 'ambient-light', paymentMethod: 'pm_card_visa_chargeDeclined' },
] as const;
const vehicles = 6;

interface BoughtView {
  readonly id?: string;
  readonly purchaseId?: string;
  readonly status?: string;
}

/** Makes every planned purchase for a fleet in a process of its own; resolves with the outcome of each. */
async function outcomesWith(launch: Launch): Promise<string[]> {
  return withTemporaryFolder(async (folder) => {
    const config = { ...(await freshConfig(folder)), timeScale: 100 };
    await mkdir(config.data);
    const keys = await openKeys(config.data);
    const { publicKey } = JSON.parse(keys.vapidKeys) as { publicKey: string };
    const standIns = await startStandIns({
      dataFolder: config.data,
      paymentsKey: keys.paymentsKey,
      vapidPublicKey: publicKey,
      log: silentLog,
      ports: { payments: 0, smtp: 0, mail: 0, push: 0 },
    });
    const { paymentsUrl, smtpUrl } = standIns;
    const gateway = await launch({
      config: { ...config, paymentsUrl, smtpUrl, pushPrivate: 'yes' },
      keys,
      apiIotFaults: httpFaults({ clock: wallClock, random: seededRandom(1) }),
      platformFaults: httpFaults({ clock: wallClock, random: seededRandom(1) }),
      log: silentLog,
    });
    const fleet = startChild(process.execPath, [
      ...['dist/command/main.js', 'fleet', '--vehicles', String(vehicles), '--data', config.data],
      ...['--control-port', '0'],
      ...['--platform-url', gateway.platform, '--api-iot-url', gateway.apiIot, '--mqtt-url', gateway.mqttUrl],
    ]);
    try {
      const line = () => /^\{"event":"fleet\.started".*\}$/m.exec(fleet.output())?.[0];
      await until(() => line() !== undefined || fleet.process.exitCode !== null, 'the fleet stands');
      expect(fleet.output()).toContain('fleet.started');
      const started = JSON.parse(line() ?? '') as { vehicles: string[]; connected: number };
      expect(started.connected).toBe(vehicles);
      const { platform } = clientsOf(keys, gateway);
      const buy = async (vin: string, index: number, wish: (typeof wishes)[number]): Promise<string> => {
        const customerId = `customer-${String(index + 1).padStart(4, '0')}`;
        const body = { customerId, vin, duration: { unit: 'months', count: 1 }, preDelivery: false, ...wish };
        const answer = await onceThereIsAPlace(() =>
          platform.send('POST', '/purchases', body, `${vin}-${wish.serviceId}`),
        );
        const { id, purchaseId } = answer.body as BoughtView;
        let status: string | undefined;
        await until(async () => {
          status = ((await platform.get(`/purchases/${id ?? purchaseId}`)).body as BoughtView).status;
          return status !== 'pending';
        }, `${wish.serviceId} for ${vin} ends`);
        return `${vin} ${wish.serviceId}: ${answer.status}, ${status}`;
      };
      return await Promise.all(
        started.vehicles.flatMap((vin, index) => wishes.map((wish) => buy(vin, index, wish))),
      );
    } finally {
      await fleet.stop();
      await gateway.stop();
      await standIns.stop();
    }
  });
}

test('the gateway in two processes and the fleet in a third bring every purchase to the same end as one gateway', async () => {
  const apart = await outcomesWith(launchApart(() => {}));
  const together = await outcomesWith(launchProcess(() => {}));
  expect(apart).toEqual(together);
  // Only the Aurora has a sport mode.
  expect(apart).toEqual(
    apart
      .filter((_, index) => index % wishes.length === 0)
      .flatMap((line) => {
        const vin = line.slice(0, 17);
        return [
          `${vin} heated-seats: 201, active`,
          `${vin} sport-mode: 201, ${vin.startsWith('WFWAUR') ? 'active' : 'failed'}`,
          `${vin} ambient-light: 402, declined`,
        ];
      }),
  );
  expect(apart.filter((line) => line.endsWith('failed')).length).toBe(1);
});
