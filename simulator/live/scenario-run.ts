import { join } from 'node:path';
import type { GatewayConfig } from '../../gateway/config.ts';
import { openKeys } from '../../gateway/live/keys.ts';
import { openTraces } from '../../gateway/live/traces.ts';
import { wallClock } from '../../shared/live/clock.ts';
import { mqttLink } from '../../shared/live/mqtt-link.ts';
import { watchProcessorShare } from '../../shared/live/processor-share.ts';
import { systemRandom } from '../../shared/live/random.ts';
import { systemSecrets } from '../../shared/live/secrets.ts';
import type { Log } from '../../shared/ports/log.ts';
import { seededRandom } from '../../shared/virtual/random.ts';
import { collectCommands, collectDatabase, collectMails, collectPushes } from '../reports/collect.ts';
import type { Evidence } from '../reports/evidence.ts';
import { platformCustomers } from '../run/buying.ts';
import { conduct } from '../run/conduct.ts';
import { readEvents } from '../run/event-reader.ts';
import { newMessageLog } from '../run/message-log.ts';
import { unreachableVins } from '../run/open-work.ts';
import { clockPace } from '../run/pace.ts';
import { countPhases } from '../run/phase-counts.ts';
import { actionsOf } from '../run/planned-actions.ts';
import { buyerPatience } from '../run/retry-until-answered.ts';
import type { EvidenceSources, Progress, RunContext } from '../run/run-context.ts';
import { fleetOf, registerPlan, specsOf } from '../run/run-fleet.ts';
import { scenarioCourse } from '../run/scenario-course.ts';
import { planScenario } from '../scenarios/plan.ts';
import type { Scenario } from '../scenarios/scenario.ts';
import type { VehicleModel } from '../vehicle/models.ts';
import { clientsOf } from './clients.ts';
import { databaseOpenWork } from './database-books.ts';
import { launchWithComponentFaults } from './faulty-gateway.ts';
import { type FleetNats, openFleetNats } from './fleet-nats.ts';
import { type GatewayHandle, type Launch, launchHere, openDatabases } from './gateway-handle.ts';
import { type PlanFaults, planFaults } from './plan-faults.ts';
import { writeScenarioCatalogue } from './scenario-catalogue.ts';
import { type StandIns, startStandIns } from './stand-ins.ts';

export interface RunOptions {
  readonly scenario: Scenario;
  readonly seed: number;
  /** Folder of what is sold, and what the vehicles are; without them, the shipped ones. */
  readonly catalogueFolder?: string;
  readonly models?: readonly VehicleModel[];
  /** Ports are taken as the configuration says; the run's own time scale and policies come from the scenario. */
  readonly config: GatewayConfig;
  readonly log: Log;
  /** Called about once a second. */
  readonly onProgress: (progress: Progress) => void;
  /** Rejects when the run is to end before its evidence; its parts are stopped then, and the run rejects with the same. */
  readonly stopped?: Promise<never>;
  /** Where the gateway runs. Default: in this process, or in processes of its own where the plan lets components fail. */
  readonly launch?: Launch;
  /** The command `fleetwake`, for processes of the gateway; default: the program that runs. */
  readonly program?: string;
  /** Called with events around the gateway before the gateway receives them; it may delay them. */
  readonly onMoment?: (moment: Moment) => void | Promise<void>;
  /** Called once the gateway answers. What it resolves with is stopped before the gateway. */
  readonly onGateway?: (gateway: RunningGateway) => Promise<{ stop(): Promise<void> }>;
  /** Called with where the events of the vehicles are published at NATS; left out: they are not. */
  readonly onFleetNats?: (nats: FleetNats) => void;
}

/** Where the gateway of a run is reached, and the secret of its client `developer`. */
export interface RunningGateway {
  readonly origins: { readonly platform: string; readonly apiIot: string };
  readonly developerSecret: string;
}

/** Something that happened outside the gateway: a payment was made, a message passed a vehicle's connection, a mail arrived. */
export interface Moment {
  readonly where: 'payments' | 'to vehicle' | 'from vehicle' | 'mail';
  /** `POST /v1/payment_intents`, an MQTT topic, a Message-ID. */
  readonly what: string;
}

export interface RunResult {
  readonly evidence: Evidence;
  /** Which bus it was. */
  readonly bus: string;
}

const progressEveryMs = 1_000;
const lookEveryMs = 250;

/**
 * Runs a scenario on real parts and returns the evidence. Stand-ins, vehicles, buyers and recorders are in this process,
 * each with sockets of its own; `launch` decides where the gateway runs.
 */
export async function runScenario(options: RunOptions): Promise<RunResult> {
  const { scenario, seed, log, program = process.argv[1] ?? '', onMoment } = options;
  const newPlan = () => planScenario(scenario, seed, seededRandom, options.models);
  const plan = newPlan();
  const launch = options.launch ?? (plan.partFaults ? launchWithComponentFaults(plan, program) : launchHere);
  const { data } = options.config;
  const keys = await openKeys(data);
  const { publicKey } = JSON.parse(keys.vapidKeys) as { publicKey: string };
  const catalogue = join(data, 'catalogue');
  await writeScenarioCatalogue(catalogue, scenario, options.catalogueFolder);
  const faults = planFaults(plan);
  const parts: { stop(): Promise<void> }[] = [];
  const added = <Part extends { stop(): Promise<void> }>(part: Part): Part => {
    parts.push(part);
    return part;
  };
  // Customers who went on would keep a gateway busy that is to stop.
  const over = new AbortController();
  try {
    const standIns = added(
      await startStandIns({
        dataFolder: data,
        paymentsKey: keys.paymentsKey,
        vapidPublicKey: publicKey,
        log,
        ports: { payments: 0, smtp: 0, mail: 0, push: 0 },
        channels: faults.channels,
        paymentsFaults: faults.services.payments,
        ...(onMoment ? { onMoment: (where, what) => onMoment({ where, what }) } : {}),
      }),
    );
    const { paymentsUrl, smtpUrl } = standIns;
    const { quotaLimit, quotaWindowMs, commandTimeoutMs, purchasesMax, reconcileEveryMs } =
      scenario.constants;
    const config: GatewayConfig = {
      ...options.config,
      catalogue,
      paymentsUrl,
      smtpUrl,
      // The stand-in is on this machine.
      pushPrivate: 'yes',
      quotaLimit,
      quotaWindowMs,
      commandTimeoutMs,
      ...(purchasesMax === undefined ? {} : { purchasesMax }),
      ...(reconcileEveryMs === undefined ? {} : { reconcileMs: reconcileEveryMs }),
      timeScale: scenario.timeScale,
    };
    const gateway = added(
      await launch({
        ...{ config, keys, log },
        apiIotFaults: faults.services.apiIot,
        platformFaults: faults.services.platform,
      }),
    );
    if (options.onGateway) {
      const { platform, apiIot } = gateway;
      const { developerSecret } = keys;
      added(await options.onGateway({ origins: { platform, apiIot }, developerSecret }));
    }
    const databases = openDatabases(config);
    added({ stop: databases.close });
    const messageLog = newMessageLog(wallClock, (direction, topic) =>
      onMoment?.({ where: `${direction} vehicle`, what: topic }),
    );
    const link = mqttLink({ url: gateway.mqttUrl, log });
    const monitor = await messageLog.listen(link, {
      username: 'monitor',
      password: keys.brokerMonitorPassword,
    });
    added({ stop: () => monitor.close() });
    const vehicles = specsOf(plan, systemSecrets, options.models);
    const clients = clientsOf(keys, gateway, over.signal);
    await registerPlan(plan, vehicles, {
      clock: wallClock,
      ...clients,
      secrets: systemSecrets,
      subscribe: standIns.pushes.subscribe,
    });
    const nats = await openNats(options, config, gateway);
    if (nats !== null) added(nats);
    const traces = added(await openTraces('fleetwake-vehicle', log));
    const cars = added(
      fleetOf(plan, vehicles, {
        ...{ link: messageLog.tap(link), clock: wallClock, random: systemRandom, log },
        tracing: traces.tracing,
        ...(nats === null ? {} : { observe: nats.observeFleet }),
      }),
    );
    const { onProgress, stopped } = options;
    const processor = added(watchProcessorShare());
    const books = databaseOpenWork(databases, { unreachable: unreachableVins(plan), endsBefore: 0 });
    const { evidence } = await conduct({
      plan,
      planAgain: newPlan,
      clock: wallClock,
      pace: clockPace({
        clock: wallClock,
        everyMs: lookEveryMs,
        refresh: books.refresh,
        ...(stopped === undefined ? {} : { stopped }),
      }),
      settings: scenarioCourse(plan),
      fleet: cars,
      customers: platformCustomers({
        ...{ client: clients.platform, clock: wallClock, patience: buyerPatience(plan) },
      }),
      faults: faultsOf(gateway, faults),
      books,
      ...actionsOf(plan, {
        customer: clients.platform,
        technician: clients.platform,
        clock: wallClock,
        patience: buyerPatience(plan),
        vehicles,
      }),
      isStill: () => gateway.components?.isStill() !== false,
      slowness: processor.slowness,
      progress: {
        show: onProgress,
        everyMs: progressEveryMs,
        countPhases: () => countPhases(databases.platform),
      },
      sources: evidenceSources({ gateway, databases, standIns, messageLog, faults }),
    });
    return { evidence, bus: gateway.bus };
  } finally {
    over.abort();
    for (const part of parts.reverse()) await part.stop();
  }
}

async function openNats(
  { onFleetNats, log }: RunOptions,
  config: GatewayConfig,
  { fleetAccess: access = null }: GatewayHandle,
): Promise<FleetNats | null> {
  if (onFleetNats === undefined) return null;
  const given = { mayStart: false, hasTelemetry: false, ownsFolder: true };
  const nats = await openFleetNats({ config, access, ...given, log });
  if (nats !== null) onFleetNats(nats);
  return nats;
}

/** Faults of components and services begin and end with the run; a gateway that was launched without them has none. */
function faultsOf({ components }: GatewayHandle, faults: PlanFaults): RunContext['faults'] {
  return {
    begin() {
      components?.begin();
      faults.begin();
    },
    clear() {
      components?.end();
      faults.clear();
    },
    isPending: () => components?.isPending() === true,
  };
}

/** Evidence of a gateway that is stopped first, but for its bus: databases, events and messages are then of one moment. */
function evidenceSources(parts: {
  readonly gateway: GatewayHandle;
  readonly databases: ReturnType<typeof openDatabases>;
  readonly standIns: StandIns;
  readonly messageLog: ReturnType<typeof newMessageLog>;
  readonly faults: PlanFaults;
}): EvidenceSources {
  const { gateway, databases, standIns, messageLog, faults } = parts;
  return {
    messages: messageLog.messages,
    freeze: async () => gateway.freeze?.(),
    async take() {
      const database = await collectDatabase(databases.platform.reader);
      const apiIot = await collectCommands(databases.apiIot.reader);
      const events = await readEvents(await gateway.openBus(), wallClock, gateway.components?.wipedEvents());
      try {
        return {
          database,
          apiIot,
          ledger: await standIns.ledger.allEntries(),
          broker: messageLog.messages(),
          mails: await collectMails(standIns.mailbox),
          pushes: collectPushes(standIns.pushes),
          events: await events.seenOf(databases.platform, new Set(database.record.map((row) => row.id))),
          crashes: gateway.crashes() + faults.channels.takenUnanswered(),
          ...(gateway.components ? { newsMs: gateway.components.refusalDelayMaxMs() } : {}),
          ...faults.counts(),
        };
      } finally {
        await events.stop();
      }
    },
  };
}
