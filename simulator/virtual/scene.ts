import { compressCatalogue, withPolicies } from '../../gateway/catalogue/policies.ts';
import { options } from '../../gateway/config.ts';
import {
  compressedCallbackRetry,
  compressedContradictions,
  compressedDispatch,
  compressedEngine,
  compressedReconciliation,
} from '../../gateway/time-scale.ts';
import { integerBetween } from '../../shared/ports/random.ts';
import { subjectMatches, subjects } from '../../shared/protocol/subjects.ts';
import type { VirtualLoop } from '../../shared/virtual/loop.ts';
import { seededRandom } from '../../shared/virtual/random.ts';
import { apiClient } from '../run/api-client.ts';
import { eventLog } from '../run/event-log.ts';
import { fleetSettings, registerPlan, specsOf } from '../run/run-fleet.ts';
import type { RunStage } from '../run/stage.ts';
import { wireLog } from '../run/wire-log.ts';
import type { Plan } from '../scenarios/plan.ts';
import type { Constants } from '../scenarios/scenario.ts';
import type { VirtualPlatformSettings } from '../virtual-system/platform-process.ts';
import { origins, testSecrets } from '../virtual-system/settings.ts';
import { shippedCatalogue } from '../virtual-system/shipped-files.ts';
import { subscriptionOf } from '../virtual-system/sinks.ts';
import { closeStores, openStores } from '../virtual-system/stores.ts';
import { virtualSystem } from '../virtual-system/virtual-system.ts';
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
  const stores = await openStores(loop.process('setup'));
  const faults = serviceFaults(plan, loop.clock('network'));
  const reader = loop.process('witness');
  const events = eventLog(reader.clock);
  const { commandTimeoutMs, quotaLimit: quotaPerHour, quotaWindowMs } = plan.constants;
  const system = virtualSystem({
    loop,
    random,
    stores,
    latencyMs,
    linkLatencyMs: latencyMs,
    isBrokerEmbedded: true,
    platform: platformSettings(constants, plan.timeScale),
    apiIot: {
      commandTimeoutMs,
      quotaPerHour,
      quotaWindowMs,
      callbackRetry: compressedCallbackRetry(plan.timeScale),
    },
    faults: {
      outgoing: faults.wayOf,
      notification(channel, to) {
        const met = faults.channels[channel === 'email' ? 'mail' : 'push'].meets(to);
        return met === 'hangs' ? 'request_lost' : met && 'refused';
      },
    },
    watch: {
      onPublish(subject, payload) {
        if (subjectMatches(subjects.allEvents, subject)) events.note(payload);
      },
    },
  });
  const { broker, stream, gateway, sinks } = system;
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
    const wire = wireLog(reader.clock);
    await wire.listen(broker.connect(reader), { username: 'monitor', password: '' });
    const { secrets } = system.portsOf(loop.process('vehicle'));
    const vehicles = specsOf(plan, secrets);
    await registerPlan(plan, vehicles, {
      clock: reader.clock,
      platform: buyer,
      provisioner,
      secrets,
      subscribe: subscriptionOf,
    });
    return {
      clock: reader.clock,
      buyer,
      cars: system.fleetOf(vehicles, wire.tap, fleetSettings(plan)),
      faults,
      channels: faults.channels,
      parts: partTroubles(plan.partFaults ?? [], { clock: system.clock, stream, broker, gateway }),
      witnesses: {
        databases,
        ledger: system.ledger,
        openEvents: async () => ({ ...events, stop: async () => {} }),
        broker: wire.messages,
        mails: async () => sinks.mails(),
        pushes: sinks.pushes,
        crashes: gateway.crashes,
        newsMs: () => newsMsOf(plan),
      },
    };
  }

  return { open, close: () => closeStores(stores) };
}

/** The same retry policy for every service, as simulator/live/scenario-catalogue.ts writes it, compressed. */
function platformSettings(constants: Constants, timeScale: number): VirtualPlatformSettings {
  const { maxRetries, baseDelayMs, maxDelayMs, pollEveryMs, resultGraceMs, deadlineMs } = constants;
  const policy = { maxRetries, baseDelayMs, maxDelayMs, pollEveryMs, resultGraceMs, deadlineMs };
  const catalogue = withPolicies(shippedCatalogue(), (shipped) => ({ ...shipped, ...policy }));
  const reconcileMs = compressedReconciliation(timeScale, constants.reconcileEveryMs ?? 0);
  return {
    catalogue: compressCatalogue(catalogue, timeScale),
    engine: compressedEngine(timeScale),
    dispatch: compressedDispatch(timeScale, options.mailTimeoutMs.fallback),
    reconcileMs,
    contradictions: compressedContradictions(timeScale, reconcileMs, options.reconcileRepeats.fallback),
    slaPollMs: Math.max(1_000, Math.round(60_000 / timeScale)),
  };
}
