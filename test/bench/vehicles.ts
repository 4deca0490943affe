import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { type EmbeddedBroker, embeddedBroker } from '../../gateway/broker/embedded-broker.ts';
import { wallClock } from '../../shared/live/clock.ts';
import { systemSecrets } from '../../shared/live/secrets.ts';
import { sleep } from '../../shared/ports/clock.ts';
import type { LinkConnection } from '../../shared/ports/device-link.ts';
import { silentLog } from '../../shared/ports/log.ts';
import { commandResultSchema } from '../../shared/protocol/device-messages.ts';
import { fleetFilters, topics } from '../../shared/protocol/topics.ts';
import { until } from '../helpers/until.ts';
import { moduleUrl } from './child.ts';
import { benchFleet } from './fleet.ts';
import { round } from './numbers.ts';
import type { ClientKind, ReadyMessage } from './vehicle-clients.ts';

export interface VehiclesOptions {
  readonly vehicles: number;
  /** How long the product's vehicles stay connected with telemetry every 10 s; 0 measures memory alone. */
  readonly holdMs: number;
  /** Commands sent during that time, each to another vehicle. */
  readonly commands: number;
}

export interface VehiclesReport {
  readonly vehicles: number;
  /** KB of resident memory per connected vehicle: a simulated vehicle, and a bare `mqtt` client. */
  readonly kbProduct: number;
  readonly kbBare: number;
  /** Product over bare. */
  readonly ratio: number;
  readonly connectMsProduct: number;
  readonly connectMsBare: number;
  readonly heldMs: number;
  /** Vehicles whose connection ended while they were held. */
  readonly lost: number;
  readonly telemetry: number;
  readonly commandsApplied: number;
}

/**
 * Connects the vehicles of one child process to an embedded broker in this one, first as a fleet, then as bare clients,
 * and compares the memory that the child grew by.
 */
export async function measureVehicles(options: VehiclesOptions): Promise<VehiclesReport> {
  const digests = new Map(
    benchFleet(options.vehicles).map((spec) => [spec.vin, systemSecrets.digest(spec.password)]),
  );
  const service = { username: 'api-iot', password: systemSecrets.newToken() };
  const broker = embeddedBroker({
    clock: wallClock,
    secrets: systemSecrets,
    log: silentLog,
    lookUp: async (vin) => digests.get(vin) ?? null,
    serviceCredential: service,
    port: 0,
  });
  await broker.start();
  try {
    const heard = { applied: 0, telemetry: 0 };
    const api = await openApi(broker, service, heard);
    const product = await withClients('product', broker, options, async (ready) => ({
      ready,
      ...(await hold(options, broker, api, heard)),
    }));
    const bare = await withClients('bare', broker, options, async (ready) => ({ ready }));
    await api.close();
    return {
      vehicles: options.vehicles,
      kbProduct: round(product.ready.kbEach),
      kbBare: round(bare.ready.kbEach),
      ratio: round(product.ready.kbEach / bare.ready.kbEach),
      connectMsProduct: product.ready.connectMs,
      connectMsBare: bare.ready.connectMs,
      heldMs: options.holdMs,
      lost: product.lost,
      telemetry: product.telemetry,
      commandsApplied: product.applied,
    };
  } finally {
    await broker.stop();
  }
}

async function openApi(
  broker: EmbeddedBroker,
  account: { username: string; password: string },
  heard: { applied: number; telemetry: number },
): Promise<LinkConnection> {
  let up = () => {};
  const connected = new Promise<void>((resolve) => {
    up = resolve;
  });
  const api = broker.link.open({
    clientId: 'api-iot',
    ...account,
    cleanSession: true,
    keepAliveSeconds: 60,
    onConnect: () => up(),
    onMessage: ({ topic, payload }) => {
      if (topic.endsWith('/telemetry')) heard.telemetry += 1;
      if (!topic.endsWith('/evt/result')) return;
      const { results } = commandResultSchema.parse(JSON.parse(payload));
      if (results.every((result) => result.outcome === 'applied')) heard.applied += 1;
    },
  });
  await connected;
  await api.subscribe(fleetFilters);
  return api;
}

/** Keeps the fleet connected and sends it commands; what was lost is what the broker has no more. */
async function hold(
  options: VehiclesOptions,
  broker: EmbeddedBroker,
  api: LinkConnection,
  heard: { applied: number; telemetry: number },
): Promise<{ lost: number; applied: number; telemetry: number }> {
  const before = broker.connections();
  const targets = benchFleet(options.vehicles).slice(0, options.commands);
  for (const [index, { vin }] of targets.entries()) {
    const now = wallClock.now();
    const payload = JSON.stringify({
      id: `cmd_${index}`,
      vin,
      features: [{ feature: 'heated_seats', target: 'active', version: 1 }],
      sentAt: now,
      expiresAt: now + 300_000,
    });
    await api.publish({ topic: topics.configure(vin), payload, qos: 1, retain: false });
    await sleep(wallClock, options.holdMs / targets.length);
  }
  await until(() => heard.applied >= targets.length, 'every command was applied');
  const lost = before - broker.connections();
  return { lost, ...heard };
}

async function withClients<T>(
  kind: ClientKind,
  broker: EmbeddedBroker,
  options: VehiclesOptions,
  work: (ready: ReadyMessage) => Promise<T>,
): Promise<T> {
  const child = fork(moduleUrl('vehicle-clients'), [kind, broker.url, String(options.vehicles)], {
    execArgv: [...process.execArgv, '--expose-gc'],
  });
  try {
    const ready = await Promise.race([firstMessage(child), failure(child)]);
    return await work(ready);
  } finally {
    const gone = once(child, 'exit');
    if (child.exitCode === null) {
      child.kill('SIGKILL');
      await gone;
    }
  }
}

async function firstMessage(child: ChildProcess): Promise<ReadyMessage> {
  const [message] = (await once(child, 'message')) as [ReadyMessage];
  return message;
}

async function failure(child: ChildProcess): Promise<never> {
  const [code] = (await once(child, 'exit')) as [number | null];
  throw new Error(`the vehicles' process ended with ${code} before all were connected`);
}
