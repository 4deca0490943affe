import { join } from 'node:path';
import { serve } from '@hono/node-server';
import { expect, test } from 'vitest';
import { shippedAdaptersFolder } from '../../../gateway/adapter/shipped-adapters.ts';
import { startGateway } from '../../../gateway/live/gateway.ts';
import { openKeys } from '../../../gateway/live/keys.ts';
import { wallClock } from '../../../shared/live/clock.ts';
import { silentLog } from '../../../shared/ports/log.ts';
import { clientsOf } from '../../../simulator/live/clients.ts';
import { startStandIns } from '../../../simulator/live/stand-ins.ts';
import { register } from '../../../simulator/run/registration.ts';
import { testConfig } from '../../helpers/running-platform.ts';
import { synchronousApi } from '../../helpers/synchronous-api.ts';
import { withTemporaryFolder } from '../../helpers/temporary-folder.ts';
import { until } from '../../helpers/until.ts';

const vin = '1M8GDM9AXKP042788';
const order = {
  customerId: 'customer-1',
  vin,
  serviceId: 'heated-seats',
  duration: { unit: 'months', count: 1 },
  paymentMethod: 'pm_card_visa',
};

test('a purchase is active and charged at once on an API IoT that answers 200 with applied', () =>
  withTemporaryFolder(async (data) => {
    const parts: (() => Promise<unknown>)[] = [];
    try {
      const api = synchronousApi(() => wallClock.now());
      const server = serve({ fetch: api.fetch, port: 0 });
      parts.push(() => new Promise((resolve) => server.close(resolve)));
      await new Promise((resolve) => server.once('listening', resolve));
      const address = server.address();
      const port = typeof address === 'object' && address !== null ? address.port : 0;
      const keys = await openKeys(data);
      const standIns = await startStandIns({
        dataFolder: data,
        paymentsKey: keys.paymentsKey,
        vapidPublicKey: (JSON.parse(keys.vapidKeys) as { publicKey: string }).publicKey,
        log: silentLog,
        ports: { payments: 0, smtp: 0, mail: 0, push: 0 },
      });
      parts.push(() => standIns.stop());
      const gateway = await startGateway({
        config: testConfig({
          data,
          roles: ['platform', 'engine'],
          paymentsUrl: standIns.paymentsUrl,
          smtpUrl: standIns.smtpUrl,
          apiIotUrl: `http://127.0.0.1:${port}`,
          apiIotAdapter: join(shippedAdaptersFolder(), 'synchronous.yaml'),
          apiIotClientSecret: 'secret',
          reconcileMs: 0,
        }),
        log: silentLog,
      });
      parts.push(() => gateway.stop());
      const { platform } = clientsOf(keys, {
        platform: gateway.platform?.origin ?? '',
        apiIot: gateway.apiIotOrigin,
      });
      await register(
        { platform, provisioner: null, clock: wallClock },
        {
          customers: [{ id: 'customer-1', name: 'Ana Torres', email: 'ana@example.com', language: 'en' }],
          vehicles: [
            {
              vin,
              model: 'aurora-2026',
              modelName: 'Aurora',
              customerId: 'customer-1',
              credentialDigest: '',
            },
          ],
        },
      );
      const answer = await platform.send('POST', '/purchases', order, 'buy-1');
      expect(answer.status).toBe(201);
      const { id } = answer.body as { readonly id: string };
      const charged = async () =>
        (await standIns.ledger.allEntries()).some(({ kind }) => kind === 'captured');
      await until(charged, 'the payment is captured');
      expect((await platform.get(`/purchases/${id}`)).body).toMatchObject({ status: 'active' });
      expect(api.commands).toEqual([expect.stringMatching(/^heated_seats on act_/)]);
      expect(api.requests.filter((line) => line.endsWith('/log'))).toEqual([]);
    } finally {
      for (const stop of parts.reverse()) await stop();
    }
  }));
