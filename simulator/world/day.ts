import { migrateApiIot } from '../../gateway/api-iot/store/migrations.ts';
import type { ApiIotSchema } from '../../gateway/api-iot/store/schema.ts';
import { migratePlatform } from '../../gateway/store/migrations.ts';
import type { PlatformSchema } from '../../gateway/store/schema.ts';
import { integerBetween } from '../../shared/ports/random.ts';
import { virtualStorage } from '../../shared/virtual/database.ts';
import { virtualBroker } from '../../shared/virtual/device-link.ts';
import { virtualNetwork } from '../../shared/virtual/http.ts';
import { virtualIds } from '../../shared/virtual/ids.ts';
import { virtualLoop } from '../../shared/virtual/loop.ts';
import type { VirtualProcess } from '../../shared/virtual/process.ts';
import { virtualStream } from '../../shared/virtual/process-bus.ts';
import { seededRandom } from '../../shared/virtual/random.ts';
import { virtualSecrets } from '../../shared/virtual/secrets.ts';
import { virtualTokens } from '../../shared/virtual/tokens.ts';
import { virtualTrace } from '../../shared/virtual/trace.ts';
import { fleet } from '../fleet/fleet.ts';
import { runChecks } from '../reports/checks/all.ts';
import { collectCommands, collectDatabase } from '../reports/collect.ts';
import type { PurchaseAnswer, SeenEvent } from '../reports/evidence.ts';
import type { Verdict } from '../reports/verdict.ts';
import { paymentsStandIn } from '../stand-ins/payments/payments-stand-in.ts';
import { migratePaymentsStandIn, type PaymentsStandInSchema } from '../stand-ins/payments/schema.ts';
import { bootApiIot } from './api-iot-process.ts';
import { isApiIotAtRest, isPlatformAtRest } from './at-rest.ts';
import { buyAll } from './buyers.ts';
import { dayLinks } from './day-links.ts';
import { type DayPlan, type DaySize, daySchedule, planDay } from './day-plan.ts';
import { faultBook } from './fault-book.ts';
import { origins, platformFigures, testSecrets } from './figures.ts';
import { person } from './person.ts';
import { telemetryEveryMs } from './plan-of-schedule.ts';
import { bootPlatform } from './platform-process.ts';
import { shippedCatalogue } from './shipped-files.ts';
import { newSinks } from './sinks.ts';
import { worldBeginsAt } from './stage.ts';
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
    for (const store of Object.values(stage.stores)) store.close();
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

function buy({ loop, network, plan, startedAt, links }: DayStage): PurchaseAnswer[] {
  const answers: PurchaseAnswer[] = [];
  void buyAll({
    ...person({ loop, network }, 'customer'),
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
    events: stage.events,
    crashes: sinks.unheard(),
    httpFaults: {},
  };
}

async function openStores({ plan }: DayPlan, setup: VirtualProcess) {
  const stores = {
    platform: virtualStorage<PlatformSchema>(),
    apiIot: virtualStorage<ApiIotSchema>(),
    payments: virtualStorage<PaymentsStandInSchema>(),
  };
  const [platform, apiIot] = [stores.platform.connect(setup), stores.apiIot.connect(setup)];
  await migratePlatform(platform);
  await migrateApiIot(apiIot);
  await migratePaymentsStandIn(stores.payments.connect(setup));
  for (let from = 0; from < plan.vehicles.length; from += pageMax) {
    const vehicles = plan.vehicles.slice(from, from + pageMax);
    await registerAtPlatform(platform, plan.customers.slice(from, from + pageMax), vehicles);
    await registerAtApiIot(apiIot, vehicles);
  }
  return stores;
}

/** As stage.ts wires a schedule's world, without its faults and its look at every commit, whose evidence fills the memory. */
async function newDayStage(size: DaySize) {
  const catalogue = shippedCatalogue();
  const schedule = daySchedule(size.seed);
  const random = seededRandom(size.seed);
  const planAgain = () => planDay(size, catalogue, seededRandom(size.seed).stream('plan'));
  const plan = planAgain();
  const loop = virtualLoop({ startAt: worldBeginsAt });
  const startedAt = worldBeginsAt + settleInMs;
  const trace = virtualTrace({ now: () => loop.now() - startedAt, keptMax: 0 });
  const stores = await openStores(plan, loop.process('setup'));
  const draws = random.stream('network');
  const latencyMs = () => integerBetween(draws, 1, 60);
  const clock = loop.clock('network');
  const network = virtualNetwork({ loop, random, latencyMs });
  const sinks = newSinks({ clock, latencyMs, failure: () => null, onSeen: () => {} });
  const wire = newWire({ clock, book: faultBook(schedule), onWire: () => {} });
  const broker = virtualBroker({ loop, random });
  const stream = virtualStream({ loop });
  const events: SeenEvent[] = [];
  stream.onPublish(({ subject, payload }) => {
    if (subject.startsWith('fleetwake.events.')) {
      const { id, type } = JSON.parse(payload) as SeenEvent;
      events.push({ id, type });
    }
    return null;
  });
  const common = (process: VirtualProcess) => ({
    clock: process.clock,
    ids: virtualIds(process, random),
    secrets: virtualSecrets(process, random),
    log: trace.log(process),
    random: random.stream(process.name),
    http: network.client(process),
  });
  const paymentsProcess = loop.process('payment');
  const payments = paymentsStandIn({
    ...common(paymentsProcess),
    database: stores.payments.connect(paymentsProcess),
    apiKeyDigest: virtualSecrets(paymentsProcess, random).digest(testSecrets.payments),
  });
  network.listen(origins.payments, { process: paymentsProcess, handle: payments.fetch });
  const vehicleProcess = loop.process('vehicle');
  const cars = fleet(
    {
      link: wire.vehicles(broker.connect(vehicleProcess)),
      clock: vehicleProcess.clock,
      random: random.stream('vehicles'),
      log: trace.log(vehicleProcess),
    },
    plan.specs,
    { telemetryMs: telemetryEveryMs },
  );
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
    const platform = loop.process('platform');
    const apiIot = loop.process('api_iot');
    const booted = Promise.all([
      bootApiIot(
        {
          ...common(apiIot),
          tokens: virtualTokens({ clock: apiIot.clock, issuer: origins.apiIot, key: 'api_iot' }),
          database: stores.apiIot.connect(apiIot),
          link: wire.service(broker.connect(apiIot)),
        },
        { commandTimeoutMs: schedule.policy.commandTimeoutMs },
      ).then(({ fetch }) => network.listen(origins.apiIot, { process: apiIot, handle: fetch })),
      bootPlatform(
        {
          ...common(platform),
          tokens: virtualTokens({ clock: platform.clock, issuer: origins.platform, key: 'platform' }),
          database: stores.platform.connect(platform),
          bus: stream.connect(platform),
          mailer: sinks.mailer(platform),
          pusher: sinks.pusher(platform),
        },
        platformFigures(schedule, catalogue),
      ).then(({ fetch }) => network.listen(origins.platform, { process: platform, handle: fetch })),
    ]);
    void cars.start();
    await loop.run(loop.now() + 60_000);
    await booted;
  }

  return {
    plan,
    planAgain,
    loop,
    startedAt,
    trace,
    stores,
    network,
    sinks,
    wire,
    cars,
    links,
    events,
    ledger: payments.ledger,
    start,
  };
}
