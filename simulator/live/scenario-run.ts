import { withPolicies } from '../../gateway/catalogue/policies.ts';
import type { GatewayConfig } from '../../gateway/config.ts';
import { type Gateway, startGateway } from '../../gateway/live/gateway.ts';
import { openKeys } from '../../gateway/live/keys.ts';
import { wallClock } from '../../shared/live/clock.ts';
import { mqttLink } from '../../shared/live/mqtt-link.ts';
import { systemRandom } from '../../shared/live/random.ts';
import { systemSecrets } from '../../shared/live/secrets.ts';
import { sleep } from '../../shared/ports/clock.ts';
import type { Log } from '../../shared/ports/log.ts';
import { problemName } from '../../shared/protocol/problem.ts';
import { seededRandom } from '../../shared/virtual/random.ts';
import { type FaultyHttp, faultyHttp } from '../faults/http-faults.ts';
import { type Fleet, fleet } from '../fleet/fleet.ts';
import type { VehicleSpec } from '../fleet/make-fleet.ts';
import { collectCommands, collectDatabase, collectMails, collectPushes } from '../reports/collect.ts';
import type { BrokerMessage, Evidence, PurchaseAnswer } from '../reports/evidence.ts';
import { type Plan, planScenario } from '../scenarios/plan.ts';
import { isBeyondCommand } from '../scenarios/plan-vehicles.ts';
import type { Scenario } from '../scenarios/scenario.ts';
import { vehicleModels } from '../vehicle/models.ts';
import type { ApiClient } from './api-client.ts';
import { type Clients, clientsOf } from './clients.ts';
import { modelName } from './demo-fleet.ts';
import { followEvents } from './event-listener.ts';
import { register } from './registration.ts';
import { settledState } from './settled.ts';
import { type StandIns, startStandIns } from './stand-ins.ts';

export interface RunOptions {
  readonly scenario: Scenario;
  readonly seed: number;
  /** Ports are taken as the configuration says; the run's own time scale and policies come from the scenario. */
  readonly config: GatewayConfig;
  readonly log: Log;
  /** Told about once a second. */
  readonly onProgress: (progress: Progress) => void;
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

/** A purchase that gets no answer is sent again with its key; after this many tries it is left. */
const purchaseTries = 5;
const retryMs = 300;
const watchEveryMs = 250;
/** The faults of the API IoT heal so long after the last purchase: then everything has to end. */
const healAfterMs = 2_000;

/** Runs a scenario on real parts, in this process and in sockets of its own, from the first connection to the evidence. */
export async function runScenario(options: RunOptions): Promise<RunResult> {
  const { scenario, seed, log } = options;
  const plan = planScenario(scenario, seed, seededRandom);
  const config: GatewayConfig = { ...options.config, timeScale: scenario.timeScale };
  const keys = await openKeys(config.data);
  const { publicKey } = JSON.parse(keys.vapidKeys) as { publicKey: string };
  const standIns = await startStandIns({
    dataFolder: config.data,
    paymentsKey: keys.paymentsKey,
    vapidPublicKey: publicKey,
    log,
    ports: { payments: 0, smtp: 0, mail: 0, push: 0 },
  });
  let faults: FaultyHttp | null = null;
  let gateway: Gateway | null = null;
  let cars: Fleet | null = null;
  try {
    gateway = await startGateway({
      config: { ...config, paymentsUrl: standIns.paymentsUrl, smtpUrl: standIns.smtpUrl },
      log,
      disturb(http) {
        faults = faultyHttp(
          http,
          { clock: wallClock, random: seededRandom(plan.faultSeed) },
          plan.apiIotFaults,
        );
        return faults.http;
      },
      adapt: (catalogue) => withPolicies(catalogue, (policy) => ({ ...policy, ...policyOf(plan) })),
    });
    cars = fleetOf(plan, gateway, log);
    return await conduct({ options, plan, standIns, gateway, cars, faults });
  } finally {
    await cars?.stop();
    await gateway?.stop();
    await standIns.stop();
  }
}

function policyOf(plan: Plan) {
  const { maxRetries, baseDelayMs, maxDelayMs, pollEveryMs, resultGraceMs, deadlineMs } = plan.constants;
  return { maxRetries, baseDelayMs, maxDelayMs, pollEveryMs, resultGraceMs, deadlineMs };
}

function specsOf(plan: Plan): VehicleSpec[] {
  return plan.vehicles.map((planned) => {
    const model = vehicleModels.find((one) => one.id === planned.model);
    if (!model) throw new Error(`there is no model ${planned.model}`);
    return { ...planned, model, password: systemSecrets.newToken(), connectivity: 'steady' };
  });
}

const specs = new WeakMap<Fleet, readonly VehicleSpec[]>();

function fleetOf(plan: Plan, gateway: Gateway, log: Log): Fleet {
  const vehicles = specsOf(plan);
  const link = mqttLink({ url: gateway.apiIot?.mqttUrl ?? '', log });
  const cars = fleet({ link, clock: wallClock, random: systemRandom, log }, vehicles, {
    telemetryMs: plan.telemetryEveryMs,
    keepAliveSeconds: 10,
  });
  specs.set(cars, vehicles);
  return cars;
}

interface Stage {
  readonly options: RunOptions;
  readonly plan: Plan;
  readonly standIns: StandIns;
  readonly gateway: Gateway;
  readonly cars: Fleet;
  readonly faults: FaultyHttp | null;
}

async function conduct(stage: Stage): Promise<RunResult> {
  const { options, plan, standIns, gateway, cars } = stage;
  const { platform, apiIot, bus } = gateway;
  if (!platform || !apiIot?.broker || !bus) throw new Error('a scenario needs every role in this process');
  const begunAt = wallClock.now();
  const answers: PurchaseAnswer[] = [];
  let step: Progress['step'] = 'starting';
  const tell = async () => {
    const states = cars.states();
    options.onProgress({
      step,
      elapsedMs: wallClock.now() - begunAt,
      vehiclesConnected: states.filter((state) => state.connected).length,
      purchases: answers.length,
      purchasesPlanned: plan.purchases.length,
      phases: await platform.phases(),
    });
  };
  const brokerLog: BrokerMessage[] = [];
  const untap = apiIot.broker.tap(({ kind, at, topic, payload }) => {
    if (kind === 'taken' && !topic.endsWith('/telemetry')) brokerLog.push({ at, topic, payload });
  });
  const events = await followEvents(bus.bus);
  const clients = clientsOf(gateway.keys, { platform: platform.origin, apiIot: gateway.apiIotOrigin });
  await registerAll(stage, clients);
  step = 'connecting';
  await tell();
  await cars.start();
  step = 'running';
  const startedAt = wallClock.now();
  const ticking = new AbortController();
  const ticker = (async () => {
    while (!ticking.signal.aborted) {
      await tell();
      await sleep(wallClock, 1_000, ticking.signal);
    }
  })();
  try {
    await Promise.all(
      plan.purchases.map((planned) => buy(clients.platform, plan, planned, startedAt, answers)),
    );
    await sleep(wallClock, healAfterMs);
    stage.faults?.clear();
    step = 'settling';
    await untilSettled(stage);
  } finally {
    ticking.abort();
    await ticker;
  }
  step = 'checking';
  await tell();
  untap();
  const takenAt = wallClock.now();
  const database = await collectDatabase(platform.database.reader);
  const evidence: Evidence = {
    plan,
    planAgain: JSON.stringify(planScenario(options.scenario, options.seed, seededRandom)),
    startedAt,
    takenAt,
    answers,
    ledger: await standIns.ledger.allEntries(),
    database,
    apiIot: await collectCommands(apiIot.database.reader),
    broker: brokerLog,
    vehicles: cars.states(),
    mails: await collectMails(standIns.mailbox),
    pushes: collectPushes(standIns.pushes),
    events: await events.seenOf(platform.database, new Set(database.record.map((row) => row.id))),
    crashes: 0,
    httpFaults: stage.faults?.counts() ?? {},
  };
  await events.stop();
  return { evidence, bus: bus.kind };
}

async function registerAll({ plan, standIns, cars }: Stage, clients: Clients): Promise<void> {
  const customers = plan.customers.map(({ push, ...customer }) =>
    push ? { ...customer, pushSubscription: standIns.pushes.subscribe() } : customer,
  );
  const owners = new Map(plan.vehicles.map((vehicle) => [vehicle.vin, vehicle.customerId]));
  const vehicles = (specs.get(cars) ?? []).map(({ vin, model, password }) => {
    const customerId = owners.get(vin);
    return {
      vin,
      model: model.id,
      modelName: modelName(model.id),
      ...(customerId ? { customerId } : {}),
      credentialDigest: systemSecrets.digest(password),
    };
  });
  await register(clients, { customers, vehicles });
}

async function buy(
  client: ApiClient,
  plan: Plan,
  planned: Plan['purchases'][number],
  startedAt: number,
  answers: PurchaseAnswer[],
): Promise<void> {
  await sleep(wallClock, startedAt + planned.atMs - wallClock.now());
  const { customerId, vin, serviceId, duration, method: paymentMethod, preDelivery } = planned;
  const key = `${plan.scenario}-${plan.seed}-${planned.id}`;
  const plannedId = planned.id;
  for (let tries = 1; ; tries += 1) {
    try {
      const body = { customerId, vin, serviceId, duration, paymentMethod, preDelivery };
      const answer = await client.send('POST', '/purchases', body, key);
      const fields = (answer.body ?? {}) as { id?: string; type?: string; purchaseId?: string };
      const purchaseId = fields.id ?? fields.purchaseId ?? null;
      answers.push({
        plannedId,
        at: wallClock.now(),
        status: answer.status,
        problem: problemName(fields.type),
        purchaseId,
      });
      return;
    } catch {
      if (tries >= purchaseTries) {
        answers.push({ plannedId, at: wallClock.now(), status: null, problem: null, purchaseId: null });
        return;
      }
      await sleep(wallClock, retryMs);
    }
  }
}

/** Waits until all has ended, or the bound of the policy is over: the checks then say what has not. */
async function untilSettled({ plan, gateway }: Stage): Promise<void> {
  const { maxRetries, maxDelayMs, commandTimeoutMs, resultGraceMs, quotaWindowMs } = plan.constants;
  const attemptMs = commandTimeoutMs + resultGraceMs + maxDelayMs;
  const boundMs = (maxRetries + 2) * attemptMs + quotaWindowMs + plan.slackMs;
  const endAt = wallClock.now() + boundMs;
  const database = gateway.platform?.database;
  const beyond = new Set(
    plan.vehicles.filter((one) => isBeyondCommand(one, commandTimeoutMs)).map((one) => one.vin),
  );
  while (database && wallClock.now() < endAt) {
    if (await settledState(database, beyond)) return;
    await sleep(wallClock, watchEveryMs);
  }
}
