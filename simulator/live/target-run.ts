import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { GatewayConfig } from '../../gateway/config.ts';
import { openKeys } from '../../gateway/live/keys.ts';
import { wallClock } from '../../shared/live/clock.ts';
import { liveHttp } from '../../shared/live/http.ts';
import { systemSecrets } from '../../shared/live/secrets.ts';
import { type Clock, sleep } from '../../shared/ports/clock.ts';
import { type Http, TransportError } from '../../shared/ports/http.ts';
import type { Log } from '../../shared/ports/log.ts';
import { jsonOf } from '../../shared/protocol/json.ts';
import { pointerReader } from '../../shared/protocol/json-pointer.ts';
import { seededRandom } from '../../shared/virtual/random.ts';
import { channelCounts, channelGates } from '../faults/channel-gates.ts';
import type { PurchaseAnswer } from '../reports/evidence.ts';
import { saidProblem } from '../run/purchase.ts';
import { fleetSettings, specsOf } from '../run/run-fleet.ts';
import { scenarioCourse } from '../run/scenario-course.ts';
import { type Plan, planScenario } from '../scenarios/plan.ts';
import type { PlannedPurchase } from '../scenarios/planned-purchase.ts';
import type { Scenario } from '../scenarios/scenario.ts';
import type { TargetRun } from '../target/judge-target.ts';
import { fillTemplate, type Mapping } from '../target/mapping.ts';
import { isSettled, targetCases } from '../target/target-case.ts';
import { engineSettings, writeEngineSettings } from './engine-settings.ts';
import { type LocalSystem, type LocalSystemOptions, startLocalSystem } from './local-system.ts';
import { serviceFaults } from './service-faults.ts';
import { systemEvidence } from './system-evidence.ts';

export interface TargetOptions {
  readonly scenario: Scenario;
  readonly seed: number;
  /** Its data folder has the secrets that the engine knows; ports as given. */
  readonly config: GatewayConfig;
  readonly ports: LocalSystemOptions['ports'];
  /** Takes the databases of this run alone. */
  readonly folder: string;
  /** Where the engine takes purchases. */
  readonly target: string;
  readonly mapping: Mapping;
  readonly log: Log;
}

/** An answer takes no longer; a purchase without one counts as unanswered. */
const answerMaxMs = 60_000;
/** An engine of the user's own knows nothing of a compressed scenario: it has at least this long to end its work. */
const settleLeastMs = 60_000;
const lookEveryMs = 250;
/** So long nothing may move before the evidence is taken: a second charge may come after the first. */
const calmMs = 1_000;

/** Runs a scenario against an engine of the user's own, to the evidence of payments, API IoT, wire, mailboxes and vehicles. */
export async function runTarget(options: TargetOptions): Promise<TargetRun> {
  const { scenario, seed, config, folder } = options;
  const plan = planScenario(scenario, seed, seededRandom);
  const services = serviceFaults(seededRandom(plan.faultSeed), plan);
  const channels = channelGates(
    { clock: wallClock, random: seededRandom(plan.faultSeed).stream('channels') },
    plan.channelFaults ?? [],
  );
  await copySecrets(config.data, folder);
  const { quotaLimit, quotaWindowMs, commandTimeoutMs } = scenario.constants;
  const ofRun: GatewayConfig = {
    ...{ ...config, quotaLimit, quotaWindowMs, commandTimeoutMs, data: folder },
    roles: ['api-iot', 'broker'],
    timeScale: scenario.timeScale,
  };
  const vehicles = specsOf(plan, systemSecrets);
  const system = await startLocalSystem({
    ...{ config: ofRun, ports: options.ports, log: options.log },
    vehicles: async () => vehicles,
    fleetOptions: fleetSettings(plan),
    faults: { services, channels },
    isWireKept: true,
  });
  try {
    await writeEngineSettings(config.data, engineSettings(ofRun, system));
    const startedAt = wallClock.now();
    for (const one of [services, channels.mail, channels.push]) one.begin();
    const answers = await buyAll(options, plan, startedAt);
    const { faultsEnd, livenessMs } = scenarioCourse(plan);
    if (faultsEnd.when === 'bought') {
      const healAt = Math.max(wallClock.now() + faultsEnd.afterMs, startedAt + faultsEnd.leastMs);
      await sleep(wallClock, healAt - wallClock.now());
    }
    for (const one of [services, channels.mail, channels.push]) one.clear();
    const endAt = wallClock.now() + Math.max(livenessMs, settleLeastMs);
    await untilSettled(system, options, plan, answers, endAt);
    return {
      ...{ plan, startedAt, answers },
      takenAt: wallClock.now(),
      evidence: await systemEvidence(system),
      faults: {
        httpFaults: services.apiIot.counts(),
        paymentsFaults: services.payments.counts(),
        channelFaults: channelCounts(channels),
      },
    };
  } finally {
    await system.stop();
  }
}

/** The databases of a run are its own; the secrets are those that the engine was given. */
async function copySecrets(from: string, to: string): Promise<void> {
  await openKeys(from);
  await copyFile(join(from, 'keys.json'), join(to, 'keys.json'));
  await copyFile(join(from, 'stand-ins.json'), join(to, 'stand-ins.json')).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  });
}

function buyAll(options: TargetOptions, plan: Plan, startedAt: number): Promise<PurchaseAnswer[]> {
  const { http } = liveHttp({ clock: wallClock, timeoutMs: answerMaxMs });
  return Promise.all(
    plan.purchases.map(async (planned) => {
      await sleep(wallClock, startedAt + planned.atMs - wallClock.now());
      return buy({ http, clock: wallClock }, options, plan, planned);
    }),
  );
}

async function buy(
  { http, clock }: { readonly http: Http; readonly clock: Clock },
  { target, mapping: { purchase } }: Pick<TargetOptions, 'target' | 'mapping'>,
  plan: Plan,
  planned: PlannedPurchase,
): Promise<PurchaseAnswer> {
  const { id, vin, customerId, serviceId, feature, method } = planned;
  const values = {
    ...{ id, vin, feature, customer: customerId, service: serviceId, card: method },
    model: plan.vehicles.find((vehicle) => vehicle.vin === vin)?.model ?? '',
    email: plan.customers.find((customer) => customer.id === customerId)?.email ?? '',
  };
  const headers = fillTemplate(purchase.headers, values) as Record<string, string>;
  const body = JSON.stringify(fillTemplate(purchase.body, values));
  const init = { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body };
  try {
    const response = await http(new Request(target, init));
    const answer = jsonOf(await response.text());
    const activation = response.ok ? pointerReader(purchase.activation)(answer) : null;
    return {
      plannedId: id,
      at: clock.now(),
      status: response.status,
      problem: saidProblem(answer),
      purchaseId: activation === null || activation === undefined ? null : String(activation),
    };
  } catch (error) {
    if (!(error instanceof TransportError)) throw error;
    return { plannedId: id, at: clock.now(), status: null, problem: null, purchaseId: null };
  }
}

/** Waits until every accepted purchase has ended by what is seen, and nothing has moved for a while. */
async function untilSettled(
  system: LocalSystem,
  { mapping }: TargetOptions,
  plan: Plan,
  answers: readonly PurchaseAnswer[],
  endAt: number,
): Promise<void> {
  let calmSince: number | null = null;
  let seen = '';
  while (wallClock.now() < endAt) {
    const evidence = await systemEvidence(system);
    const { cases } = targetCases(plan, answers, evidence, mapping);
    const now = JSON.stringify([evidence.ledger.length, evidence.commands, evidence.mails.length]);
    calmSince = isSettled(cases) && now === seen ? (calmSince ?? wallClock.now()) : null;
    seen = now;
    if (calmSince !== null && wallClock.now() - calmSince >= calmMs) return;
    await sleep(wallClock, lookEveryMs);
  }
}
