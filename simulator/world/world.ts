import type { TraceLine } from '../../shared/virtual/trace.ts';
import { runChecks } from '../reports/checks/all.ts';
import { collectCommands, collectDatabase } from '../reports/collect.ts';
import type { Evidence, PurchaseAnswer } from '../reports/evidence.ts';
import { type Reading, readingOf } from '../reports/reading.ts';
import type { Verdict } from '../reports/verdict.ts';
import { isBeyondCommand } from '../scenarios/plan-vehicles.ts';
import { isApiIotAtRest, isPlatformAtRest } from './at-rest.ts';
import { buyAll } from './buyers.ts';
import { constantsOf, slaDelayMaxMs } from './figures.ts';
import { type Deeds, startLife } from './life.ts';
import { judgeLoop, type LoopFacts, openWorkMaxMs } from './loop-rules.ts';
import { longestMs } from './own-policy.ts';
import { planOf, purchasesOf } from './plan-of-schedule.ts';
import type { Schedule } from './schedule.ts';
import { judgeServiceLife } from './service-life.ts';
import { type Death, newStage, type Stage, type StageOptions } from './stage.ts';
import { judgeTickets } from './ticket-rules.ts';
import { endOfFault, scheduleFaults } from './timed-faults.ts';
import type { Move, Violation } from './watch.ts';

export interface WorldRun {
  readonly schedule: Schedule;
  readonly trace: readonly TraceLine[];
  readonly traceHash: string;
  readonly evidence: Evidence;
  /** The evidence as the rules read it. */
  readonly reading: Reading;
  /** Of the checks that judge live runs too. */
  readonly verdicts: readonly Verdict[];
  /** What did not hold at some event, and what broke the world itself. */
  readonly violations: readonly Violation[];
  readonly moves: readonly (Move & { readonly atMs: number })[];
  readonly deaths: readonly Death[];
  readonly deeds: Deeds;
  readonly steps: readonly string[];
  /** What went wrong on purpose, by kind. */
  readonly injected: Readonly<Record<string, number>>;
  readonly stats: {
    readonly events: number;
    readonly activations: number;
    /** From the first moment of the workload to the last event. */
    readonly virtualMs: number;
  };
}

/** Faults stop then at the latest, and everything has to end; later under a policy whose activations take longer. */
const healAfterLeastMs = 6 * 3_600_000;
/** The liveness phase: more than the policy needs for whatever is left, of several activations on one vehicle. */
const livenessLeastMs = 12 * 3_600_000;
const sharingMax = 6;
/** A look at every vehicle takes no longer. */
const reconcileSlackMs = 30_000;
const lookEveryMs = 1_000;
/** After everything has ended nothing else may happen. */
const quietMs = 65_000;

/**
 * One schedule, from the first connection to the verdict, in virtual time: a safety phase with faults, then everything
 * heals, then all has to end. The same schedule gives the same trace, byte for byte.
 */
export async function runWorld(schedule: Schedule, options: StageOptions = {}): Promise<WorldRun> {
  const stage = await newStage(schedule, options);
  const violations: Violation[] = [];
  const report = (rule: string, sentence: string) =>
    violations.push({ at: stage.loop.now() - stage.startedAt, rule, sentence });
  try {
    const { answers, deeds, isFleetConnected, ended } = await perform(stage, schedule);
    stage.watch.afterPlatform(stage.stores.platform.read);
    stage.watch.afterApiIot(stage.stores.apiIot.read);
    stage.watch.afterPayments(stage.stores.payments.read);
    const facts = { isFleetConnected, ended, loop: stage.loop, trace: stage.trace.lines };
    for (const { rule, sentence } of judgeLoop(facts)) report(rule, sentence);
    // What one of them still holds of a database would keep the witnesses waiting for ever.
    stage.loop.kill('platform');
    stage.loop.kill('api_iot');
    const evidence = await collect(stage, schedule, answers);
    for (const sentence of judgeTickets(evidence, slaDelayMaxMs, stage.stops()))
      report('ticket SLA and events', sentence);
    for (const sentence of judgeServiceLife(evidence, deeds, schedule)) report('service lifecycle', sentence);
    const reading = readingOf(evidence);
    return {
      schedule,
      trace: stage.trace.lines,
      traceHash: stage.trace.hash(),
      evidence,
      reading,
      verdicts: runChecks(evidence, reading),
      violations: [...stage.watch.violations(), ...violations],
      moves: stage.moves(),
      deaths: stage.deaths(),
      deeds,
      steps: stage.steps(),
      injected: stage.book.injected(),
      stats: {
        events: stage.loop.stats.events,
        activations: evidence.database.activations.length,
        virtualMs: stage.loop.now() - stage.startedAt,
      },
    };
  } finally {
    stage.close();
  }
}

/** Whether anything did not hold. */
export function isClean(run: WorldRun): boolean {
  return run.violations.length === 0 && run.verdicts.every((verdict) => verdict.ok);
}

interface Performed extends Pick<LoopFacts, 'isFleetConnected' | 'ended'> {
  readonly answers: readonly PurchaseAnswer[];
  readonly deeds: Deeds;
}

async function perform(stage: Stage, schedule: Schedule): Promise<Performed> {
  const { loop, startedAt } = stage;
  void stage.gateway.start('api_iot');
  void stage.gateway.start('platform');
  let isConnected: boolean = false;
  void stage.cars.start().then(() => {
    isConnected = true;
  });
  await loop.run(startedAt);
  const isFleetConnected = isConnected;
  scheduleFaults(stage, schedule);
  const { answers, bought } = startBuying(stage, schedule);
  const life = startLife(stage, schedule, bought);
  const isQuiet = quietLook(stage, schedule, () => life.isOver() && answers.length === bought.length);
  const allMs = sharingMax * longestMs(schedule.policy);
  const healAt = startedAt + Math.max(healAfterLeastMs, allMs);
  const endAt = healAt + Math.max(livenessLeastMs, allMs);
  let isSettled = settledLook(stage, isQuiet, 0);
  let end = await loop.run(() => isSettled() || loop.now() >= healAt);
  // What reconciliation is to bring about is seen once nothing keeps it away, and then only if it has looked.
  const { reconcileMs } = schedule;
  if (!isSettled() || reconcileMs !== undefined) {
    stage.trace.record('world', 'heals');
    stage.book.heal();
    stage.stream.setDown(false);
    // Every vehicle says anew what it is: what it said while nobody heard it is heard now.
    for (const { vin } of stage.cars.states()) stage.cars.cut(vin, 1_000);
    const calmMs = reconcileMs === undefined ? 0 : 2 * reconcileMs + reconcileSlackMs;
    isSettled = settledLook(stage, isQuiet, calmMs);
    end = await loop.run(() => isSettled() || loop.now() >= endAt);
  }
  await loop.run(loop.now() + quietMs);
  // A revocation that no command can end goes on trying: what is between two parts in the middle of a try is not lost.
  const evidenceBy = loop.now() + constantsOf(schedule).commandTimeoutMs + openWorkMaxMs;
  await loop.run(() => isQuiet() || loop.now() >= evidenceBy);
  return { answers, deeds: life.deeds(), isFleetConnected, ended: end.ended };
}

function startBuying(stage: Stage, schedule: Schedule) {
  const { trace, wishes, startedAt } = stage;
  const answers: PurchaseAnswer[] = [];
  const bought = buyAll({
    ...stage.apiUser('customer'),
    startedAt,
    purchases: purchasesOf(schedule, stage.catalogue),
    onAsk(purchase) {
      const { vin, serviceId, feature, activation, id } = purchase;
      wishes.set(`${serviceId} ${vin}`, { activation, feature });
      trace.record('customer', 'buys', { id, serviceId, vin });
    },
    onAnswer(_, answer) {
      answers.push(answer);
      trace.record('customer', 'answer', { ...answer });
    },
  });
  return { answers, bought };
}

/** Whether everything has ended, by what the databases and the wire say. `isOver`: no user will ask for anything more. */
function quietLook(stage: Stage, schedule: Schedule, isOver: () => boolean): () => boolean {
  const { loop, stores, startedAt, wire } = stage;
  const lastFaultAt = startedAt + Math.max(0, ...schedule.world.map(endOfFault));
  const { commandTimeoutMs } = constantsOf(schedule);
  const vins = planOf(schedule, stage.catalogue)
    .vehicles.filter((vehicle) => isBeyondCommand(vehicle, commandTimeoutMs))
    .map(({ vin }) => vin);
  // What was bought by the hour ends in the run; what was bought by the day does not.
  const endsBefore = startedAt + livenessLeastMs;
  return () =>
    isOver() &&
    loop.now() >= lastFaultAt &&
    wire.held() === 0 &&
    !stage.gateway.isComingBack() &&
    isPlatformAtRest(stores.platform.read, { vins, endsBefore, slaEndsBefore: endsBefore }) &&
    isApiIotAtRest(stores.apiIot.read, wire.messages);
}

/** Everything has ended, and has been so for `calmMs`: asked once a second of virtual time. */
function settledLook({ loop }: Stage, isQuiet: () => boolean, calmMs: number): () => boolean {
  let lookAt = 0;
  let quietSince: number | null = null;
  let settled = false;
  return () => {
    if (settled || loop.now() < lookAt) return settled;
    lookAt = loop.now() + lookEveryMs;
    quietSince = isQuiet() ? (quietSince ?? loop.now()) : null;
    settled = quietSince !== null && loop.now() - quietSince >= calmMs;
    return settled;
  };
}

/** The API IoT's waits between two tries of a callback grow to this. */
const callbackRetryMs = 300_000;

/**
 * "Exactly one attempt" binds from the moment the engine has heard of a refusal. A callback that is lost, or that finds the
 * platform dead, comes again: until then nobody can know.
 */
function newsMsOf({ activations, world }: Schedule): number {
  const downMs = world.reduce((sum, fault) => sum + ('downMs' in fault ? fault.downMs : 0), 0);
  const isLost = activations.some(({ faults }) =>
    faults.some((fault) => fault.type === 'http' && fault.step === 'callback'),
  );
  return downMs === 0 && !isLost ? 1_000 : 1_000 + 2 * downMs + 8 * callbackRetryMs;
}

async function collect(
  stage: Stage,
  schedule: Schedule,
  answers: readonly PurchaseAnswer[],
): Promise<Evidence> {
  const { loop, stores, startedAt, sinks } = stage;
  const witness = loop.process('witness');
  const platform = stores.platform.connect(witness);
  const apiIot = stores.apiIot.connect(witness);
  const platformDeaths = stage.deaths().filter((death) => death.process === 'platform').length;
  return {
    plan: planOf(schedule, stage.catalogue),
    planAgain: JSON.stringify(planOf(structuredClone(schedule), stage.catalogue)),
    startedAt,
    takenAt: loop.now(),
    answers,
    ledger: await stage.ledger.allEntries(),
    database: await collectDatabase(platform.reader),
    apiIot: await collectCommands(apiIot.reader),
    broker: stage.wire.messages(),
    vehicles: stage.cars.states(),
    mails: sinks.mails(),
    pushes: sinks.pushes(),
    events: stage.events(),
    ticketEvents: stage.ticketEvents(),
    // A channel that took a notice and never said so is, for the one who sent it, as a crash after sending.
    newsMs: newsMsOf(schedule),
    crashes: platformDeaths + sinks.unheard(),
    httpFaults: stage.book.injected(),
  };
}
