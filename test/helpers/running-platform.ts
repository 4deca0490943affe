import { readFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { RetryPolicy } from '../../gateway/activation/policy.ts';
import type { Catalogue } from '../../gateway/catalogue/catalogue.ts';
import { withPolicies } from '../../gateway/catalogue/policies.ts';
import { type GatewayConfig, readConfig } from '../../gateway/config.ts';
import { type Gateway, startGateway } from '../../gateway/live/gateway.ts';
import { openKeys } from '../../gateway/live/keys.ts';
import { wallClock } from '../../shared/live/clock.ts';
import { mqttLink } from '../../shared/live/mqtt-link.ts';
import { isRunning } from '../../shared/live/processes.ts';
import { systemRandom } from '../../shared/live/random.ts';
import { systemSecrets } from '../../shared/live/secrets.ts';
import type { Http } from '../../shared/ports/http.ts';
import type { Log, LogFields } from '../../shared/ports/log.ts';
import { makeVin } from '../../shared/protocol/vin.ts';
import { type Fleet, fleet } from '../../simulator/fleet/fleet.ts';
import type { VehicleSpec } from '../../simulator/fleet/make-fleet.ts';
import type { VehicleFault } from '../../simulator/fleet/vehicle-faults.ts';
import { type Clients, clientsOf } from '../../simulator/live/clients.ts';
import { type StandIns, startStandIns } from '../../simulator/live/stand-ins.ts';
import { shippedModels } from '../../simulator/models/models-folder.ts';
import type { ApiAnswer } from '../../simulator/run/api-client.ts';
import { register } from '../../simulator/run/registration.ts';
import { modelName, type VehicleModel } from '../../simulator/vehicle/models.ts';
import { withTemporaryFolder } from './temporary-folder.ts';
import { until } from './until.ts';

/** One vehicle of a test. */
export interface VehiclePlan {
  /** Default `aurora-2026`, which has every feature. */
  readonly model?: string;
  readonly faults?: readonly VehicleFault[];
  /** Registered, and not simulated. */
  readonly isPlayedByHand?: boolean;
  /** At the broker; default a new one. */
  readonly password?: string;
}

export interface PlatformOptions {
  /** Divides every delay, time-out and window; default 100: a command times out after 3 s, the first retry comes after 300 ms. */
  readonly timeScale?: number;
  /** Real milliseconds, on top of the compressed policy, for every service. */
  readonly policy?: Partial<RetryPolicy>;
  /** Default: one `aurora-2026` without faults. */
  readonly vehicles?: readonly VehiclePlan[];
  /** Between the engine and the API IoT. */
  readonly disturb?: (http: Http) => Http;
  readonly adapt?: (catalogue: Catalogue) => Catalogue;
  readonly config?: Partial<GatewayConfig>;
  /** How long an ECU takes to apply a command; default 20 ms. */
  readonly applyMs?: number;
  /** The errors that the gateway logs, in their order; default none. */
  readonly errors?: readonly string[];
}

export interface LogLine {
  readonly level: keyof Log;
  readonly event: string;
  readonly fields: LogFields;
}

export interface Platform {
  readonly gateway: Gateway;
  readonly standIns: StandIns;
  readonly clients: Clients;
  readonly cars: Fleet;
  /** The first vehicle's. */
  readonly vin: string;
  readonly vehicles: readonly VehicleSpec[];
  readonly origins: { readonly platform: string; readonly apiIot: string };
  readonly mqttUrl: string;
  /** Everything that the gateway logged. */
  readonly log: readonly LogLine[];
  readonly dataFolder: string;
}

/** The fleet's vehicles, by their place in the plan: `customer-1` owns the first. */
export function customerOf(index: number): { id: string; name: string; email: string } {
  return { id: `customer-${index + 1}`, name: 'Ana Torres', email: `customer-${index + 1}@example.com` };
}

/**
 * The whole product on real parts: a gateway with a nats-server of its own, MQTT and HTTP over sockets, SMTP and push
 * sinks, payments with a ledger, a few vehicles. Everything is stopped afterwards; then no nats-server and no listener may be
 * left, and the gateway may not have logged an error.
 */
export async function withPlatform(
  options: PlatformOptions,
  run: (platform: Platform) => Promise<void>,
): Promise<void> {
  await withTemporaryFolder(async (dataFolder) => {
    const log = newLogBook();
    const parts: { stop(): Promise<void> }[] = [];
    const ports: number[] = [];
    try {
      const platform = await startPlatform(options, dataFolder, log, parts);
      const { platform: platformOrigin, apiIot } = platform.origins;
      for (const url of [platformOrigin, apiIot]) ports.push(Number(new URL(url).port));
      if (!options.config?.mqttUrl) ports.push(Number(new URL(platform.mqttUrl).port));
      await run(platform);
    } finally {
      const nats = await natsProcess(dataFolder);
      for (const part of parts.reverse()) await part.stop();
      expect(nats > 0 && isRunning(nats), 'nats-server is left running').toBe(false);
      for (const port of ports) expect(await isListening(port), `port ${port} is left open`).toBe(false);
    }
    const errors = log.lines.filter(({ level }) => level === 'error').map(({ event }) => event);
    expect(errors).toEqual(options.errors ?? []);
  });
}

async function startPlatform(
  options: PlatformOptions,
  dataFolder: string,
  log: LogBook,
  parts: { stop(): Promise<void> }[],
): Promise<Platform> {
  const keys = await openKeys(dataFolder);
  const standIns = await startStandIns({
    dataFolder,
    paymentsKey: keys.paymentsKey,
    vapidPublicKey: (JSON.parse(keys.vapidKeys) as { publicKey: string }).publicKey,
    log,
    ports: { payments: 0, smtp: 0, mail: 0, push: 0 },
  });
  parts.push(standIns);
  const plans = options.vehicles ?? [{}];
  const vehicles = plans.map(specOf);
  const gateway = await startGateway({
    config: testConfig({
      timeScale: options.timeScale ?? 100,
      paymentsUrl: standIns.paymentsUrl,
      smtpUrl: standIns.smtpUrl,
      pushPrivate: 'yes',
      // Tests count the requests of one activation; comparing vehicles makes more of them, at any time.
      reconcileMs: 0,
      ...options.config,
      data: dataFolder,
    }),
    log,
    ...(options.disturb ? { disturb: options.disturb } : {}),
    adapt: (catalogue) => adapted(options, catalogue),
  });
  parts.push(gateway);
  const { platform, apiIot, bus } = gateway;
  if (!platform || !apiIot) throw new Error('every role runs in this process');
  expect(bus?.kind).toBe('nats');
  const origins = { platform: platform.origin, apiIot: gateway.apiIotOrigin };
  const clients = clientsOf(keys, origins);
  await registerAll(clients, standIns, vehicles);
  const cars = fleet(
    { link: mqttLink({ url: apiIot.mqttUrl, log }), clock: wallClock, random: systemRandom, log },
    vehicles.filter((_, index) => !plans[index]?.isPlayedByHand),
    { applyMs: options.applyMs ?? 20, telemetryMs: 500 },
  );
  parts.push(cars);
  await cars.start();
  const vin = vehicles[0]?.vin ?? '';
  return {
    gateway,
    standIns,
    clients,
    cars,
    vin,
    vehicles,
    origins,
    mqttUrl: apiIot.mqttUrl,
    log: log.lines,
    dataFolder,
  };
}

/** The VIN that the vehicle at a place of the plan gets. */
export function vinOf(model: Pick<VehicleModel, 'vinPrefix' | 'vinPlant'>, index: number): string {
  return makeVin(model.vinPrefix, model.vinPlant, 100_001 + index);
}

function specOf(plan: VehiclePlan, index: number): VehicleSpec {
  const model = shippedModels().find(({ id }) => id === (plan.model ?? 'aurora-2026'));
  if (!model) throw new Error(`there is no model ${plan.model}`);
  return {
    vin: vinOf(model, index),
    model,
    region: 'ES',
    latitude: 40.4168,
    longitude: -3.7038,
    chargePercent: 80,
    password: plan.password ?? systemSecrets.newToken(),
    connectivity: 'steady',
    faults: plan.faults ?? [],
  };
}

/** The defaults on free ports, with changes. */
export function testConfig(changes: Partial<GatewayConfig>): GatewayConfig {
  const defaults = readConfig({}, {});
  if ('faults' in defaults) throw new Error(defaults.faults.join('\n'));
  return {
    ...defaults.config,
    port: 0,
    apiIotPort: 0,
    mqttPort: 0,
    ...changes,
  };
}

/** Compressed, the API IoT's word of a time-out would have some milliseconds to arrive in; a busy machine needs more. */
const resultGraceMs = 2_000;

function adapted({ policy, adapt }: PlatformOptions, catalogue: Catalogue): Catalogue {
  return withPolicies(adapt?.(catalogue) ?? catalogue, (before) => ({ ...before, resultGraceMs, ...policy }));
}

async function registerAll(clients: Clients, standIns: StandIns, vehicles: readonly VehicleSpec[]) {
  await register(
    { ...clients, clock: wallClock },
    {
      customers: vehicles.map((_, index) => ({
        ...customerOf(index),
        language: 'en',
        pushSubscription: standIns.pushes.subscribe(),
      })),
      vehicles: vehicles.map(({ vin, model, password }, index) => ({
        vin,
        model: model.id,
        modelName: modelName(model.id),
        customerId: customerOf(index).id,
        credentialDigest: systemSecrets.digest(password),
      })),
    },
  );
}

interface LogBook extends Log {
  readonly lines: LogLine[];
}

function newLogBook(): LogBook {
  const lines: LogLine[] = [];
  const at =
    (level: LogLine['level']) =>
    (event: string, fields: LogFields = {}) => {
      lines.push({ level, event, fields });
    };
  return { lines, info: at('info'), warn: at('warn'), error: at('error') };
}

/** The process id of the gateway's own nats-server, or 0 without one. */
export async function natsProcess(dataFolder: string): Promise<number> {
  return Number(await readFile(join(dataFolder, 'nats', 'nats-server.pid'), 'utf8').catch(() => '0'));
}

export function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    const end = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    socket.once('connect', () => end(true));
    socket.once('error', () => end(false));
  });
}

/** A purchase's own answer. */
export interface Bought {
  readonly id: string;
  readonly activation: { readonly id: string; readonly phase: string };
}

export interface Order {
  /** Place of the vehicle in the plan; default the first. */
  readonly vehicle?: number;
  /** Default `heated-seats`, a month, for 14.90 EUR. */
  readonly serviceId?: string;
  readonly duration?: { readonly unit: string; readonly count?: number };
  readonly paymentMethod?: string;
  readonly preDelivery?: boolean;
  /** For a vehicle that is not in the plan. */
  readonly vin?: string;
  readonly customerId?: string;
}

export function orderBody(platform: Platform, order: Order = {}) {
  const { vehicle = 0, ...rest } = order;
  return {
    customerId: customerOf(vehicle).id,
    vin: platform.vehicles[vehicle]?.vin,
    serviceId: 'heated-seats',
    duration: { unit: 'months', count: 1 },
    paymentMethod: 'pm_card_visa',
    ...rest,
  };
}

/** Buys over HTTP; the purchase must be taken. */
export async function buy(platform: Platform, order: Order = {}): Promise<Bought> {
  const answer = await onceThereIsAPlace(() =>
    platform.clients.platform.send('POST', '/purchases', orderBody(platform, order)),
  );
  expect(answer.status, JSON.stringify(answer.body)).toBe(201);
  return answer.body as Bought;
}

/** Asks again where the gateway is busy, as it will be on a slow machine: 503 says that nothing was bought. */
export async function onceThereIsAPlace(ask: () => Promise<ApiAnswer>): Promise<ApiAnswer> {
  let answer = await ask();
  await until(async () => {
    if (answer.status !== 503) return true;
    answer = await ask();
    return false;
  }, 'the gateway has a place for the purchase');
  return answer;
}
