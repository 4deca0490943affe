import type { Adapter } from '../../gateway/adapter/adapter.ts';
import type { Catalogue } from '../../gateway/catalogue/catalogue.ts';
import { shortenCatalogueTimes, withPolicies } from '../../gateway/catalogue/policies.ts';
import { options } from '../../gateway/config.ts';
import {
  callbackRetryAtTimeScale,
  contradictionsAtTimeScale,
  dispatchAtTimeScale,
  engineAtTimeScale,
  reconciliationAtTimeScale,
} from '../../gateway/time-scale.ts';
import type { Log } from '../../shared/ports/log.ts';
import { integerBetween } from '../../shared/ports/random.ts';
import type { Tracing } from '../../shared/ports/tracing.ts';
import type { VirtualNetwork } from '../../shared/virtual/http.ts';
import type { VirtualLoop } from '../../shared/virtual/loop.ts';
import type { VirtualProcess } from '../../shared/virtual/process.ts';
import { seededRandom } from '../../shared/virtual/random.ts';
import { channelCounts } from '../faults/channel-gates.ts';
import type { ComponentFaultWatch } from '../faults/component-faults.ts';
import { collectCommands, collectDatabase } from '../reports/collect.ts';
import { apiClient } from '../run/api-client.ts';
import { type Customers, platformCustomers } from '../run/buying.ts';
import { newMessageLog } from '../run/message-log.ts';
import { syncOpenWork, unreachableVins } from '../run/open-work.ts';
import { countPhases } from '../run/phase-counts.ts';
import { actionsOf } from '../run/planned-actions.ts';
import { refusalDelayMaxMs } from '../run/refusal-delay.ts';
import { buyerPatience } from '../run/retry-until-answered.ts';
import type { RunContext } from '../run/run-context.ts';
import { fleetSettings, registerPlan, specsOf } from '../run/run-fleet.ts';
import type { Plan } from '../scenarios/plan.ts';
import type { Constants } from '../scenarios/scenario.ts';
import type { VehicleModel } from '../vehicle/models.ts';
import { virtualComponentFaults } from './component-faults.ts';
import type { VirtualPlatformSettings } from './platform-process.ts';
import { serviceFaults } from './service-faults.ts';
import { origins, testSecrets } from './settings.ts';
import { shippedCatalogue } from './shipped-files.ts';
import { subscriptionOf } from './sinks.ts';
import { closeStores, openStores } from './stores.ts';
import { type SystemWatch, virtualSystem } from './virtual-system.ts';

/** One way, as on the loopback of one machine: a run on real parts has no longer ways. */
const latencyMaxMs = 4;

/** Hooks of an observer. What it sees, it does not change: the same plan gives the same evidence with it and without it. */
export interface ScenarioWatch {
  readonly logOf?: (process: VirtualProcess) => Log;
  readonly tracingOf?: ((process: VirtualProcess) => Tracing) | undefined;
  readonly system?: SystemWatch;
  readonly components?: ComponentFaultWatch;
  /** Called with each message that a vehicle or the API IoT publishes, but for telemetry. */
  readonly onMessage?: (topic: string, payload: string) => void;
  readonly onOutcome?: Parameters<VirtualNetwork['onOutcome']>[0];
  readonly onFaults?: (event: 'begin' | 'end') => void;
  readonly customers?: (customers: Customers) => Customers;
  /** What the platform's database has besides its own tables. */
  readonly platformStatements?: readonly string[];
}

type Parts = Pick<
  RunContext,
  'clock' | 'customers' | 'fleet' | 'faults' | 'books' | 'startActions' | 'isStill' | 'sources'
>;

/** The parts of one run in virtual time. Nothing has happened yet: `open` starts them while the loop runs. */
export async function scenarioSystem(
  loop: VirtualLoop,
  plan: Plan,
  constants: Constants,
  own: {
    readonly catalogue?: Catalogue | undefined;
    readonly models?: readonly VehicleModel[] | undefined;
    readonly adapter?: Adapter | undefined;
  } = {},
  watch: ScenarioWatch = {},
) {
  const random = seededRandom(plan.seed);
  const draws = random.stream('latency');
  const latencyMs = () => integerBetween(draws, 1, latencyMaxMs);
  const stores = await openStores(loop.process('setup'), watch.platformStatements);
  const faults = serviceFaults(plan, loop.clock('network'));
  const reader = loop.process('evidence');
  const { commandTimeoutMs, quotaLimit: quotaPerHour, quotaWindowMs } = plan.constants;
  const system = virtualSystem({
    loop,
    random,
    stores,
    latencyMs,
    linkLatencyMs: latencyMs,
    isBrokerEmbedded: true,
    platform: {
      ...platformSettings(own.catalogue ?? shippedCatalogue(), constants, plan.timeScale),
      ...(own.adapter === undefined ? {} : { adapter: own.adapter }),
    },
    apiIot: {
      commandTimeoutMs,
      quotaPerHour,
      quotaWindowMs,
      callbackRetry: callbackRetryAtTimeScale(plan.timeScale),
    },
    ...(watch.logOf ? { logOf: watch.logOf } : {}),
    tracingOf: watch.tracingOf,
    faults: {
      notification: faults.notification,
      ...(watch.onMessage
        ? { serviceLink: newMessageLog(reader.clock, undefined, watch.onMessage).tapService }
        : {}),
    },
    ...(watch.system ? { watch: watch.system } : {}),
  });
  const { broker, stream, gateway, sinks } = system;
  faults.install(system.network);
  if (watch.onOutcome) system.network.onOutcome(watch.onOutcome);
  let fleet: ReturnType<typeof system.fleetOf> | null = null;
  const databases = { platform: stores.platform.connect(reader), apiIot: stores.apiIot.connect(reader) };

  async function open(): Promise<Parts> {
    await gateway.start('api_iot');
    await gateway.start('platform');
    const buyer = system.apiUser('customer').client;
    const provisioner = apiClient({
      ...system.portsOf(loop.process('customer')),
      origin: origins.apiIot,
      clientId: 'provisioner',
      clientSecret: testSecrets.provisioner,
    });
    const messageLog = newMessageLog(reader.clock, undefined, watch.onMessage);
    await messageLog.listen(broker.connect(reader), { username: 'monitor', password: '' });
    const { secrets } = system.portsOf(loop.process('vehicle'));
    const vehicles = specsOf(plan, secrets, own.models);
    await registerPlan(plan, vehicles, {
      clock: reader.clock,
      platform: buyer,
      provisioner,
      secrets,
      subscribe: subscriptionOf,
    });
    const components = virtualComponentFaults(
      plan.partFaults ?? [],
      { loop, clock: system.clock, stream, broker, gateway },
      watch.components,
    );
    fleet = system.fleetOf(vehicles, messageLog.tap, fleetSettings(plan));
    const customers = platformCustomers({
      ...{ client: buyer, clock: reader.clock, patience: buyerPatience(plan) },
    });
    return {
      clock: reader.clock,
      customers: watch.customers?.(customers) ?? customers,
      fleet,
      faults: {
        begin() {
          watch.onFaults?.('begin');
          components.begin();
          faults.begin();
        },
        clear() {
          watch.onFaults?.('end');
          components.end();
          faults.clear();
        },
        isPending: () => components.isPending() || gateway.isComingBack(),
      },
      books: syncOpenWork(
        { platform: stores.platform.read, apiIot: stores.apiIot.read },
        { unreachable: unreachableVins(plan), endsBefore: 0 },
      ),
      ...actionsOf(plan, {
        customer: buyer,
        technician: system.apiUser('support').client,
        clock: reader.clock,
        patience: buyerPatience(plan),
        vehicles,
      }),
      isStill: () => !gateway.isComingBack(),
      sources: {
        messages: messageLog.messages,
        async freeze() {
          loop.kill('platform');
          loop.kill('api_iot');
        },
        take: async () => ({
          ledger: await system.ledger.allEntries(),
          database: await collectDatabase(databases.platform.reader),
          apiIot: await collectCommands(databases.apiIot.reader),
          broker: messageLog.messages(),
          mails: sinks.mails(),
          pushes: sinks.pushes(),
          events: system.events(),
          crashes: gateway.crashes() + faults.channels.takenUnanswered(),
          newsMs: refusalDelayMaxMs(plan),
          httpFaults: faults.apiIot.counts(),
          paymentsFaults: faults.payments.counts(),
          ...(plan.platformFaults ? { platformFaults: faults.platform.counts() } : {}),
          channelFaults: channelCounts(faults.channels),
        }),
      },
    };
  }

  return {
    ...{ loop, stores, stream, broker },
    open,
    /** Null until the vehicles are made. */
    fleet: () => fleet,
    platformMetrics: () => gateway.metricsOf('platform'),
    countPhases: () => countPhases(databases.platform),
    close() {
      loop.killAll();
      closeStores(stores);
    },
  };
}

/** The same retry policy for every service, as simulator/live/scenario-catalogue.ts writes it, compressed. */
function platformSettings(sold: Catalogue, constants: Constants, timeScale: number): VirtualPlatformSettings {
  const { maxRetries, baseDelayMs, maxDelayMs, pollEveryMs, resultGraceMs, deadlineMs } = constants;
  const policy = { maxRetries, baseDelayMs, maxDelayMs, pollEveryMs, resultGraceMs, deadlineMs };
  const catalogue = withPolicies(sold, (shipped) => ({ ...shipped, ...policy }));
  const reconcileMs = reconciliationAtTimeScale(timeScale, constants.reconcileEveryMs ?? 0);
  return {
    catalogue: shortenCatalogueTimes(catalogue, timeScale),
    engine: engineAtTimeScale(timeScale),
    dispatch: dispatchAtTimeScale(timeScale, options.mailTimeoutMs.fallback),
    reconcileMs,
    ...(constants.purchasesMax === undefined ? {} : { purchasesMax: constants.purchasesMax }),
    contradictions: contradictionsAtTimeScale(timeScale, reconcileMs, options.reconcileRepeats.fallback),
    slaPollMs: Math.max(1_000, Math.round(60_000 / timeScale)),
  };
}
