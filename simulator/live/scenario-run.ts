import { join } from 'node:path';
import type { GatewayConfig } from '../../gateway/config.ts';
import { openKeys } from '../../gateway/live/keys.ts';
import { wallClock } from '../../shared/live/clock.ts';
import { mqttLink } from '../../shared/live/mqtt-link.ts';
import { sleep } from '../../shared/ports/clock.ts';
import type { Log } from '../../shared/ports/log.ts';
import { seededRandom } from '../../shared/virtual/random.ts';
import { endOfWindows } from '../faults/fault-schedule.ts';
import type { Fleet } from '../fleet/fleet.ts';
import { collectCommands, collectDatabase, collectMails, collectPushes } from '../reports/collect.ts';
import type { Evidence, PurchaseAnswer } from '../reports/evidence.ts';
import { type Plan, planScenario } from '../scenarios/plan.ts';
import { isBeyondCommand } from '../scenarios/plan-vehicles.ts';
import type { Scenario } from '../scenarios/scenario.ts';
import { buyAll } from './buying.ts';
import { clientsOf } from './clients.ts';
import { readEvents } from './event-reader.ts';
import { type GatewayHandle, type Launch, launchHere, openDatabases } from './gateway-handle.ts';
import { fleetOf, registerPlan, specsOf } from './run-fleet.ts';
import { writeScenarioCatalogue } from './scenario-catalogue.ts';
import { countPhases, settledState } from './settled.ts';
import { type StandIns, startStandIns } from './stand-ins.ts';
import { type WireLog, wireLog } from './wire-log.ts';

export interface RunOptions {
  readonly scenario: Scenario;
  readonly seed: number;
  /** Ports are taken as the configuration says; the run's own time scale and policies come from the scenario. */
  readonly config: GatewayConfig;
  readonly log: Log;
  /** Told about once a second. */
  readonly onProgress: (progress: Progress) => void;
  /** Where the gateway runs: in this process, unless it says otherwise. */
  readonly launch?: Launch;
  /** Told of what has happened around the gateway before the gateway hears of it; it may hold that up. */
  readonly onMoment?: (moment: Moment) => void | Promise<void>;
}

/** Something that happened outside the gateway: a payment was made, a message passed a vehicle's end of the wire, a mail arrived. */
export interface Moment {
  readonly where: 'payments' | 'to vehicle' | 'from vehicle' | 'mail';
  /** `POST /v1/payment_intents`, an MQTT topic, a Message-ID. */
  readonly what: string;
}

export interface Progress {
  readonly step: 'starting' | 'connecting' | 'running' | 'settling' | 'checking';
  readonly elapsedMs: number;
  readonly vehiclesConnected: number;
  readonly purchases: number;
  readonly purchasesPlanned: number;
  readonly phases: Readonly<Record<string, number>>;
}

export interface RunResult {
  readonly evidence: Evidence;
  /** Which bus it was. */
  readonly bus: string;
}

const watchEveryMs = 250;
/** The faults of the services heal so long after the last purchase, or when their last window ends: then everything has to end. */
const healAfterMs = 2_000;

type Databases = ReturnType<typeof openDatabases>;

interface Stage {
  readonly options: RunOptions;
  readonly plan: Plan;
  readonly standIns: StandIns;
  readonly gateway: GatewayHandle;
  readonly databases: Databases;
  readonly wire: WireLog;
  readonly cars: Fleet;
  readonly answers: PurchaseAnswer[];
}

/**
 * Runs a scenario on real parts to the evidence. Stand-ins, vehicles, buyers and witnesses are in this process, each with
 * sockets of its own; the gateway is wherever `launch` puts it.
 */
export async function runScenario(options: RunOptions): Promise<RunResult> {
  const { scenario, seed, log, launch = launchHere, onMoment } = options;
  const plan = planScenario(scenario, seed, seededRandom);
  const { data } = options.config;
  const keys = await openKeys(data);
  const { publicKey } = JSON.parse(keys.vapidKeys) as { publicKey: string };
  const catalogue = join(data, 'catalogue');
  await writeScenarioCatalogue(catalogue, scenario);
  const parts: { stop(): Promise<void> }[] = [];
  const added = <Part extends { stop(): Promise<void> }>(part: Part): Part => {
    parts.push(part);
    return part;
  };
  try {
    const standIns = added(
      await startStandIns({
        dataFolder: data,
        paymentsKey: keys.paymentsKey,
        vapidPublicKey: publicKey,
        log,
        ports: { payments: 0, smtp: 0, mail: 0, push: 0 },
        ...(onMoment ? { onMoment: (where, what) => onMoment({ where, what }) } : {}),
      }),
    );
    const { paymentsUrl, smtpUrl } = standIns;
    const config: GatewayConfig = {
      ...options.config,
      catalogue,
      paymentsUrl,
      smtpUrl,
      // The stand-in is on this machine.
      pushPrivate: 'yes',
      timeScale: scenario.timeScale,
    };
    const gateway = added(await launch({ config, keys, plan, log }));
    const databases = openDatabases(data);
    added({ stop: databases.close });
    const wire = wireLog(wallClock, (direction, topic) =>
      onMoment?.({ where: `${direction} vehicle`, what: topic }),
    );
    const link = mqttLink({ url: gateway.mqttUrl, log });
    const monitor = await wire.listen(link, { username: 'monitor', password: keys.brokerMonitorPassword });
    added({ stop: () => monitor.close() });
    const vehicles = specsOf(plan);
    const clients = clientsOf(keys, gateway);
    await registerPlan(plan, vehicles, standIns.pushes, clients);
    const cars = added(fleetOf(plan, vehicles, wire.tap(link), log));
    const stage = { options, plan, standIns, gateway, databases, wire, cars, answers: [] };
    return await conduct(stage, clients.platform);
  } finally {
    for (const part of parts.reverse()) await part.stop();
  }
}

async function conduct(stage: Stage, buyer: Parameters<typeof buyAll>[0]): Promise<RunResult> {
  const { plan, cars, gateway, answers } = stage;
  const progress = progressOf(stage);
  let healedAt: number;
  await progress.tell('connecting');
  await cars.start();
  const startedAt = wallClock.now();
  gateway.faults?.apiIot.begin();
  gateway.faults?.payments.begin();
  progress.follow();
  try {
    await progress.tell('running');
    await buyAll(buyer, plan, startedAt, answers);
    const healAt = Math.max(wallClock.now() + healAfterMs, startedAt + lastWindowEnd(plan));
    await sleep(wallClock, healAt - wallClock.now());
    healedAt = wallClock.now();
    gateway.faults?.apiIot.clear();
    gateway.faults?.payments.clear();
    await progress.tell('settling');
    await untilSettled(stage);
  } finally {
    await progress.stop();
  }
  await progress.tell('checking');
  return { evidence: { ...(await takeEvidence(stage, startedAt)), healedAt }, bus: gateway.bus };
}

function lastWindowEnd({ apiIotFaults, paymentsFaults = [] }: Plan): number {
  return Math.max(
    0,
    ...[...apiIotFaults, ...paymentsFaults].map((fault) => endOfWindows(fault.schedule) ?? 0),
  );
}

async function takeEvidence(stage: Stage, startedAt: number): Promise<Evidence> {
  const { options, plan, standIns, gateway, databases, wire, cars, answers } = stage;
  const takenAt = wallClock.now();
  const database = await collectDatabase(databases.platform.reader);
  const bus = await gateway.openBus();
  const events = await readEvents(bus);
  try {
    return {
      plan,
      planAgain: JSON.stringify(planScenario(options.scenario, options.seed, seededRandom)),
      startedAt,
      takenAt,
      answers,
      ledger: await standIns.ledger.allEntries(),
      database,
      apiIot: await collectCommands(databases.apiIot.reader),
      broker: wire.messages(),
      vehicles: cars.states(),
      mails: await collectMails(standIns.mailbox),
      pushes: collectPushes(standIns.pushes),
      events: await events.seenOf(databases.platform, new Set(database.record.map((row) => row.id))),
      crashes: gateway.crashes(),
      httpFaults: gateway.faults?.apiIot.counts() ?? {},
      paymentsFaults: gateway.faults?.payments.counts() ?? {},
    };
  } finally {
    await events.stop();
    await bus.close();
  }
}

function progressOf({ options, plan, databases, cars, answers }: Stage) {
  const begunAt = wallClock.now();
  const ticking = new AbortController();
  let step: Progress['step'] = 'starting';
  let ticker: Promise<void> | null = null;
  const tell = async (next: Progress['step']) => {
    step = next;
    options.onProgress({
      step,
      elapsedMs: wallClock.now() - begunAt,
      vehiclesConnected: cars.states().filter((state) => state.connected).length,
      purchases: answers.length,
      purchasesPlanned: plan.purchases.length,
      phases: await countPhases(databases.platform),
    });
  };
  return {
    tell,
    /** Tells once a second until `stop`. */
    follow() {
      ticker = (async () => {
        while (!ticking.signal.aborted) {
          await sleep(wallClock, 1_000, ticking.signal);
          await tell(step);
        }
      })();
    },
    async stop() {
      ticking.abort();
      await ticker;
    },
  };
}

/** Waits until all has ended, or the bound of the policy is over: the checks then say what has not. */
async function untilSettled({ plan, databases }: Stage): Promise<void> {
  const { maxRetries, maxDelayMs, commandTimeoutMs, resultGraceMs, quotaWindowMs } = plan.constants;
  const attemptMs = commandTimeoutMs + resultGraceMs + maxDelayMs;
  const boundMs = (maxRetries + 2) * attemptMs + quotaWindowMs + plan.slackMs;
  const endAt = wallClock.now() + boundMs;
  const beyond = new Set(
    plan.vehicles.filter((one) => isBeyondCommand(one, commandTimeoutMs)).map((one) => one.vin),
  );
  while (wallClock.now() < endAt) {
    if (await settledState(databases.platform, beyond)) return;
    await sleep(wallClock, watchEveryMs);
  }
}
