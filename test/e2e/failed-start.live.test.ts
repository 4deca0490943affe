import { expect, test } from 'vitest';
import type { GatewayConfig } from '../../gateway/config.ts';
import { startGateway } from '../../gateway/live/gateway.ts';
import { isRunning } from '../../shared/live/processes.ts';
import { silentLog } from '../../shared/ports/log.ts';
import { startStandIns } from '../../simulator/live/stand-ins.ts';
import { freePort } from '../helpers/free-port.ts';
import { isListening, natsProcess, testConfig } from '../helpers/running-platform.ts';
import { withTemporaryFolder } from '../helpers/temporary-folder.ts';
import { withTakenPort } from './taken-port.ts';

/** Starts a gateway that cannot start; resolves with those of its ports that are open afterwards. */
async function leftBy(changes: Partial<GatewayConfig>, sentence: RegExp): Promise<number[]> {
  let left: number[] = [];
  await withTemporaryFolder(async (data) => {
    const config = testConfig({
      data,
      mqttPort: await freePort(),
      apiIotPort: await freePort(),
      port: await freePort(),
      ...changes,
    });
    await expect(startGateway({ config, log: silentLog })).rejects.toThrow(sentence);
    const own = [config.mqttPort, config.apiIotPort, config.port].filter(
      (port) => !Object.values(changes).includes(port),
    );
    const open = await Promise.all(own.map(isListening));
    left = own.filter((_, index) => open[index]);
    const nats = await natsProcess(data);
    expect(nats > 0 && isRunning(nats)).toBe(false);
  });
  return left;
}

test('a gateway whose API IoT cannot listen leaves no broker behind', async () => {
  await withTakenPort(async (port) => {
    expect(await leftBy({ apiIotPort: port }, /is taken/)).toEqual([]);
  });
});

test('a gateway whose platform cannot start leaves neither API IoT nor broker nor nats-server behind', async () => {
  await withTakenPort(async (port) => {
    expect(await leftBy({ port }, /is taken/)).toEqual([]);
  });
  expect(await leftBy({ catalogue: '/nowhere' }, /catalogue cannot be used/)).toEqual([]);
});

test('stand-ins of which one cannot listen leave none of the others behind', async () => {
  await withTakenPort(async (push) => {
    await withTemporaryFolder(async (dataFolder) => {
      const [payments, smtp, mail] = [await freePort(), await freePort(), await freePort()];
      const starting = startStandIns({
        dataFolder,
        paymentsKey: 'sk_test_1',
        vapidPublicKey: 'none',
        log: silentLog,
        ports: { payments, smtp, mail, push },
      });
      await expect(starting).rejects.toThrow('is taken');
      expect(await Promise.all([payments, smtp, mail].map(isListening))).toEqual([false, false, false]);
    });
  });
});
