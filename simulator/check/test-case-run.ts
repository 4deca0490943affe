import type { TraceLine } from '../../shared/virtual/trace.ts';
import type { StandingFault } from '../faults/fault.ts';
import { standingForm } from '../fleet/vehicle-faults.ts';
import { runChecks } from '../reports/checks/all.ts';
import { collectCommands, collectDatabase } from '../reports/collect.ts';
import type { Evidence } from '../reports/evidence.ts';
import { type Reading, readingOf } from '../reports/reading.ts';
import type { Verdict } from '../reports/verdict.ts';
import { type Customers, platformCustomers } from '../run/buying.ts';
import { conduct } from '../run/conduct.ts';
import { syncOpenWork, unreachableVins } from '../run/open-work.ts';
import { endlessPatience } from '../run/retry-until-answered.ts';
import type { CourseSettings, TakenEvidence } from '../run/run-context.ts';
import { lastWindowEnd } from '../run/scenario-course.ts';
import { virtualPace } from '../virtual-system/virtual-pace.ts';
import type { Move } from './activation-changes.ts';
import { judgeIncidents } from './incident-rules.ts';
import { judgeLoop, type LoopFacts, openWorkMaxMs } from './loop-rules.ts';
import { longestMs } from './own-policy.ts';
import { planOf } from './plan-of-test-case.ts';
import { judgeServices } from './service-rules.ts';
import { slaDelayMaxMs } from './settings.ts';
import type { TestCase } from './test-case.ts';
import { type Death, settleInMs, type TestCaseParts } from './test-case-parts.ts';
import { type TestCaseOptions, type TestCaseSystem, testCaseSystem } from './test-case-system.ts';
import { judgeTickets } from './ticket-rules.ts';
import { refusedForClock, timedFaults } from './timed-faults.ts';
import { noUserActions, startUserActions, type UserActions } from './user-actions.ts';
import type { Violation } from './watch.ts';

export interface TestCaseRun {
  readonly schedule: TestCase;
  readonly trace: readonly TraceLine[];
  readonly traceHash: string;
  readonly evidence: Evidence;
  /** The evidence as the rules read it. */
  readonly reading: Reading;
  /** Of the checks that judge live runs too. */
  readonly verdicts: readonly Verdict[];
  /** What did not hold at some event, and what broke the virtual system itself. */
  readonly violations: readonly Violation[];
  readonly moves: readonly (Move & { readonly atMs: number })[];
  readonly deaths: readonly Death[];
  readonly userActions: UserActions;
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

/** Faults end then at the latest, and everything has to end; later under a policy whose activations take longer. */
const faultsLeastMs = 6 * 3_600_000;
/** Length of the liveness phase: more than the policy needs for the remaining activations of one vehicle. */
const livenessLeastMs = 12 * 3_600_000;
const sharingMax = 6;
/** A look at every vehicle takes no longer. */
const reconcileSlackMs = 30_000;

/** Returns the course of a test case: a safety phase with faults, then the faults end, then all has to end. */
export function courseOf(testCase: TestCase): CourseSettings {
  const { policy, reconcileMs } = testCase;
  const allMs = sharingMax * longestMs(policy);
  return {
    connectMs: settleInMs,
    faultsEnd: { when: 'settled', maxMs: Math.max(faultsLeastMs, allMs) },
    // What reconciliation is to bring about is seen once no fault keeps it away, and then only if it has looked.
    endsWhenSettled: reconcileMs === undefined,
    livenessMs: Math.max(livenessLeastMs, allMs),
    calmMs: reconcileMs === undefined ? 0 : 2 * reconcileMs + reconcileSlackMs,
    unreachableMs: Number.POSITIVE_INFINITY,
    quietMs: 65_000,
    evidenceWaitMs: policy.commandTimeoutMs + openWorkMaxMs,
    lookEveryMs: 1_000,
  };
}

/** Runs one test case in virtual time, from the first connection to the verdict. The same test case gives the same trace, byte for byte. */
export async function runTestCase(testCase: TestCase, options: TestCaseOptions = {}): Promise<TestCaseRun> {
  const system = await testCaseSystem(testCase, options);
  options.onSystem?.(system);
  const { loop, trace, watch, startedAt } = system;
  const violations: Violation[] = [];
  const report = (rule: string, sentence: string) =>
    violations.push({ at: loop.now() - startedAt, rule, sentence });
  try {
    const { evidence, actions, facts } = await conducted(system, testCase, options.stop);
    options.stop?.onStop(system);
    for (const { rule, sentence } of judgeLoop(facts)) report(rule, sentence);
    const refused = refusedForClock(trace.lines, testCase);
    for (const sentence of judgeTickets(evidence, { slaDelayMaxMs, stops: system.stops(), refused }))
      report('ticket SLA and events', sentence);
    for (const sentence of judgeServices(evidence, actions, testCase)) report('service lifecycle', sentence);
    for (const sentence of judgeIncidents(evidence, testCase)) report('API IoT incidents', sentence);
    const reading = readingOf(evidence);
    return {
      schedule: testCase,
      trace: trace.lines,
      traceHash: trace.hash(),
      evidence,
      reading,
      verdicts: runChecks(evidence, reading),
      violations: [...watch.violations(), ...violations],
      moves: system.moves(),
      deaths: system.deaths(),
      userActions: actions,
      steps: system.steps(),
      injected: system.injected(),
      stats: {
        events: loop.stats.events,
        activations: evidence.database.activations.length,
        virtualMs: loop.now() - startedAt,
      },
    };
  } finally {
    system.close();
  }
}

/** The run ended where it was asked to. */
export class RunStopped extends Error {}

function stopper(system: TestCaseSystem, { onStop }: NonNullable<TestCaseOptions['stop']>): () => never {
  return () => {
    onStop(system);
    throw new RunStopped('the run was stopped after the number of events that was asked for');
  };
}

/** Whether anything did not hold. */
export function isClean(run: TestCaseRun): boolean {
  return run.violations.length === 0 && run.verdicts.every((verdict) => verdict.ok);
}

async function conducted(
  system: TestCaseSystem,
  testCase: TestCase,
  stop: TestCaseOptions['stop'],
): Promise<{ evidence: Evidence; actions: UserActions; facts: LoopFacts }> {
  const { loop, stores, startedAt, messageLog, watch, gateway, plan } = system;
  const pace = virtualPace(loop, stop && stopper(system, stop));
  let actions: ReturnType<typeof startUserActions> | null = null;
  let open: ReturnType<typeof loop.open> = [];
  const timed = timedFaults(system, testCase);
  const isStill = stillCheck(system);
  void gateway.start('api_iot');
  void gateway.start('platform');
  const { evidence, isFleetConnected, isSettled } = await conduct({
    plan,
    planAgain: () => planOf(structuredClone(testCase), system.catalogue),
    clock: system.clock,
    pace,
    settings: courseOf(testCase),
    fleet: system.fleet,
    customers: traced(
      platformCustomers({ ...system.apiUser('customer'), patience: endlessPatience }),
      system.trace,
    ),
    faults: {
      begin() {
        system.components.begin();
        system.faults.begin();
        timed.begin();
      },
      clear() {
        endFaults(system);
        timed.end();
      },
    },
    books: syncOpenWork(
      { platform: stores.platform.read, apiIot: stores.apiIot.read },
      // What was bought by the hour ends in the run; what was bought by the day does not.
      { unreachable: unreachableVins(plan), endsBefore: startedAt + livenessLeastMs },
    ),
    isStill: () => isStill() && !timed.isPending(),
    startActions(bought) {
      actions = startUserActions(system, testCase, bought);
      return actions;
    },
    sources: {
      messages: messageLog.messages,
      async freeze() {
        watch.afterPlatform(stores.platform.read);
        watch.afterApiIot(stores.apiIot.read);
        watch.afterPayments(stores.payments.read);
        open = loop.open();
        // What one of them still holds of a database would keep the readers waiting for ever.
        loop.kill('platform');
        loop.kill('api_iot');
      },
      take: () => takeEvidence(system, testCase),
    },
  });
  const facts = {
    isFleetConnected,
    isSettled,
    standstill: pace.standstill(),
    loop: { ...loop, unhandled: loop.unhandled, foreign: loop.foreign, open: () => open },
    trace: system.trace.lines,
  };
  const done = (actions as ReturnType<typeof startUserActions> | null)?.done();
  return { evidence, facts, actions: done ?? noUserActions };
}

/** Customers whose purchases and answers stand in the trace. */
export function traced(
  { onAsk, onAnswer, ...customers }: Customers,
  trace: TestCaseParts['trace'],
): Customers {
  return {
    ...customers,
    onAsk(purchase) {
      const { id, serviceId, vin } = purchase;
      trace.record('customer', 'buys', { id, serviceId, vin });
      onAsk?.(purchase);
    },
    onAnswer(answer) {
      trace.record('customer', 'answer', { ...answer });
      onAnswer?.(answer);
    },
  };
}

export function endFaults({ trace, faults, components, fleet }: TestCaseParts): void {
  trace.record('fault', 'heals');
  faults.clear();
  components.end();
  fleet.heal();
  // Every vehicle reports its state again: what it reported while no service received it is received now.
  for (const { vin } of fleet.states()) fleet.cut(vin, 1_000);
}

/** Returns whether no fault is to come and nothing is on its way outside of the databases. */
export function stillCheck({ loop, startedAt, fleet, gateway, plan }: TestCaseParts): () => boolean {
  const ofVehicles = plan.vehicles.flatMap(({ faults }) => faults.map(standingForm).map(endOfWindow));
  const lastFaultAt = startedAt + Math.max(lastWindowEnd(plan), ...ofVehicles);
  return () => loop.now() >= lastFaultAt && fleet.heldMessages() === 0 && !gateway.isComingBack();
}

function endOfWindow({ schedule }: StandingFault): number {
  return (schedule?.afterMs ?? 0) + (schedule?.forMs ?? 0);
}

/** The API IoT's waits between two tries of a callback grow to this. */
const callbackRetryMs = 300_000;

/**
 * "Exactly one attempt" binds from the moment the engine has received a refusal. A callback that is lost, or that finds the
 * platform dead or its clock set wrong, comes again: until then the engine cannot know.
 */
function newsMsOf({ activations, world }: TestCase): number {
  const downMs = world.reduce((sum, fault) => {
    if (fault.type === 'clock_set') return sum + fault.forMs;
    return sum + ('downMs' in fault ? fault.downMs : 0);
  }, 0);
  const isLost = activations.some(({ faults }) =>
    faults.some((fault) => fault.type === 'http' && fault.step === 'callback'),
  );
  return downMs === 0 && !isLost ? 1_000 : 1_000 + 2 * downMs + 8 * callbackRetryMs;
}

async function takeEvidence(system: TestCaseSystem, testCase: TestCase): Promise<TakenEvidence> {
  const { loop, stores, sinks } = system;
  const reader = loop.process('evidence');
  const platformDeaths = system.deaths().filter((death) => death.process === 'platform').length;
  return {
    ledger: await system.ledger.allEntries(),
    database: await collectDatabase(stores.platform.connect(reader).reader),
    apiIot: await collectCommands(stores.apiIot.connect(reader).reader),
    broker: system.messageLog.messages(),
    mails: sinks.mails(),
    pushes: sinks.pushes(),
    events: system.events(),
    ticketEvents: system.ticketEvents(),
    newsMs: newsMsOf(testCase),
    // A channel that took a message and never said so is, for the sender, as a crash after sending.
    crashes: platformDeaths + system.faults.channels.takenUnanswered(),
    httpFaults: system.faults.apiIot.counts(),
    paymentsFaults: system.faults.payments.counts(),
    ...(system.plan.platformFaults ? { platformFaults: system.faults.platform.counts() } : {}),
  };
}
