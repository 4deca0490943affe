import type { Catalogue } from '../../gateway/catalogue/catalogue.ts';
import type { RetentionSettings } from '../../gateway/retention/retention.ts';
import type { PlatformSchema } from '../../gateway/store/schema.ts';
import type { Database } from '../../shared/ports/database.ts';
import { integerBetween } from '../../shared/ports/random.ts';
import { virtualLoop } from '../../shared/virtual/loop.ts';
import type { VirtualProcess } from '../../shared/virtual/process.ts';
import { seededRandom } from '../../shared/virtual/random.ts';
import { virtualTrace } from '../../shared/virtual/trace.ts';
import { runChecks } from '../reports/checks/all.ts';
import { collectCommands, collectDatabase } from '../reports/collect.ts';
import type { Verdict } from '../reports/verdict.ts';
import { platformCustomers } from '../run/buying.ts';
import { conduct } from '../run/conduct.ts';
import { newMessageLog } from '../run/message-log.ts';
import { syncOpenWork } from '../run/open-work.ts';
import { endlessPatience } from '../run/retry-until-answered.ts';
import type { RunContext } from '../run/run-context.ts';
import { virtualTimeBeginsAt } from '../virtual-system/settings.ts';
import { shippedCatalogue } from '../virtual-system/shipped-files.ts';
import { closeStores, openStores, type Stores } from '../virtual-system/stores.ts';
import { virtualPace } from '../virtual-system/virtual-pace.ts';
import { virtualSystem } from '../virtual-system/virtual-system.ts';
import { dayLinks } from './day-links.ts';
import { type DayPlan, type DaySize, dayTestCase, planDay } from './day-plan.ts';
import { telemetryEveryMs } from './plan-of-test-case.ts';
import { platformSettings } from './settings.ts';
import { registerAtApiIot, registerAtPlatform } from './templates.ts';

export interface DayDeps {
  /** Processor time of this process so far, in milliseconds. */
  readonly cpuMs: () => number;
  /** Called after each part of the workload. */
  readonly onPart?: (part: DayPart, stores: Stores) => void;
  /** What is sold; by default the shipped catalogue. */
  readonly catalogue?: Catalogue;
  /** Ages of the platform's rows; without them nothing is removed. */
  readonly retention?: RetentionSettings;
  /** What the platform's database has besides its own tables. */
  readonly platformStatements?: readonly string[];
  /** Called when both services have ended, before the evidence is taken from the platform's database. */
  readonly beforeEvidence?: (database: Database<PlatformSchema>) => Promise<void>;
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
  /** Everything had ended within the time that a day leaves it. */
  readonly isSettled: boolean;
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

type DaySystem = Awaited<ReturnType<typeof daySystem>>;

/** Runs one long virtual day of a large fleet under the `drive` profile, with the checks of live runs at its end. */
export async function runDay(size: DaySize, deps: DayDeps): Promise<DayRun> {
  const system = await daySystem(size, deps);
  const { loop, links, trace } = system;
  try {
    const parts: DayPart[] = [];
    const { evidence, isSettled } = await conduct(contextOf(system, size, deps, parts));
    const { activations } = evidence.database;
    const ends: Record<string, number> = {};
    for (const { kind, phase } of activations)
      if (kind === 'activation') ends[phase] = (ends[phase] ?? 0) + 1;
    return {
      verdicts: runChecks(evidence),
      parts,
      events: loop.stats.events,
      activations: activations.length,
      ends,
      attempts: evidence.apiIot.length,
      cuts: links.cutCount(),
      unhandled: loop.unhandled,
      isSettled,
      traceHash: trace.hash(),
    };
  } finally {
    loop.killAll();
    closeStores(system.stores);
  }
}

function contextOf(system: DaySystem, size: DaySize, deps: DayDeps, parts: DayPart[]): RunContext {
  const { loop, plan: day, messageLog, links, sinks, stores } = system;
  const { plan } = day;
  let answered = 0;
  const pace = virtualPace(loop);
  void system.gateway.start('api_iot');
  void system.gateway.start('platform');
  return {
    plan,
    planAgain: () => system.planAgain().plan,
    clock: system.clock,
    pace,
    settings: {
      connectMs: settleInMs,
      faultsEnd: { when: 'bought', afterMs: 0, leastMs: size.durationMs },
      livenessMs,
      calmMs: 0,
      unreachableMs: Number.POSITIVE_INFINITY,
      quietMs: 0,
      evidenceWaitMs: 0,
      lookEveryMs,
    },
    fleet: system.fleet,
    customers: {
      ...platformCustomers({ ...system.apiUser('customer'), patience: endlessPatience }),
      onAsk: ({ vin }) => links.watch(vin),
      onAnswer() {
        answered += 1;
      },
    },
    faults: { begin: () => measureParts(system, size, deps, parts, () => answered), clear() {} },
    books: syncOpenWork(
      { platform: stores.platform.read, apiIot: stores.apiIot.read },
      { unreachable: [], endsBefore: 0 },
    ),
    sources: {
      messages: messageLog.messages,
      async freeze() {
        loop.kill('platform');
        loop.kill('api_iot');
      },
      async take() {
        const reader = loop.process('evidence');
        await deps.beforeEvidence?.(stores.platform.connect(reader));
        return {
          ledger: await system.ledger.allEntries(),
          database: await collectDatabase(stores.platform.connect(reader).reader),
          apiIot: await collectCommands(stores.apiIot.connect(reader).reader),
          broker: messageLog.messages(),
          mails: sinks.mails(),
          pushes: sinks.pushes(),
          events: system.events(),
          crashes: 0,
          httpFaults: {},
        };
      },
    },
  };
}

/** Reports what each part of the workload's time cost, at its end. */
function measureParts(
  { loop, clock, stores }: DaySystem,
  { durationMs }: DaySize,
  { cpuMs, onPart }: DayDeps,
  parts: DayPart[],
  answered: () => number,
): void {
  const figures = () => ({ purchases: answered(), cpuMs: cpuMs(), events: loop.stats.events });
  let before = figures();
  for (let part = 1; part <= partCount; part += 1) {
    clock.setTimer((part * durationMs) / partCount, () => {
      const after = figures();
      const done: DayPart = {
        purchases: after.purchases - before.purchases,
        cpuMs: after.cpuMs - before.cpuMs,
        events: after.events - before.events,
      };
      before = after;
      parts.push(done);
      onPart?.(done, stores);
    });
  }
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
async function daySystem(
  size: DaySize,
  { retention, platformStatements, catalogue = shippedCatalogue() }: DayDeps,
) {
  const testCase = dayTestCase(size.seed);
  const random = seededRandom(size.seed);
  const planAgain = () => planDay(size, catalogue, seededRandom(size.seed).stream('plan'));
  const plan = planAgain();
  const loop = virtualLoop({ startAt: virtualTimeBeginsAt });
  const startedAt = virtualTimeBeginsAt + settleInMs;
  const trace = virtualTrace({ now: () => loop.now() - startedAt, keptMax: 0 });
  const setup = loop.process('setup');
  const stores = await openStores(setup, platformStatements);
  await registerAll(stores, plan, setup);
  const draws = random.stream('network');
  const messageLog = newMessageLog(loop.clock('network'));
  const system = virtualSystem({
    loop,
    random,
    stores,
    latencyMs: () => integerBetween(draws, 1, 60),
    platform: {
      ...platformSettings(testCase, catalogue),
      hasTicketWebhook: false,
      slaScale: 1,
      slaPollMs: 600_000,
      ...(retention === undefined ? {} : { retention }),
    },
    apiIot: { commandTimeoutMs: testCase.policy.commandTimeoutMs },
    logOf: trace.log,
    faults: { serviceLink: messageLog.tapService },
  });
  const fleet = system.fleetOf(plan.specs, messageLog.tap, { telemetryMs: telemetryEveryMs });
  const links = dayLinks({
    clock: loop.clock('links'),
    random: random.stream('links'),
    startedAt,
    cars: fleet,
    isBusy: (vin) =>
      stores.platform.read('select 1 from activations where vin = ? and ended_at is null limit 1', vin)
        .length > 0,
  });

  return { ...system, plan, planAgain, trace, messageLog, fleet, links };
}
