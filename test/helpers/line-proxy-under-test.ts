import { connect, type IClientOptions, type MqttClient } from 'mqtt';
import { silentLog } from '../../shared/ports/log.ts';
import { openControl, openControlKeys } from '../../simulator/live/control-server.ts';
import { type LineProxy, startLineProxy } from '../../simulator/live/line-proxy.ts';
import { shippedModels } from '../../simulator/models/models-folder.ts';
import { type BrokerUnderTest, passwordOf, vinA, withBroker } from './broker-under-test.ts';
import { withTemporaryFolder } from './temporary-folder.ts';

export interface LineProxyUnderTest extends BrokerUnderTest {
  readonly proxy: LineProxy;
  /** Port at which a vehicle is known by its CONNECT. */
  readonly port: number;
  /** The control of faults, with the credential; the body is JSON. */
  call(method: string, path: string, body?: unknown): Promise<{ status: number; body: unknown }>;
  /** Adds a link fault of vehicle A; returns its id. */
  add(fault: object): Promise<string>;
  remove(id: string): Promise<void>;
  /** Vehicle A as a bare MQTT client through the proxy; ended after the test. */
  vehicle(options?: IClientOptions): MqttClient;
}

/** A broker, the line proxy in front of it and the control of its faults; no vehicle is played. */
export async function withLineProxy(
  work: (under: LineProxyUnderTest) => Promise<void>,
  more: { connectionMax?: number } = {},
): Promise<void> {
  await withTemporaryFolder((dataFolder) =>
    withBroker(async (under) => {
      const proxy = await startLineProxy({
        ports: [{ port: 0, vin: null }],
        brokerUrl: under.broker.url,
        models: shippedModels(),
        log: silentLog,
        ...more,
      });
      const control = await openControl({ dataFolder, log: silentLog, port: 0 });
      control.begin({ cars: null, services: null, mqttUrl: under.broker.url, lineProxy: proxy });
      const { secret } = await openControlKeys(dataFolder);
      const port = Number(proxy.places[0]?.split(':')[1]);
      const clients: MqttClient[] = [];
      const call: LineProxyUnderTest['call'] = async (method, path, body) => {
        const response = await fetch(`${control.origin}${path}`, {
          method,
          headers: { authorization: `Bearer ${secret}` },
          ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        });
        const text = await response.text();
        return { status: response.status, body: text === '' ? null : JSON.parse(text) };
      };
      try {
        await work({
          ...{ ...under, proxy, port, call },
          async add(fault) {
            const target = { selector: { vins: [vinA] } };
            const added = await call('POST', '/faults', { name: 'x', layer: 'link', target, ...fault });
            if (added.status !== 201) throw new Error(JSON.stringify(added.body));
            return (added.body as { id: string }).id;
          },
          async remove(id) {
            await call('DELETE', `/faults/${id}`);
          },
          vehicle(options = {}) {
            const client = connect(`mqtt://127.0.0.1:${port}`, {
              ...{ clientId: `vehicle-${vinA}`, username: vinA, password: passwordOf(vinA) },
              ...{ reconnectPeriod: 20, protocolVersion: 4, clean: false, ...options },
            });
            client.on('error', () => {});
            clients.push(client);
            return client;
          },
        });
      } finally {
        for (const client of clients) client.end(true);
        await control.stop();
        await proxy.stop();
      }
    }),
  );
}
