import { passMs } from '../../gateway/entitlement/reconciler.ts';
import { sleep } from '../../shared/ports/clock.ts';
import { channelCounts } from '../faults/channel-gates.ts';
import { endOfWindows } from '../faults/fault-schedule.ts';
import { standingForm } from '../fleet/vehicle-faults.ts';
import { collectCommands, collectDatabase } from '../reports/collect.ts';
import type { Evidence, PurchaseAnswer } from '../reports/evidence.ts';
import { partFaultEnd } from '../scenarios/part-fault.ts';
import type { Plan } from '../scenarios/plan.ts';
import { isBeyondCommand } from '../scenarios/plan-vehicles.ts';
import { buyAll } from './buying.ts';
import { progressOf } from './progress.ts';
import { settledState } from './settled.ts';
import type { RunStage } from './stage.ts';

const watchEveryMs = 250;
/** What waits for a vehicle that no command reaches is given so long to be done all the same: a wedged one may report. */
const unreachableMs = 2_000;
/** The faults of the services heal so long after the last purchase, or when their last window ends: then everything has to end. */
const healAfterMs = 2_000;

/** The course of every run, whatever its parts are made of: the fleet connects, customers buy, faults heal, all ends. */
export async function conduct(stage: RunStage): Promise<Evidence> {
  const { plan, clock, cars, buyer } = stage;
  const services = servicesOf(stage);
  const answers: PurchaseAnswer[] = [];
  const progress = progressOf(stage, answers);
  await progress.tell('connecting');
  await unlessStopped(stage, cars.start());
  const startedAt = clock.now();
  stage.parts?.begin();
  for (const service of services) service.begin();
  progress.follow();
  const work = async () => {
    await progress.tell('running');
    await buyAll({ client: buyer, clock, plan, startedAt, answers });
    const wantedMs = Math.max(lastWindowEnd(plan), lastLossSeen(plan));
    const healAt = Math.max(clock.now() + healAfterMs, startedAt + wantedMs);
    await sleep(clock, healAt - clock.now());
    const at = clock.now();
    for (const service of services) service.clear();
    await progress.tell('settling');
    await untilSettled(stage);
    return at;
  };
  let healedAt: number;
  try {
    healedAt = await unlessStopped(stage, work());
  } finally {
    await progress.stop();
  }
  await progress.tell('checking');
  return { ...(await takeEvidence(stage, startedAt, answers)), healedAt };
}

/** Nobody waits any more for the work of a run that was stopped: it ends with the parts that it needs. */
function unlessStopped<Value>({ stopped }: RunStage, work: Promise<Value>): Promise<Value> {
  return stopped === undefined ? work : Promise.race([work, stopped]);
}

/** All services whose faults begin and heal with the run. */
function servicesOf({ faults, channels }: RunStage) {
  const behind = faults ? [faults.apiIot, faults.payments] : [];
  return [...behind, channels.mail, channels.push];
}

function lastWindowEnd({
  apiIotFaults,
  paymentsFaults = [],
  channelFaults = [],
  partFaults = [],
}: Plan): number {
  const all = [...apiIotFaults, ...paymentsFaults, ...channelFaults];
  return Math.max(
    0,
    ...all.map((fault) => endOfWindows(fault.schedule) ?? 0),
    ...partFaults.map(partFaultEnd),
  );
}

/** When reconciliation has looked at every vehicle after the last one lost a feature; 0 without either. */
function lastLossSeen({ vehicles, constants: { reconcileEveryMs = 0 } }: Plan): number {
  const losses = vehicles.flatMap(({ faults }) =>
    faults.map(standingForm).flatMap(({ type, schedule }) => {
      if (type !== 'feature_lost') return [];
      const { afterMs = 0, everyMs = 0, first = 1 } = schedule ?? {};
      return [afterMs + (first - 1) * everyMs];
    }),
  );
  if (reconcileEveryMs === 0 || losses.length === 0) return 0;
  return Math.max(...losses) + passMs(reconcileEveryMs, vehicles.length) + healAfterMs;
}

/**
 * Waits until all has ended, or the bound of the policy is over: the checks then say what has not. Once nothing but
 * revocations is left, vehicles that their connectivity keeps away come back: a car that sleeps for eight hours owes
 * nothing before it wakes, and what it owes then is worth seeing.
 */
async function untilSettled({ plan, clock, cars, witnesses }: RunStage): Promise<void> {
  const { maxRetries, maxDelayMs, commandTimeoutMs, resultGraceMs, quotaWindowMs } = plan.constants;
  const attemptMs = commandTimeoutMs + resultGraceMs + maxDelayMs;
  const boundMs = (maxRetries + 2) * attemptMs + quotaWindowMs + plan.slackMs;
  const endAt = clock.now() + boundMs;
  const beyond = new Set(
    plan.vehicles.filter((one) => isBeyondCommand(one, commandTimeoutMs)).map((one) => one.vin),
  );
  let patienceEndAt = Number.POSITIVE_INFINITY;
  while (clock.now() < endAt) {
    const settled = await settledState(witnesses.databases.platform, beyond);
    if (settled === 'all') return;
    if (settled === 'all but the unreachable') {
      patienceEndAt = Math.min(patienceEndAt, clock.now() + unreachableMs);
      if (clock.now() >= patienceEndAt) return;
    }
    if (settled === 'purchases') cars.endOutages();
    await sleep(clock, watchEveryMs);
  }
}

async function takeEvidence(
  { plan, planAgain, clock, cars, faults, channels, witnesses }: RunStage,
  startedAt: number,
  answers: readonly PurchaseAnswer[],
): Promise<Evidence> {
  const { databases, ledger } = witnesses;
  const takenAt = clock.now();
  const database = await collectDatabase(databases.platform.reader);
  const events = await witnesses.openEvents();
  try {
    return {
      plan,
      planAgain: JSON.stringify(planAgain()),
      startedAt,
      takenAt,
      answers,
      ledger: await ledger.allEntries(),
      database,
      apiIot: await collectCommands(databases.apiIot.reader),
      broker: witnesses.broker(),
      vehicles: cars.states(),
      mails: await witnesses.mails(),
      pushes: witnesses.pushes(),
      events: await events.seenOf(databases.platform, new Set(database.record.map((row) => row.id))),
      crashes: witnesses.crashes(),
      ...(witnesses.newsMs ? { newsMs: witnesses.newsMs() } : {}),
      httpFaults: faults?.apiIot.counts() ?? {},
      paymentsFaults: faults?.payments.counts() ?? {},
      channelFaults: channelCounts(channels),
    };
  } finally {
    await events.stop();
  }
}
