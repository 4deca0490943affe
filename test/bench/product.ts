import { copyFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { openKeys } from '../../gateway/live/keys.ts';
import { accessTokens } from '../../gateway/oauth/access-token.ts';
import { wallClock } from '../../shared/live/clock.ts';
import { liveHttp } from '../../shared/live/http.ts';
import { systemSecrets } from '../../shared/live/secrets.ts';
import { clientsOf } from '../../simulator/live/clients.ts';
import { register } from '../../simulator/run/registration.ts';
import { modelName } from '../../simulator/vehicle/models.ts';
import { type BenchChild, startChild } from './child.ts';
import { type Pipeline, type Stage, watchLedger } from './drive.ts';
import { benchFleet } from './fleet.ts';
import type { GatewayArgument, GatewayReady } from './gateway-child.ts';
import type { WorldArgument, WorldReady } from './world.ts';

export type BenchKeys = Awaited<ReturnType<typeof openKeys>>;

/** Stand-ins, keys and the folder of the gateways that are measured. */
export interface Bench {
  readonly options: { readonly folder: string };
  readonly stage: Stage;
  readonly world: BenchChild<WorldReady>;
  readonly vehicles: number;
  readonly parts: { stop(): Promise<void> }[];
}

/** Starts the stand-ins; what is to be stopped is added to `parts`. */
export async function openBench<Options extends { readonly folder: string }>(
  options: Options,
  vehicles: number,
  parts: { stop(): Promise<void> }[],
) {
  const keys = await openKeys(join(options.folder, 'keys'));
  const { publicKey } = JSON.parse(keys.vapidKeys) as { publicKey: string };
  const worldFolder = join(options.folder, 'world');
  await mkdir(worldFolder);
  const argument: WorldArgument = {
    dataFolder: worldFolder,
    paymentsKey: keys.paymentsKey,
    vapidPublicKey: publicKey,
    customers: vehicles,
  };
  const world = await startChild<WorldReady>('world', argument);
  parts.push(world);
  const { http } = liveHttp({ clock: wallClock, timeoutMs: 30_000 });
  const ledger = watchLedger(join(worldFolder, 'payments.db'));
  parts.push({
    stop: async () => {
      ledger.close();
    },
  });
  const bench = { options, stage: { http, world, ledger }, world, vehicles, parts };
  return { bench, keys };
}

export const customerId = (index: number) => `customer-${index + 1}`;

export function customersOf({ vehicles, world }: Bench) {
  return Array.from({ length: vehicles }, (_, index) => ({
    id: customerId(index),
    name: `Customer ${index + 1}`,
    email: `${customerId(index)}@example.com`,
    language: 'en',
    pushSubscription: world.ready.subscriptions[index],
  }));
}

/** A gateway with its data, before or after vehicles are connected to it. */
export async function startGateway(
  { options, world, parts }: Bench,
  keys: BenchKeys,
  name: string,
  /** Of a gateway that is started again; else free ones. */
  ports: Partial<Pick<GatewayArgument, 'port' | 'apiIotPort' | 'mqttPort'>> = {},
) {
  const data = join(options.folder, name);
  await mkdir(data, { recursive: true });
  // One application server for all: the push stand-in takes pushes of no other.
  await copyFile(join(options.folder, 'keys', 'keys.json'), join(data, 'keys.json'));
  const { paymentsUrl, smtpUrl } = world.ready;
  const argument: GatewayArgument = {
    data,
    paymentsUrl,
    smtpUrl,
    paymentsKey: keys.paymentsKey,
    pushPrivate: 'yes',
    ...ports,
  };
  const child = await startChild<GatewayReady>('gateway-child', argument);
  parts.push(child);
  return child;
}

export async function startProduct(bench: Bench, keys: BenchKeys, name: string): Promise<Pipeline> {
  const child = await startGateway(bench, keys, name);
  await registerAll(bench, keys, child.ready);
  return connected(bench, keys, name, child);
}

export async function registerAll(bench: Bench, keys: BenchKeys, origins: GatewayReady): Promise<void> {
  const vehicles = benchFleet(bench.vehicles).map(({ vin, model, password }, index) => ({
    vin,
    model: model.id,
    modelName: modelName(model.id),
    customerId: customerId(index),
    credentialDigest: systemSecrets.digest(password),
  }));
  await register(
    { ...clientsOf(keys, origins), clock: wallClock },
    { customers: customersOf(bench), vehicles },
  );
}

export async function connected(
  { stage, world, vehicles }: Bench,
  keys: BenchKeys,
  name: string,
  child: BenchChild<GatewayReady>,
): Promise<Pipeline> {
  const { platform, mqttUrl } = child.ready;
  await world.ask('connect', { name, url: mqttUrl, vehicles });
  const credentials = { clientId: 'developer', clientSecret: keys.developerSecret, scope: '' };
  const tokens = accessTokens({
    http: stage.http,
    clock: wallClock,
    credentials: { ...credentials, tokenUrl: `${platform}/oauth/token` },
  });
  return {
    name,
    origin: platform,
    headers: async () => ({ authorization: `Bearer ${await tokens.get()}` }),
    cpuMs: () => child.ask<number>('cpuMs'),
  };
}
