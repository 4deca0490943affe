import type { ApiIot } from '../../gateway/api-iot/app.ts';
import { migrateApiIot } from '../../gateway/api-iot/store/migrations.ts';
import type { ApiIotSchema } from '../../gateway/api-iot/store/schema.ts';
import { compressCatalogue, withPolicies } from '../../gateway/catalogue/policies.ts';
import { options } from '../../gateway/config.ts';
import type { PlatformService } from '../../gateway/platform-service.ts';
import { migratePlatform } from '../../gateway/store/migrations.ts';
import type { PlatformSchema } from '../../gateway/store/schema.ts';
import {
  compressedCallbackRetry,
  compressedDispatch,
  compressedEngine,
  compressedReconciliation,
} from '../../gateway/time-scale.ts';
import { silentLog } from '../../shared/ports/log.ts';
import { integerBetween } from '../../shared/ports/random.ts';
import { subjectMatches, subjects } from '../../shared/protocol/subjects.ts';
import { virtualStorage } from '../../shared/virtual/database.ts';
import { virtualBroker } from '../../shared/virtual/device-link.ts';
import { virtualNetwork } from '../../shared/virtual/http.ts';
import { virtualIds } from '../../shared/virtual/ids.ts';
import type { VirtualLoop } from '../../shared/virtual/loop.ts';
import type { VirtualProcess } from '../../shared/virtual/process.ts';
import { virtualStream } from '../../shared/virtual/process-bus.ts';
import { seededRandom } from '../../shared/virtual/random.ts';
import { virtualSecrets } from '../../shared/virtual/secrets.ts';
import { virtualTokens } from '../../shared/virtual/tokens.ts';
import { apiClient } from '../live/api-client.ts';
import { wireLog } from '../live/wire-log.ts';
import { eventLog } from '../run/event-log.ts';
import { fleetOf, registerPlan, specsOf } from '../run/run-fleet.ts';
import type { RunStage } from '../run/stage.ts';
import type { Plan } from '../scenarios/plan.ts';
import type { Constants } from '../scenarios/scenario.ts';
import { paymentsStandIn } from '../stand-ins/payments/payments-stand-in.ts';
import { migratePaymentsStandIn, type PaymentsStandInSchema } from '../stand-ins/payments/schema.ts';
import { bootApiIot } from '../world/api-iot-process.ts';
import { origins, type PlatformFigures, testSecrets } from '../world/figures.ts';
import { bootPlatform } from '../world/platform-process.ts';
import { shippedCatalogue } from '../world/shipped-files.ts';
import { newSinks, subscriptionOf } from '../world/sinks.ts';
import { gatewayProcesses } from './gateway-processes.ts';
import { newsMsOf, partTroubles } from './part-troubles.ts';
import { serviceFaults } from './service-faults.ts';

/** One way, as on the loopback of one machine: a run on real parts has no longer ways. */
const latencyMaxMs = 4;

type Parts = Pick<RunStage, 'clock' | 'buyer' | 'cars' | 'faults' | 'channels' | 'parts' | 'witnesses'>;

/** The parts of one run in virtual time. Nothing has happened yet: `open` starts them while the loop runs. */
export async function openScene(loop: VirtualLoop, plan: Plan, constants: Constants) {
  const random = seededRandom(plan.seed);
  const draws = random.stream('latency');
  const latencyMs = () => integerBetween(draws, 1, latencyMaxMs);
  const network = virtualNetwork({ loop, random, latencyMs });
  const broker = virtualBroker({ loop, random, latencyMs });
  const stream = virtualStream({ loop });
  const sinks = newSinks({
    clock: loop.clock('network'),
    latencyMs,
    failure: (channel, to) => {
      const met = faults.channels[channel === 'email' ? 'mail' : 'push'].meets(to);
      return met === 'hangs' ? 'request_lost' : met && 'refused';
    },
    onSeen: () => {},
  });
  const stores = {
    platform: virtualStorage<PlatformSchema>(),
    apiIot: virtualStorage<ApiIotSchema>(),
    payments: virtualStorage<PaymentsStandInSchema>(),
  };
  const portsOf = (process: VirtualProcess) => ({
    clock: process.clock,
    ids: virtualIds(process, random),
    secrets: virtualSecrets(process, random),
    log: silentLog,
    random: random.stream(process.name),
    http: network.client(process),
  });
  const witness = loop.process('witness');
  const platform = stores.platform.connect(witness);
  const apiIot = stores.apiIot.connect(witness);
  const ledgerProcess = loop.process('payment');
  const ledgerDatabase = stores.payments.connect(ledgerProcess);
  await migratePlatform(platform);
  await migrateApiIot(apiIot);
  await migratePaymentsStandIn(ledgerDatabase);

  function startPayments() {
    const ports = portsOf(ledgerProcess);
    const apiKeyDigest = ports.secrets.digest(testSecrets.payments);
    const payments = paymentsStandIn({ ...ports, database: ledgerDatabase, apiKeyDigest });
    network.listen(origins.payments, { process: ledgerProcess, handle: payments.fetch });
    return payments.ledger;
  }

  async function bootTheApiIot(process: VirtualProcess): Promise<ApiIot> {
    const { commandTimeoutMs, quotaLimit: quotaPerHour, quotaWindowMs } = plan.constants;
    return bootApiIot(
      {
        ...portsOf(process),
        tokens: virtualTokens({ clock: process.clock, issuer: origins.apiIot, key: 'api_iot' }),
        database: stores.apiIot.connect(process),
        // As in a gateway with all roles: the broker is in this process.
        link: broker.connect(process, { embedded: true }),
      },
      {
        commandTimeoutMs,
        quotaPerHour,
        quotaWindowMs,
        callbackRetry: compressedCallbackRetry(plan.timeScale),
      },
    );
  }

  async function bootThePlatform(process: VirtualProcess): Promise<PlatformService> {
    const ports = portsOf(process);
    return bootPlatform(
      {
        ...ports,
        http: faults.wayOf(ports.http),
        tokens: virtualTokens({ clock: process.clock, issuer: origins.platform, key: 'platform' }),
        database: stores.platform.connect(process),
        bus: stream.connect(process),
        mailer: sinks.mailer(process),
        pusher: sinks.pusher(process),
      },
      figuresOf(constants, plan.timeScale),
    );
  }

  const clock = loop.clock('network');
  const faults = serviceFaults(plan, clock);
  const gateway = gatewayProcesses(loop, network, clock, {
    api_iot: { origin: origins.apiIot, boot: bootTheApiIot },
    platform: { origin: origins.platform, boot: bootThePlatform },
  });
  const events = eventLog(witness.clock);
  stream.onPublish(({ subject, payload }) => {
    if (subjectMatches(subjects.allEvents, subject)) events.note(payload);
    return null;
  });

  async function open(): Promise<Parts> {
    const ledger = startPayments();
    await gateway.start('api_iot');
    await gateway.start('platform');
    const customer = portsOf(loop.process('customer'));
    const client = (origin: string, clientId: string, clientSecret: string) =>
      apiClient({ ...customer, origin, clientId, clientSecret });
    const buyer = client(origins.platform, 'shop', testSecrets.platform.shop);
    const provisioner = client(origins.apiIot, 'provisioner', testSecrets.provisioner);
    const wire = wireLog(witness.clock);
    await wire.listen(broker.connect(witness), { username: 'monitor', password: '' });
    const garage = loop.process('vehicle');
    const ports = portsOf(garage);
    const vehicles = specsOf(plan, ports.secrets);
    const { secrets } = ports;
    await registerPlan(plan, vehicles, {
      platform: buyer,
      provisioner,
      secrets,
      subscribe: subscriptionOf,
    });
    return {
      clock: witness.clock,
      buyer,
      cars: fleetOf(plan, vehicles, { ...ports, link: wire.tap(broker.connect(garage)) }),
      faults,
      channels: faults.channels,
      parts: partTroubles(plan.partFaults ?? [], { clock, stream, broker, gateway }),
      witnesses: {
        databases: { platform, apiIot },
        ledger,
        openEvents: async () => ({ ...events, stop: async () => {} }),
        broker: wire.messages,
        mails: async () => sinks.mails(),
        pushes: sinks.pushes,
        crashes: gateway.crashes,
        newsMs: () => newsMsOf(plan),
      },
    };
  }

  return {
    open,
    close(): void {
      for (const store of Object.values(stores)) store.close();
    },
  };
}

/** The same retry policy for every service, as simulator/live/scenario-catalogue.ts writes it, compressed. */
function figuresOf(constants: Constants, timeScale: number): PlatformFigures {
  const { maxRetries, baseDelayMs, maxDelayMs, pollEveryMs, resultGraceMs, deadlineMs } = constants;
  const policy = { maxRetries, baseDelayMs, maxDelayMs, pollEveryMs, resultGraceMs, deadlineMs };
  const catalogue = withPolicies(shippedCatalogue(), (shipped) => ({ ...shipped, ...policy }));
  return {
    catalogue: compressCatalogue(catalogue, timeScale),
    engine: compressedEngine(timeScale),
    dispatch: compressedDispatch(timeScale, options.mailTimeoutMs.fallback),
    reconcileMs: compressedReconciliation(timeScale, constants.reconcileEveryMs ?? 0),
    slaPollMs: Math.max(1_000, Math.round(60_000 / timeScale)),
  };
}
