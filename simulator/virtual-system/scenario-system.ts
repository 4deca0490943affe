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
import { integerBetween } from '../../shared/ports/random.ts';
import type { VirtualLoop } from '../../shared/virtual/loop.ts';
import { seededRandom } from '../../shared/virtual/random.ts';
import { channelCounts } from '../faults/channel-gates.ts';
import { collectCommands, collectDatabase } from '../reports/collect.ts';
import { apiClient } from '../run/api-client.ts';
import { platformCustomers } from '../run/buying.ts';
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
import { virtualSystem } from './virtual-system.ts';

/** One way, as on the loopback of one machine: a run on real parts has no longer ways. */
const latencyMaxMs = 4;

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
) {
  const random = seededRandom(plan.seed);
  const draws = random.stream('latency');
  const latencyMs = () => integerBetween(draws, 1, latencyMaxMs);
  const stores = await openStores(loop.process('setup'));
  const faults = serviceFaults(plan, loop.clock('network'));
  const reader = loop.process('witness');
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
    faults: { notification: faults.notification },
  });
  const { broker, stream, gateway, sinks } = system;
  faults.install(system.network);
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
    const messageLog = newMessageLog(reader.clock);
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
    const components = virtualComponentFaults(plan.partFaults ?? [], {
      loop,
      clock: system.clock,
      stream,
      broker,
      gateway,
    });
    return {
      clock: reader.clock,
      customers: platformCustomers({
        ...{ client: buyer, clock: reader.clock, patience: buyerPatience(plan) },
      }),
      fleet: system.fleetOf(vehicles, messageLog.tap, fleetSettings(plan)),
      faults: {
        begin() {
          components.begin();
          faults.begin();
        },
        clear() {
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
    open,
    platformMetrics: () => gateway.metricsOf('platform'),
    countPhases: () => countPhases(databases.platform),
    close: () => closeStores(stores),
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
