import { connect, type IClientOptions, type MqttClient } from 'mqtt';
import { type EmbeddedBroker, embeddedBroker } from '../../gateway/broker/embedded-broker.ts';
import { wallClock } from '../../shared/live/clock.ts';
import { systemSecrets } from '../../shared/live/secrets.ts';
import type { LinkConnection, LinkOptions } from '../../shared/ports/device-link.ts';
import { silentLog } from '../../shared/ports/log.ts';
import { until } from './until.ts';

export const vinA = '1M8GDM9AXKP042788';
export const vinB = 'WDBEA30D3HA391172';
export const service = { username: 'api-iot', password: 'service-secret' };
export const monitor = { username: 'monitor', password: 'monitor-secret' };
export const passwordOf = (vin: string) => `secret-of-${vin}`;
const known = new Set([vinA, vinB]);

export function brokerOn(
  port: number,
  more: { connectionMax?: number; lookUp?: (vin: string) => Promise<string | null> } = {},
): EmbeddedBroker {
  return embeddedBroker({
    clock: wallClock,
    secrets: systemSecrets,
    log: silentLog,
    lookUp: async () => null,
    serviceCredential: service,
    monitorCredential: monitor,
    port,
    ...more,
  });
}

export interface BrokerUnderTest {
  readonly broker: EmbeddedBroker;
  readonly lookUps: string[];
  /** A client that does not reconnect by itself; ended after the test. */
  client(options: IClientOptions): MqttClient;
}

/** A broker on a free port that knows two vehicles; everything is closed afterwards. */
export async function withBroker(
  work: (under: BrokerUnderTest) => Promise<void>,
  more: { connectionMax?: number; lookUp?: (vin: string) => Promise<string | null> } = {},
): Promise<void> {
  const lookUps: string[] = [];
  const broker = brokerOn(0, {
    ...more,
    lookUp: async (vin) => {
      lookUps.push(vin);
      if (more.lookUp) return more.lookUp(vin);
      return known.has(vin) ? systemSecrets.digest(passwordOf(vin)) : null;
    },
  });
  await broker.start();
  const clients: MqttClient[] = [];
  try {
    await work({
      broker,
      lookUps,
      client(options) {
        const client = connect(broker.url, { reconnectPeriod: 0, protocolVersion: 4, ...options });
        client.on('error', () => {});
        clients.push(client);
        return client;
      },
    });
  } finally {
    for (const client of clients) client.end(true);
    await broker.stop();
  }
}

export function vehicleAccount(vin: string): IClientOptions {
  return { clientId: `vehicle-${vin}`, username: vin, password: passwordOf(vin), clean: false };
}

export const serviceAccount: IClientOptions = { clientId: 'api-iot', ...service };
export const monitorAccount: IClientOptions = { clientId: 'monitor', ...monitor };

/** Resolves with `connected`, or with why not. */
export function outcomeOf(client: MqttClient): Promise<string> {
  return new Promise((resolve) => {
    client.once('connect', () => resolve('connected'));
    client.once('error', (error) => resolve(error.message));
    client.once('close', () => resolve('closed'));
  });
}

export async function connected(client: MqttClient): Promise<MqttClient> {
  const outcome = await outcomeOf(client);
  if (outcome !== 'connected') throw new Error(outcome);
  return client;
}

export function closed(client: MqttClient): Promise<void> {
  return new Promise((resolve) => {
    if (!client.connected) return resolve();
    client.once('close', () => resolve());
  });
}

/** Gathers what the client gets, as `topic payload`. */
export function inbox(client: MqttClient): string[] {
  const got: string[] = [];
  client.on('message', (topic, payload) => got.push(`${topic} ${payload.toString()}`));
  return got;
}

/** A vehicle's connection through the link of the broker's own process, once it stands. */
export async function openInProcess(
  broker: EmbeddedBroker,
  vin: string,
  more: Partial<LinkOptions> = {},
): Promise<LinkConnection> {
  const connection = broker.link.open({
    clientId: `vehicle-${vin}`,
    username: vin,
    password: passwordOf(vin),
    cleanSession: false,
    keepAliveSeconds: 60,
    onMessage: () => {},
    ...more,
  });
  await until(() => connection.connected, 'the connection stands');
  return connection;
}
