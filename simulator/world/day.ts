import { integerBetween } from '../../shared/ports/random.ts';
import { virtualLoop } from '../../shared/virtual/loop.ts';
import type { VirtualProcess } from '../../shared/virtual/process.ts';
import { seededRandom } from '../../shared/virtual/random.ts';
import { virtualTrace } from '../../shared/virtual/trace.ts';
import { runChecks } from '../reports/checks/all.ts';
import { collectCommands, collectDatabase } from '../reports/collect.ts';
import type { PurchaseAnswer } from '../reports/evidence.ts';
import type { Verdict } from '../reports/verdict.ts';
import { virtualTimeBeginsAt } from '../virtual-system/settings.ts';
import { shippedCatalogue } from '../virtual-system/shipped-files.ts';
import { closeStores, openStores, type Stores } from '../virtual-system/stores.ts';
import { virtualSystem } from '../virtual-system/virtual-system.ts';
import { isApiIotAtRest, isPlatformAtRest } from './at-rest.ts';
import { buyAll } from './buyers.ts';
import { dayLinks } from './day-links.ts';
import { type DayPlan, type DaySize, daySchedule, planDay } from './day-plan.ts';
import { faultBook } from './fault-book.ts';
import { platformSettings } from './figures.ts';
import { telemetryEveryMs } from './plan-of-schedule.ts';
import { registerAtApiIot, registerAtPlatform } from './templates.ts';
import { newWire } from './wire.ts';

export interface DayDeps {
  /** Processor time of this process so far, in milliseconds. */
  readonly cpuMs: () => number;
  /** Told after each part of the workload. */
  readonly onPart?: (part: DayPart) => void;
}

/** An equal share of the workload's time. */
export interface DayPart {
  readonly purchases: number;
  readonly cpuMs: number;
  readonly events: number;
}

export interface DayRun {
  readonly verdicts: readonly Verdict[];
  readonly parts: readonly DayPart[];
  readonly events: number;
  readonly activations: number;
  /** How the activations of purchases ended, by phase. */
  readonly ends: Readonly<Record<string, number>>;
  readonly attempts: number;
  /** How often a link went while something was under way for its vehicle. */
  readonly cuts: number;
  readonly unhandled: readonly unknown[];
  readonly traceHash: string;
}

/** Parts of the workload whose cost is compared. */
const partCount = 12;
/** Until the fleet stands: fifty vehicles dial at once. */
const settleInMs = 600_000;
const lookEveryMs = 10_000;
const livenessMs = 12 * 3_600_000;
/** Registered in one statement: SQLite takes so many parameters and no more. */
const pageMax = 1_000;

type DayStage = Awaited<ReturnType<typeof newDayStage>>;

/** One long virtual run of a large fleet under the `drive` profile, with the checks of live runs at its end. */
export async function runDay(size: DaySize, deps: DayDeps): Promise<DayRun> {
  const stage = await newDayStage(size);
  try {
    const parts: DayPart[] = [];
    const answers = await perform(stage, size, deps, parts);
    const evidence = await collectDay(stage, answers);
    const { activations } = evidence.database;
    const ends: Record<string, number> = {};
    for (const { kind, phase } of activations)
      if (kind === 'activation') ends[phase] = (ends[phase] ?? 0) + 1;
    return {
      verdicts: runChecks(evidence),
      parts,
      events: stage.loop.stats.events,
      activations: activations.length,
      ends,
      attempts: evidence.apiIot.length,
      cuts: stage.links.cutCount(),
      unhandled: stage.loop.unhandled,
      traceHash: stage.trace.hash(),
    };
  } finally {
    stage.loop.killAll();
    closeStores(stage.stores);
  }
}

async function perform(
  stage: DayStage,
  { durationMs }: DaySize,
  { cpuMs, onPart }: DayDeps,
  parts: DayPart[],
): Promise<PurchaseAnswer[]> {
  const { loop, startedAt, plan } = stage;
  await stage.start();
  await loop.run(startedAt);
  const answers = buy(stage);
  for (let part = 1; part <= partCount; part += 1) {
    const before = { cpuMs: cpuMs(), events: loop.stats.events, answers: answers.length };
    await loop.run(startedAt + (part * durationMs) / partCount);
    const done: DayPart = {
      purchases: answers.length - before.answers,
      cpuMs: cpuMs() - before.cpuMs,
      events: loop.stats.events - before.events,
    };
    parts.push(done);
    onPart?.(done);
  }
  const isSettled = settled(stage, () => answers.length === plan.purchases.length);
  const endAt = loop.now() + livenessMs;
  await loop.run(() => isSettled() || loop.now() >= endAt);
  return answers;
}

function buy({ apiUser, plan, startedAt, links }: DayStage): PurchaseAnswer[] {
  const answers: PurchaseAnswer[] = [];
  void buyAll({
    ...apiUser('customer'),
    startedAt,
    purchases: plan.purchases,
    onAsk: ({ vin }) => links.watch(vin),
    onAnswer: (_, answer) => void answers.push(answer),
  });
  return answers;
}

function settled({ loop, stores, wire }: DayStage, isAnswered: () => boolean): () => boolean {
  let lookAt = 0;
  return () => {
    if (loop.now() < lookAt) return false;
    lookAt = loop.now() + lookEveryMs;
    if (!isAnswered()) return false;
    return isPlatformAtRest(stores.platform.read) && isApiIotAtRest(stores.apiIot.read, wire.messages);
  };
}

async function collectDay(stage: DayStage, answers: readonly PurchaseAnswer[]) {
  const { loop, stores, plan, startedAt, sinks } = stage;
  loop.kill('platform');
  loop.kill('api_iot');
  const witness = loop.process('witness');
  return {
    plan: plan.plan,
    planAgain: JSON.stringify(stage.planAgain().plan),
    startedAt,
    takenAt: loop.now(),
    answers,
    ledger: await stage.ledger.allEntries(),
    database: await collectDatabase(stores.platform.connect(witness).reader),
    apiIot: await collectCommands(stores.apiIot.connect(witness).reader),
    broker: stage.wire.messages(),
    vehicles: stage.cars.states(),
    mails: sinks.mails(),
    pushes: sinks.pushes(),
    events: stage.events(),
    crashes: sinks.unheard(),
    httpFaults: {},
  };
}

/** Registers customers and vehicles in the databases, before anything runs. */
async function registerAll(stores: Stores, { plan }: DayPlan, setup: VirtualProcess): Promise<void> {
  const [platform, apiIot] = [stores.platform.connect(setup), stores.apiIot.connect(setup)];
  for (let from = 0; from < plan.vehicles.length; from += pageMax) {
    const vehicles = plan.vehicles.slice(from, from + pageMax);
    await registerAtPlatform(platform, plan.customers.slice(from, from + pageMax), vehicles);
    await registerAtApiIot(apiIot, vehicles);
  }
}

/** A virtual system without faults and without a look at every commit, whose evidence fills the memory. */
async function newDayStage(size: DaySize) {
  const catalogue = shippedCatalogue();
  const schedule = daySchedule(size.seed);
  const random = seededRandom(size.seed);
  const planAgain = () => planDay(size, catalogue, seededRandom(size.seed).stream('plan'));
  const plan = planAgain();
  const loop = virtualLoop({ startAt: virtualTimeBeginsAt });
  const startedAt = virtualTimeBeginsAt + settleInMs;
  const trace = virtualTrace({ now: () => loop.now() - startedAt, keptMax: 0 });
  const setup = loop.process('setup');
  const stores = await openStores(setup);
  await registerAll(stores, plan, setup);
  const draws = random.stream('network');
  const wire = newWire({ clock: loop.clock('network'), book: faultBook(schedule), onWire: () => {} });
  const system = virtualSystem({
    loop,
    random,
    stores,
    latencyMs: () => integerBetween(draws, 1, 60),
    platform: {
      ...platformSettings(schedule, catalogue),
      hasTicketWebhook: false,
      slaScale: 1,
      slaPollMs: 600_000,
    },
    apiIot: { commandTimeoutMs: schedule.policy.commandTimeoutMs },
    logOf: trace.log,
    faults: { serviceLink: wire.service },
  });
  const cars = system.fleetOf(plan.specs, wire.vehicles, { telemetryMs: telemetryEveryMs });
  const links = dayLinks({
    clock: loop.clock('world'),
    random: random.stream('links'),
    startedAt,
    cars,
    isBusy: (vin) =>
      stores.platform.read('select 1 from activations where vin = ? and ended_at is null limit 1', vin)
        .length > 0,
  });

  async function start(): Promise<void> {
    const booted = Promise.all([system.gateway.start('api_iot'), system.gateway.start('platform')]);
    void cars.start();
    await loop.run(loop.now() + 60_000);
    await booted;
  }

  return { ...system, plan, planAgain, startedAt, trace, wire, cars, links, start };
}
