import type { Evidence, PurchaseAnswer } from '../reports/evidence.ts';
import { buyAll } from './buying.ts';
import { areCommandsAtRest, isAllButUnreachable, nothingOpen } from './open-work.ts';
import { progressOf } from './progress.ts';
import type { RunContext } from './run-context.ts';

/** Result of a run. */
export interface Conducted {
  readonly evidence: Evidence;
  /** All vehicles were connected when the workload began. */
  readonly isFleetConnected: boolean;
  /** All had ended when the evidence was taken. */
  readonly isSettled: boolean;
}

/**
 * Conducts a run in either environment: the fleet connects, customers buy, faults end, all activations settle, the evidence
 * is collected.
 */
export async function conduct(run: RunContext): Promise<Conducted> {
  const { plan, pace, settings, customers, faults } = run;
  const answers: PurchaseAnswer[] = [];
  const progress = progressOf(run, answers);
  if (run.progress) await progress.enter('connecting');
  progress.follow();
  const isFleetConnected = await connect(run).catch(async (error: unknown) => {
    await progress.stop();
    throw error;
  });
  const startedAt = pace.now();
  faults.begin();
  if (run.progress) await progress.enter('running');
  const hearing = {
    ...customers,
    onAnswer(answer: PurchaseAnswer) {
      answers.push(answer);
      customers.onAnswer?.(answer);
    },
  };
  const bought = buyAll(hearing, plan, startedAt);
  const actions = run.startActions?.(bought, startedAt);
  const isQuiet = quietCheck(
    run,
    () => actions?.isOver() !== false && answers.length === plan.purchases.length,
  );
  let healedAt: number | undefined;
  let isSettled: boolean;
  try {
    isSettled = await untilFaultsEnd(run, startedAt, isQuiet, bought);
    if (!isSettled || settings.endsWhenSettled !== true) {
      healedAt = pace.now();
      faults.clear();
      await progress.enter('settling');
      const look = settledLook(run, isQuiet, settings.calmMs, settings.unreachableMs);
      const { livenessMs } = settings;
      isSettled = await pace.until(pace.now() + livenessMs * (run.slowness?.() ?? 1), look);
    }
    if (settings.quietMs > 0) await pace.pass(pace.now() + settings.quietMs);
    await pace.until(pace.now() + settings.evidenceWaitMs, isQuiet);
  } finally {
    await progress.stop();
  }
  await progress.enter('checking');
  const healed = healedAt === undefined ? {} : { healedAt };
  const acted = actions?.answers ? { actions: actions.answers() } : {};
  const evidence = await takeEvidence(run, { startedAt, ...healed, answers, ...acted });
  return { evidence, isFleetConnected, isSettled };
}

async function connect({ settings: { connectMs }, pace, fleet }: RunContext): Promise<boolean> {
  let isConnected: boolean = false;
  const workloadAt = connectMs === undefined ? undefined : pace.now() + connectMs;
  const connected = fleet.start(workloadAt).then(() => {
    isConnected = true;
  });
  if (workloadAt === undefined) await pace.completed(connected);
  else await pace.pass(workloadAt);
  return isConnected;
}

/** Resolves with whether all has ended already. */
async function untilFaultsEnd(
  run: RunContext,
  startedAt: number,
  isQuiet: () => boolean,
  bought: readonly Promise<PurchaseAnswer>[],
): Promise<boolean> {
  const { pace, settings } = run;
  const { faultsEnd } = settings;
  if (faultsEnd.when === 'settled') {
    const look = settledLook(run, isQuiet, 0, Number.POSITIVE_INFINITY);
    return pace.until(startedAt + faultsEnd.maxMs, look);
  }
  await pace.completed(Promise.all(bought));
  const endAt = Math.max(pace.now() + faultsEnd.afterMs, startedAt + faultsEnd.leastMs);
  await pace.pass(endAt);
  await pace.until(endAt + settings.livenessMs, () => run.faults.isPending?.() !== true || isQuiet());
  return false;
}

/** Whether no work is in progress, by the databases, where there are some to ask, and the MQTT messages. `isOver`: no user will act any more. */
function quietCheck({ books, isStill, sources }: RunContext, isOver: () => boolean): () => boolean {
  return () =>
    isOver() &&
    isStill?.() !== false &&
    (books === undefined ||
      (isAllButUnreachable(books.openWork()) && areCommandsAtRest(books.openCommands(), sources.messages)));
}

/**
 * Whether all work has ended for `calmMs`, or only revocations that no command can end have been open for `unreachableMs`
 * (infinite: those count as ended). Once only revocations are left, vehicles that are offline by their connectivity profile
 * reconnect, so that the run shows their revocations too.
 */
function settledLook(
  { pace, books, fleet, settings: { lookEveryMs } }: RunContext,
  isQuiet: () => boolean,
  calmMs: number,
  unreachableMs: number,
): () => boolean {
  let lookAt = 0;
  let quietSince: number | null = null;
  let unreachableSince: number | null = null;
  let isSettled: boolean = false;
  return () => {
    const now = pace.now();
    if (isSettled || now < lookAt) return isSettled;
    lookAt = now + lookEveryMs;
    const work = books?.openWork() ?? nothingOpen;
    const waitsForUnreachable = books !== undefined && unreachableMs !== Number.POSITIVE_INFINITY;
    // What no command should reach may end all the same: a wedged vehicle reports a feature that it never switched on.
    const isOver = isQuiet() && (work.unreachable === 0 || !waitsForUnreachable);
    quietSince = isOver ? (quietSince ?? now) : null;
    isSettled = quietSince !== null && now - quietSince >= calmMs;
    if (isSettled || !waitsForUnreachable) return isSettled;
    if (work.activations === 0) fleet.endOutages();
    const isLeft = isAllButUnreachable(work) && work.unreachable > 0;
    unreachableSince = isLeft ? (unreachableSince ?? now) : null;
    isSettled = unreachableSince !== null && now - unreachableSince >= unreachableMs;
    return isSettled;
  };
}

async function takeEvidence(
  { plan, planAgain, pace, fleet, sources, slowness }: RunContext,
  seen: Pick<Evidence, 'startedAt' | 'healedAt' | 'answers' | 'actions'>,
): Promise<Evidence> {
  await sources.freeze?.();
  const takenAt = pace.now();
  const vehicles = fleet.states();
  return {
    plan,
    planAgain: JSON.stringify(planAgain()),
    ...seen,
    takenAt,
    ...(slowness ? { slowness: slowness() } : {}),
    vehicles,
    ...(await sources.take()),
  };
}
