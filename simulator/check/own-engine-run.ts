import type { Catalogue } from '../../gateway/catalogue/catalogue.ts';
import type { TraceLine } from '../../shared/virtual/trace.ts';
import { channelCounts } from '../faults/channel-gates.ts';
import { collectCommands } from '../reports/collect.ts';
import type { Evidence } from '../reports/evidence.ts';
import type { Verdict } from '../reports/verdict.ts';
import { conduct } from '../run/conduct.ts';
import { clockPace } from '../run/pace.ts';
import type { TakenEvidence } from '../run/run-context.ts';
import { judgedRules, judgeRules } from '../target/judge-target.ts';
import type { Mapping } from '../target/mapping.ts';
import { noPlatform } from '../target/no-platform.ts';
import { targetCases } from '../target/target-case.ts';
import { answerMaxMs, targetSide } from '../target/target-course.ts';
import { whyNothingFits } from '../target/unusable-mapping.ts';
import type { OwnEngine } from '../virtual-system/own-engine.ts';
import { shippedCatalogue } from '../virtual-system/shipped-files.ts';
import { virtualPace } from '../virtual-system/virtual-pace.ts';
import { judgeLoop } from './loop-rules.ts';
import { planForOwnEngine } from './own-engine-case.ts';
import type { TestCase } from './test-case.ts';
import { type TestCaseParts, testCaseParts, testCaseTime } from './test-case-parts.ts';
import { courseOf, endFaults, stillCheck, traced } from './test-case-run.ts';
import type { Violation } from './watch.ts';

export interface EngineSubject<Storage = unknown> {
  /** Called at each start of a run's engine: it starts a new one, which knows only what `storage` holds. */
  readonly engine: OwnEngine<Storage>;
  /**
   * Called once for each run; what it returns is `storage` of each start in it. With it the process of the engine is killed and
   * stopped where the test case has such a fault, and starts again; without it never.
   */
  readonly storage?: () => Storage;
  /** How its traces name the activation that they belong to. */
  readonly mapping: Mapping;
  /** Where it takes purchases. */
  readonly target: string;
  /** What the customers buy; the product's own by default. */
  readonly catalogue?: Catalogue;
  /** A run ends when nothing has moved for so long (15 min of virtual time): longer than the engine waits between two tries. */
  readonly restMs?: number;
  /** Turns without anything new before a drain counts as done; a deeper drain must give the same trace. */
  readonly drainDepth?: number;
}

/** One run of an engine of the user's own in virtual time. */
export interface EngineRun {
  readonly schedule: TestCase;
  readonly trace: readonly TraceLine[];
  readonly traceHash: string;
  readonly evidence: Evidence;
  /** Of the rules that evidence alone can judge. */
  readonly verdicts: readonly Verdict[];
  /** What broke the virtual system: real time, an unhandled rejection, a stop of the engine that threw. */
  readonly violations: readonly Violation[];
  /** Whether every accepted purchase had ended when the evidence was taken. */
  readonly isSettled: boolean;
  /** What went wrong on purpose, by kind. */
  readonly injected: Readonly<Record<string, number>>;
  readonly stats: { readonly events: number; readonly virtualMs: number };
}

const restDefaultMs = 900_000;
/** Time between two polls: while the run makes progress, and while it does not. */
const pollMs = { moving: 2_000, resting: 60_000 };

/** Runs one test case against an engine of the user's own in virtual time. The same test case gives the same trace, byte for byte. */
export async function runEngine<Storage>(
  testCase: TestCase,
  subject: EngineSubject<Storage>,
): Promise<EngineRun> {
  const { mapping, catalogue = shippedCatalogue(), drainDepth = 1 } = subject;
  const faultKinds = { restarts: subject.storage !== undefined, pushes: mapping.push !== undefined };
  const newPlan = () => planForOwnEngine(structuredClone(testCase), catalogue, faultKinds);
  const starts = startsOf();
  const stops = stopsOf();
  const time = testCaseTime(testCase, drainDepth);
  let version = 0;
  const onChange = () => {
    version += 1;
  };
  const parts = await testCaseParts(time, {
    ...{ testCase, plan: newPlan(), platform: null },
    ownEngine: {
      engine: subject.engine as OwnEngine,
      ...{ target: subject.target, storage: subject.storage?.() },
      ...{ onStartFailed: starts.onFailed, onStopFailed: stops.onFailed },
    },
    observer: () => ({ onCommit: onChange, onMessage: onChange }),
  });
  const { loop, startedAt, trace } = parts;
  try {
    const pace = virtualPace(loop);
    void parts.gateway.start('api_iot');
    await pace.completed(Promise.race([parts.gateway.start('platform'), starts.firstFailure]));
    const context = contextOf(parts, pace, subject, () => version);
    const { evidence, isFleetConnected, isSettled } = await conduct({
      ...context,
      plan: parts.plan,
      planAgain: newPlan,
      settings: { ...courseOf(testCase), quietMs: 0, evidenceWaitMs: 0 },
    });
    // How long a call takes and how often something is warned of is the engine's own matter.
    const loopFacts = { ...loop, unhandled: loop.unhandled, foreign: loop.foreign, open: () => [] };
    const facts = {
      isFleetConnected,
      isSettled: true,
      standstill: pace.standstill(),
      loop: loopFacts,
      trace: [],
    };
    const isBack = !parts.gateway.isComingBack();
    const at = loop.now() - startedAt;
    return {
      schedule: testCase,
      ...{ trace: trace.lines, traceHash: trace.hash(), evidence, isSettled },
      verdicts: verdictsOf(evidence, mapping),
      violations: [...judgeLoop(facts), ...starts.judged(isBack), ...stops.judged()].map((broken) => ({
        at,
        ...broken,
      })),
      injected: { ...parts.injected(), ...processCounts(trace.lines) },
      stats: { events: loop.stats.events, virtualMs: at },
    };
  } finally {
    parts.close();
  }
}

/** Notes the starts of an engine that fail. The first one ends the run; a later one is tried again every second. */
function startsOf() {
  let failures = 0;
  let last: unknown;
  let reject: (error: unknown) => void = () => {};
  const firstFailure = new Promise<never>((_, rejected) => {
    reject = rejected;
  });
  firstFailure.catch(() => {});
  return {
    firstFailure,
    onFailed(error: unknown) {
      failures += 1;
      last = error;
      reject(error);
    },
    judged: (isBack: boolean) =>
      isBack || failures === 0
        ? []
        : [
            {
              rule: 'engine starts again',
              sentence: `${failures} starts failed, the last with: ${String(last)}`,
            },
          ],
  };
}

/** Notes the stops of an engine that throw or reject. */
function stopsOf() {
  const errors: unknown[] = [];
  return {
    onFailed: (error: unknown) => void errors.push(error),
    judged: () =>
      errors.length === 0
        ? []
        : [
            {
              rule: 'engine stops',
              sentence: `${errors.length} stops failed, the last with: ${String(errors.at(-1))}`,
            },
          ],
  };
}

/** How often the process of the engine was killed and stopped. */
function processCounts(lines: readonly TraceLine[]): Record<string, number> {
  const of = (what: string) =>
    lines.filter(
      ({ process, event, fields }) => process === 'fault' && event === what && fields.process === 'engine',
    ).length;
  const [crashes, stops] = [of('crash'), of('stopped')];
  return {
    ...(crashes > 0 ? { 'engine crash': crashes } : {}),
    ...(stops > 0 ? { 'engine stop': stops } : {}),
  };
}

/** Answers to a request that did not reach what takes purchases. */
const unreached: ReadonlySet<number> = new Set([401, 403, 404, 405, 415]);

/** Throws where the mapping fits nothing of what there is: then no rule is judged. */
function verdictsOf(evidence: Evidence, mapping: Mapping): Verdict[] {
  const { plan, answers } = evidence;
  const cases = targetCases(plan, answers, evidence, mapping);
  const isUnreached = answers.every(({ status }) => status !== null && unreached.has(status));
  // A test case of one purchase may be one that the engine refuses.
  const accepted = answers.filter(({ status }) => status !== null && status < 300);
  const why = whyNothingFits(cases, isUnreached ? answers : accepted, evidence, mapping);
  if (why !== null) throw new Error(`the mapping cannot be used: ${why.text}`);
  return judgeRules(evidence, cases, mapping).filter(({ id }) => judgedRules.includes(id));
}

function contextOf(
  parts: TestCaseParts,
  virtual: ReturnType<typeof virtualPace>,
  { mapping, target, restMs = restDefaultMs }: Pick<EngineSubject, 'mapping' | 'target' | 'restMs'>,
  version: () => number,
) {
  const { loop, network, stores, sinks, messageLog, faults, components, plan, trace } = parts;
  const { reader } = stores.apiIot.connect(loop.process('evidence'));
  const customer = loop.process('customer');
  // The engine stands in the platform's place. The API IoT sends no notification: its deaths repeat none.
  const engineDeaths = () => parts.deaths().filter(({ process }) => process === 'platform').length;
  const take = async (): Promise<TakenEvidence> => ({
    ledger: await parts.ledger.allEntries(),
    payments: await parts.ledger.payments(),
    apiIot: await collectCommands(reader),
    broker: messageLog.messages(),
    mails: sinks.mails(),
    pushes: sinks.pushes(),
    ...noPlatform,
    repeatsMax: engineDeaths() + faults.channels.takenUnanswered(),
    httpFaults: faults.apiIot.counts(),
    paymentsFaults: faults.payments.counts(),
    channelFaults: channelCounts(faults.channels),
  });
  const { customers, look } = targetSide({
    ...{ clock: customer.clock, http: network.client(customer, answerMaxMs), target, plan, mapping, restMs },
    read: take,
    version: () => version() + sinks.mails().length + sinks.pushes().length,
  });
  let seen = -1;
  const looking = clockPace({
    clock: parts.clock,
    refresh: look.refresh,
    everyMs() {
      const hasMoved = seen !== version();
      seen = version();
      return hasMoved ? pollMs.moving : pollMs.resting;
    },
  });
  const areFaultsOver = stillCheck(parts);
  return {
    clock: parts.clock,
    pace: {
      ...virtual,
      until: (endAt: number, holds: () => boolean) => virtual.completed(looking.until(endAt, holds)),
    },
    fleet: parts.fleet,
    customers: traced(customers, trace),
    faults: {
      begin() {
        components.begin();
        faults.begin();
      },
      clear: () => endFaults(parts),
    },
    isStill: () => areFaultsOver() && look.isStill(),
    sources: {
      messages: messageLog.messages,
      async freeze() {
        loop.kill('engine');
        loop.kill('api_iot');
      },
      take,
    },
  };
}
