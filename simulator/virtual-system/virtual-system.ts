import type { PlatformSchema } from '../../gateway/store/schema.ts';
import type { Bus } from '../../shared/ports/bus.ts';
import type { Clock } from '../../shared/ports/clock.ts';
import type { Database } from '../../shared/ports/database.ts';
import type { DeviceLink } from '../../shared/ports/device-link.ts';
import { type Log, type LogFields, silentLog } from '../../shared/ports/log.ts';
import type { Random } from '../../shared/ports/random.ts';
import { silentTracing, type Tracing } from '../../shared/ports/tracing.ts';
import { subjectMatches, subjects } from '../../shared/protocol/subjects.ts';
import { virtualBroker } from '../../shared/virtual/device-link.ts';
import { virtualNetwork } from '../../shared/virtual/http.ts';
import { virtualIds } from '../../shared/virtual/ids.ts';
import type { VirtualLoop } from '../../shared/virtual/loop.ts';
import type { VirtualProcess } from '../../shared/virtual/process.ts';
import { virtualStream } from '../../shared/virtual/process-bus.ts';
import { virtualSecrets } from '../../shared/virtual/secrets.ts';
import { virtualTokens } from '../../shared/virtual/tokens.ts';
import { fleet } from '../fleet/fleet.ts';
import type { VehicleSpec } from '../fleet/make-fleet.ts';
import type { SeenEvent } from '../reports/evidence.ts';
import { type ApiClient, apiClient } from '../run/api-client.ts';
import { paymentsStandIn } from '../stand-ins/payments/payments-stand-in.ts';
import { bootApiIot, type VirtualApiIotSettings } from './api-iot-process.ts';
import type { DependencyOverrides } from './dependency-overrides.ts';
import { gatewayProcesses } from './gateway-processes.ts';
import { type OwnEngineProgram, ownEngineBoot } from './own-engine.ts';
import { bootPlatform, type VirtualPlatformSettings } from './platform-process.ts';
import { origins, testSecrets } from './settings.ts';
import { newSinks, type SinkDeps } from './sinks.ts';
import type { Stores } from './stores.ts';
import { ticketSystem } from './ticket-system.ts';

/** Wait of the payment service before it sends an event again. */
const paymentEventRetryMs = 30_000;

export interface VirtualSystemOptions {
  readonly loop: VirtualLoop;
  readonly random: Random;
  readonly stores: Stores;
  /** Null: `ownEngine` takes its place. */
  readonly platform: VirtualPlatformSettings | null;
  readonly ownEngine?: OwnEngineProgram;
  readonly apiIot: VirtualApiIotSettings;
  /** One way between two services, for HTTP, mail and push. */
  readonly latencyMs: () => number;
  /** One way between a vehicle and the broker; without it the broker's own default. */
  readonly linkLatencyMs?: () => number;
  /** The broker is in the API IoT's process, as in a gateway with all roles. */
  readonly isBrokerEmbedded?: boolean;
  /** What the clock of the API IoT's process is ahead. */
  readonly apiIotSkewMs?: number;
  readonly logOf?: (process: VirtualProcess) => Log;
  /** Absent: no spans are recorded. */
  readonly tracingOf?: ((process: VirtualProcess) => Tracing) | undefined;
  readonly faults?: SystemFaults;
  readonly watch?: SystemWatch;
  readonly overrides?: DependencyOverrides;
}

/** Where faults get at a system; without a hook nothing goes wrong there. Faults of the network are set at `network`. */
export interface SystemFaults {
  /** What meets a mail or push message to this address, or null. */
  readonly notification?: SinkDeps['faultOf'];
  /** What stands between a process and its database. */
  readonly database?: <Schema>(process: string, database: Database<Schema>) => Database<Schema>;
  /** The API IoT's way to the broker. */
  readonly serviceLink?: (link: DeviceLink) => DeviceLink;
}

/** Hooks of a test case's own observers. Without them only evidence is kept. */
export interface SystemWatch {
  /** Called right after each commit, before the one that wrote learns of it. */
  readonly onCommit?: (store: keyof Stores) => void;
  readonly onNotification?: SinkDeps['onSeen'];
  readonly onPublish?: (subject: string, payload: string) => void;
  /** A restarted process received again what the one before it had taken. */
  readonly onRedelivery?: () => void;
  readonly onProcess?: (event: string, fields: LogFields) => void;
}

/**
 * A whole system in virtual time, put together and not yet started: both services of the gateway as processes that can be
 * stopped, killed and started again, over a network, a broker and a stream, with stand-ins for payments, mail, push and tickets.
 */
export function virtualSystem(options: VirtualSystemOptions) {
  const { loop, random, stores, latencyMs, faults = {}, watch = {}, overrides = {} } = options;
  const { logOf = () => silentLog, tracingOf = () => silentTracing } = options;
  const clock = loop.clock('network');
  const network = virtualNetwork({ loop, random, latencyMs });
  const broker = virtualBroker({
    loop,
    random,
    ...(options.linkLatencyMs ? { latencyMs: options.linkLatencyMs } : {}),
  });
  const stream = virtualStream({ loop });
  const events: SeenEvent[] = [];
  stream.onPublish(({ subject, payload }) => {
    watch.onPublish?.(subject, payload);
    if (subjectMatches(subjects.allEvents, subject)) {
      const { id, type } = JSON.parse(payload) as SeenEvent;
      events.push({ id, type });
    }
    return null;
  });
  const sinks = newSinks({
    clock,
    latencyMs,
    faultOf: faults.notification ?? (() => null),
    onSeen: watch.onNotification ?? (() => {}),
  });
  const watched = <Schema>(name: keyof Stores, database: Database<Schema>) =>
    watch.onCommit ? afterEachCommit(database, () => watch.onCommit?.(name)) : database;
  const faulty = <Schema>(name: keyof Stores, process: VirtualProcess, database: Database<Schema>) => {
    const seen = watched(name, database);
    return faults.database?.(process.name, seen) ?? seen;
  };
  const portsOf = (process: VirtualProcess) => ({
    clock: process.clock,
    ids: virtualIds(process, random),
    secrets: virtualSecrets(process, random),
    log: logOf(process),
    random: random.stream(process.name),
    http: network.client(process),
    tracing: tracingOf(process),
  });

  const payments = loop.process('payment');
  const paymentService = paymentsStandIn({
    ...portsOf(payments),
    database: watched('payments', stores.payments.connect(payments)),
    apiKeyDigest: virtualSecrets(payments, random).digest(testSecrets.payments),
    webhook: {
      http: network.client(payments),
      url: () => (options.platform === null ? null : `${origins.platform}/callbacks/payments`),
      secret: testSecrets.platform.paymentsWebhook,
      retryMs: paymentEventRetryMs,
    },
  });
  network.listen(origins.payments, { process: payments, handle: paymentService.fetch });
  const ticketProcess = loop.process('ticket_system');
  const tickets = ticketSystem({ ...portsOf(ticketProcess), secret: testSecrets.ticketWebhook });
  network.listen(origins.tickets, { process: ticketProcess, handle: tickets.fetch });

  const bootThePlatform = (settings: VirtualPlatformSettings) => (process: VirtualProcess) =>
    bootPlatform(
      {
        ...portsOf(process),
        tokens: virtualTokens({ clock: process.clock, issuer: origins.platform, key: 'platform' }),
        database: faulty<PlatformSchema>('platform', process, stores.platform.connect(process)),
        bus: countingRedeliveries(process, stream.connect(process), watch.onRedelivery),
        mailer: sinks.mailer(process),
        pusher: sinks.pusher(process),
      },
      settings,
      overrides,
    );
  const bootTheApiIot = (process: VirtualProcess) => {
    const link = broker.connect(process, { embedded: options.isBrokerEmbedded ?? false });
    return bootApiIot(
      {
        ...portsOf(process),
        tokens: virtualTokens({ clock: process.clock, issuer: origins.apiIot, key: 'api_iot' }),
        database: faulty('apiIot', process, stores.apiIot.connect(process)),
        link: faults.serviceLink?.(link) ?? link,
      },
      options.apiIot,
      overrides,
    );
  };
  const ownEngineProgram = (program: OwnEngineProgram) => ({
    origin: new URL(program.target).origin,
    processName: 'engine',
    boot: ownEngineBoot({ loop, network, random, sinks, clock, portsOf }, program),
  });
  const gateway = gatewayProcesses({
    loop,
    network,
    programs: {
      ...(options.platform === null
        ? {}
        : { platform: { origin: origins.platform, boot: bootThePlatform(options.platform) } }),
      ...(options.ownEngine === undefined ? {} : { platform: ownEngineProgram(options.ownEngine) }),
      api_iot: { origin: origins.apiIot, skewMs: options.apiIotSkewMs ?? 0, boot: bootTheApiIot },
    },
    ...(watch.onProcess ? { onEvent: watch.onProcess } : {}),
  });

  return {
    loop,
    random,
    clock,
    stores,
    network,
    broker,
    stream,
    sinks,
    gateway,
    ledger: paymentService.ledger,
    /** Events of the payment service that the platform has not taken yet. */
    waitingPaymentEvents: paymentService.waitingEvents,
    ticketEvents: tickets.events,
    /** Events as they were published, oldest first. */
    events: (): readonly SeenEvent[] => events,
    portsOf,
    /** A user of the platform API with a process of their own. */
    apiUser(name: keyof typeof clientIdOf): ApiUser {
      const clientId = clientIdOf[name];
      const clientSecret = testSecrets.platform[clientId];
      const ports = portsOf(loop.process(name));
      const client = apiClient({ ...ports, origin: origins.platform, clientId, clientSecret });
      return { clock: ports.clock, client };
    },
    /** Vehicles in a process of their own; `tap` stands between them and the broker. */
    fleetOf(
      vehicles: readonly VehicleSpec[],
      tap: (link: DeviceLink) => DeviceLink,
      settings: Parameters<typeof fleet>[2],
    ) {
      const process = loop.process('vehicle');
      return fleet({ ...portsOf(process), link: tap(broker.connect(process)) }, vehicles, settings);
    },
  };
}

export interface ApiUser {
  readonly clock: Clock;
  readonly client: ApiClient;
}

const clientIdOf = { customer: 'shop', support: 'support', operator: 'operator' } as const;

function afterEachCommit<Schema>(database: Database<Schema>, look: () => void): Database<Schema> {
  return {
    ...database,
    async write(work) {
      const value = await database.write(work);
      look();
      return value;
    },
  };
}

function countingRedeliveries(process: VirtualProcess, bus: Bus, onRedelivery: () => void = () => {}): Bus {
  return {
    ...bus,
    consume: (options, handle) =>
      bus.consume(options, (delivery) => {
        if (process.life > 1 && delivery.deliveryCount > 1) onRedelivery();
        return handle(delivery);
      }),
  };
}
