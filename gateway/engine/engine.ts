import type { Transaction } from 'kysely';
import type { Bus, Consumption, Delivery } from '../../shared/ports/bus.ts';
import type { Database } from '../../shared/ports/database.ts';
import type { EventLoop } from '../../shared/ports/event-loop.ts';
import type { Log } from '../../shared/ports/log.ts';
import { streams, subjects } from '../../shared/protocol/subjects.ts';
import { type Activation, isBackground, nextDueAt } from '../activation/activation.ts';
import type { ActivationEvent } from '../activation/event.ts';
import type { Fact } from '../activation/fact.ts';
import { outstanding } from '../activation/outstanding.ts';
import { commandingPhases } from '../activation/phase.ts';
import { transition } from '../activation/transition.ts';
import type { CommandEnded } from '../adapter/answers.ts';
import { backOffMs } from '../background/back-off.ts';
import { backgroundLoop } from '../background/background-loop.ts';
import { expire, isEntitlementId } from '../entitlement/expiry.ts';
import { countedWarnings } from '../http/counted-warnings.ts';
import {
  currentVersion,
  loadActivation,
  nextForVehicle,
  type Overdue,
  overdueActivations,
  type StoredActivation,
  saveActivation,
  waitingActivations,
} from '../store/activations.ts';
import { anyCommittedWork, type CommittedWork, noCommittedWork } from '../store/committed-work.ts';
import { overdueEntitlements } from '../store/entitlements.ts';
import type { PlatformSchema } from '../store/schema.ts';
import { StaleRow } from '../store/stale-row.ts';
import { isRegistered } from '../store/vehicles.ts';
import type { OpenedTicket } from '../support/ticket.ts';
import { attemptOf, inTraceOf } from './activation-spans.ts';
import { type BreakerSettings, standardBreaker } from './breaker.ts';
import { attemptOfKey, eventOfCommand, isAsked } from './command.ts';
import { directWork } from './direct-work.ts';
import { type Decision, decideStart, runEffect } from './effects.ts';
import { reportFacts } from './fact-report.ts';
import { observedVehicles } from './observed-vehicles.ts';
import type { EffectDeps } from './ports.ts';
import { type ProjectionDeps, project } from './projection.ts';
import { registeredVehicles } from './registered-vehicles.ts';
import { sharedBreaker } from './shared-breaker.ts';
import { singleFlight } from './single-flight.ts';
import { wakeUpKeeper } from './wake-up-keeper.ts';
import { isHeld, openGate, type WorkGate } from './work-gate.ts';
import { workPace } from './work-pace.ts';

export interface EngineSettings {
  /** Activations worked on at once in this process. */
  readonly concurrency: number;
  /** A wake-up that is not answered within this time is delivered again (its worker died). */
  readonly ackWaitMs: number;
  /** How often overdue activations are looked for: a wake-up may have been lost with the whole of NATS. */
  readonly sweepEveryMs: number;
  /** How long past its moment an activation counts as overdue. */
  readonly sweepGraceMs: number;
  readonly breaker: BreakerSettings;
}

export const standardSettings: EngineSettings = {
  concurrency: 256,
  ackWaitMs: 60_000,
  sweepEveryMs: 15_000,
  sweepGraceMs: 5_000,
  breaker: standardBreaker,
};

export interface EngineDeps extends EffectDeps, ProjectionDeps {
  /** Absent in virtual time, where a turn takes none. */
  readonly eventLoop?: Pick<EventLoop, 'lagMs'>;
  readonly database: Database<PlatformSchema>;
  readonly bus: Bus;
  readonly log: Log;
  readonly settings: EngineSettings;
  /** Absent: everything may be worked on. */
  readonly gate?: WorkGate;
  /** Called after each commit that wrote record rows, and with each sweep. */
  readonly onCommitted: (work: CommittedWork) => void;
}

/** Steps of one activation in a row; then others have their turn. */
const turnMax = 32;
const staleRetryMax = 8;
const pauseMs = 1_000;
/** How soon what may not be worked on is looked at again. */
const heldPauseMs = 10_000;
/** Longest wait of an activation whose work throws; the first is a second, and each doubles. */
const failedPauseMaxMs = 30_000;
/** Failing activations that are counted; beyond it counting starts anew. */
const failedMax = 10_000;
/** Overdue activations that are read at once. */
const sweepMax = 1_000;
/** While the bus is away the sweep takes the place of the wake-ups: it runs so many times as often, and without the grace. */
const awaySweepFactor = 10;

/** A wake-up of another database, or of one that was restored to an earlier state. */
class UnknownActivation extends Error {
  override readonly name = 'UnknownActivation';
}

/**
 * The only writer of activation state: load → transition → save (with facts and projections) → effects, until nothing is due.
 * A wake-up is only a hint: a lost one is found by the sweep, a repeated or early one does no harm.
 */
export function activationEngine(outer: EngineDeps) {
  const { clock, database, bus, log, settings, gate = openGate } = outer;
  const guard = sharedBreaker({
    ...{ clock, log, database, ids: outer.ids, settings: settings.breaker },
    onRecorded: () => outer.onCommitted({ ...noCommittedWork, tickets: true }),
  });
  const warnings = countedWarnings({ clock, log });
  const vehicles = registeredVehicles(observedVehicles(outer.vehicles, guard), {
    isRegistered: (vin) => isRegistered(database, vin),
    onContradiction: (vin) => warnings('vehicle.unknown_to_api_iot', { vin }),
  });
  const deps: EngineDeps = { ...outer, breaker: guard, vehicles };
  let consumption: Consumption | null = null;
  let stopped = false;
  const keeper = wakeUpKeeper(clock);
  /** Activations whose work threw: how often in a row, and until when they wait. */
  const failures = new Map<string, { readonly count: number; readonly until: number }>();
  const background = new Set<Promise<unknown>>();

  async function publishWakeUp(id: string, messageId?: string): Promise<void> {
    await bus.publish(subjects.wakeUp(id), id, messageId === undefined ? {} : { messageId });
  }

  /**
   * The state is saved, so no caller waits for the bus: if the bus refuses the wake-up, this process works on the
   * activation, or the sweep finds it.
   */
  function wake(ids: readonly string[]): void {
    const isAway = bus.problem() !== null;
    for (const id of ids) {
      if (isAway) direct.add(id);
      inBackground(
        publishWakeUp(id).catch((error: unknown) => {
          warnings('engine.wake_up_lost', { reason: String(error) });
          direct.add(id);
        }),
      );
    }
  }

  /**
   * Applies events to an activation in one transaction: to the known state, or to the current one when another process has saved it since.
   * Resolves with the saved activation, unchanged when nothing was accepted.
   */
  async function apply(known: StoredActivation, decisions: readonly Decision[]): Promise<StoredActivation> {
    const { id } = known.activation;
    let before: StoredActivation | null = known;
    for (let tries = 1; ; tries += 1) {
      try {
        const expected: StoredActivation | null = before;
        const saved = await database.write((transaction) =>
          applyIn(transaction, deps, id, expected, decisions),
        );
        if (saved.changed) deps.onCommitted(saved.work);
        reportFacts(deps, saved.stored, saved.facts, saved.ticket);
        wake(saved.wake);
        return saved.stored;
      } catch (error) {
        if (!(error instanceof StaleRow) || tries >= staleRetryMax) throw error;
        before = null;
      }
    }
  }

  async function work(id: string, until: (activation: Activation) => boolean): Promise<StoredActivation> {
    let stored = await loadActivation(database.reader, id);
    if (!stored) throw new UnknownActivation(`there is no activation ${id}`);
    for (
      let turn = 0;
      turn < turnMax && !stopped && !isHeld(gate, stored.activation, clock.now());
      turn += 1
    ) {
      if (until(stored.activation)) break;
      const effects = outstanding(stored.activation, clock.now());
      if (effects.length === 0) break;
      const current: StoredActivation = stored;
      const decisions = await Promise.all(
        effects.map((effect) =>
          inTraceOf(deps, id, () => runEffect(deps, current, effect), attemptOf(effect)),
        ),
      );
      stored = await apply(current, decisions.flat());
      // What decided nothing would decide nothing again at once.
      if (stored.version === current.version) break;
    }
    return stored;
  }

  /** When the next moment comes that its wake-up waits for; null: none. */
  const advance = singleFlight(
    async (id: string): Promise<number | null> =>
      isEntitlementId(id) ? endInTime(id) : dueAtOf((await work(id, () => false)).activation),
  );

  function dueAtOf(activation: Activation): number | null {
    const dueAt = nextDueAt(activation);
    return dueAt !== null && isHeld(gate, activation, clock.now())
      ? Math.max(dueAt, clock.now() + heldPauseMs)
      : dueAt;
  }

  /** Its next moment is its only one, months away at times: the sweep knows it, no message waits for it. */
  async function endInTime(id: string): Promise<number | null> {
    if (!gate.maySwitchOff()) return clock.now() + heldPauseMs;
    const createdIds = await expire(deps, id, clock.now());
    if (createdIds === null) throw new UnknownActivation(`there is no entitlement ${id}`);
    deps.onCommitted(anyCommittedWork);
    wake(createdIds);
    return null;
  }

  /** One message of an activation waits for its next moment; a second one goes. */
  function giveBack(delivery: Delivery, waitMs: number): void {
    const { payload: id, sequence } = delivery;
    const until = clock.now() + waitMs;
    if (keeper.isSpare(id, sequence, until)) {
      delivery.ack();
      return;
    }
    keeper.keep(id, sequence, until);
    delivery.nak(waitMs);
  }

  async function handle(delivery: Delivery): Promise<void> {
    const id = delivery.payload;
    try {
      const dueAt = await pace(() => advance(id));
      failures.delete(id);
      if (dueAt === null) {
        keeper.forget(id);
        return delivery.ack();
      }
      const waitMs = dueAt - clock.now();
      // Due already, though work stopped: something did not move. Come back, but do not spin.
      giveBack(delivery, waitMs > 0 ? waitMs : pauseMs);
    } catch (error) {
      if (!(error instanceof UnknownActivation)) return giveBack(delivery, failedPauseMs(id, error));
      log.warn('engine.wake_up_unknown_id', { id });
      delivery.ack();
    }
  }

  /** What throws is a mistake or a broken database: an operator reads of it, and no other activation waits for it. */
  function failedPauseMs(id: string, error: unknown): number {
    if (failures.size >= failedMax) failures.clear();
    const count = (failures.get(id)?.count ?? 0) + 1;
    const waitMs = backOffMs({ baseMs: pauseMs, maxMs: failedPauseMaxMs }, count);
    failures.set(id, { count, until: clock.now() + waitMs });
    log.error('engine.work_failed', { id, failures: count, reason: String(error) });
    return waitMs;
  }

  const pace = workPace({ ...outer, concurrency: settings.concurrency });
  const direct = directWork({
    concurrency: settings.concurrency,
    async work(id) {
      if ((failures.get(id)?.until ?? 0) > clock.now()) return;
      try {
        await pace(() => advance(id));
        failures.delete(id);
      } catch (error) {
        failedPauseMs(id, error);
      }
    },
  });

  /** All of one kind that are overdue, page by page: those that cannot move must not hide the others behind them. */
  async function wakeOverdue(read: typeof overdueActivations): Promise<{ overdue: number; lost: number }> {
    const isAway = bus.problem() !== null;
    const before = clock.now() - (isAway ? 0 : settings.sweepGraceMs);
    let [overdue, lost] = [0, 0];
    for (let page: Overdue[] = []; !stopped; ) {
      page = await read(database.reader, before, page.at(-1) ?? null, sweepMax);
      if (isAway) for (const { id } of page) direct.add(id);
      // One wake-up a due moment: the stream drops the repeats while the first is still waiting to be worked on.
      const results = await Promise.allSettled(
        page.map(({ id, dueAt }) => publishWakeUp(id, `${id}:${dueAt}`)),
      );
      overdue += page.length;
      const refused = page.filter((_, index) => results[index]?.status === 'rejected');
      lost += refused.length;
      const hasRoom = refused.every(({ id }) => direct.add(id));
      // Without a bus the rest waits for the next sweep.
      if (page.length < sweepMax || !hasRoom) break;
    }
    return { overdue, lost };
  }

  async function sweep(): Promise<void> {
    await guard.follow();
    const activations = await wakeOverdue(overdueActivations);
    const entitlements = await wakeOverdue(overdueEntitlements);
    const overdue = activations.overdue + entitlements.overdue;
    const lost = activations.lost + entitlements.lost;
    if (overdue > 0) log.info('engine.sweep', { overdue });
    if (lost > 0) log.warn('engine.wake_up_lost', { lost });
    // Another process may have committed and crashed before it published the wake-up.
    deps.onCommitted(anyCommittedWork);
  }

  const sweeps = backgroundLoop({
    clock,
    log,
    failureLog: 'engine.sweep_failed',
    async pass() {
      await sweep();
      return clock.now() + settings.sweepEveryMs / (bus.problem() === null ? 1 : awaySweepFactor);
    },
    backOff: { baseMs: settings.sweepEveryMs, maxMs: settings.sweepEveryMs },
  });

  function inBackground(work: Promise<unknown>): void {
    const task = work.finally(() => background.delete(task));
    background.add(task);
  }

  /** Resumes sales that wait for a probe of an incident that is over; others that were postponed are postponed again. */
  async function resumePostponed(): Promise<void> {
    const from = clock.now();
    let page: StoredActivation[] = [];
    do {
      const last = page.at(-1)?.activation;
      const after = { id: last?.id ?? '', dueAt: last?.dueAt ?? from };
      page = await waitingActivations(database.reader, from + guard.longestWaitMs, after, sweepMax);
      for (const stored of page) {
        const { id, kind, postponed, rateLimits = 0 } = stored.activation;
        if (kind !== 'activation' || postponed + rateLimits === 0) continue;
        await apply(stored, [{ type: 'vehicle_free', at: clock.now(), cause: 'incident_ended' }]);
        wake([id]);
      }
    } while (page.length === sweepMax && !stopped);
  }

  /** Continues without making the caller wait. If the process crashes, the waiting wake-up repeats the work. */
  function continueInBackground(id: string): void {
    inBackground(
      advance(id).catch((error: unknown) =>
        log.error('engine.advance_failed', { id, reason: String(error) }),
      ),
    );
  }

  /** Saves what a customer or an operator decided, and works on the activation without making the caller wait. */
  async function take(id: string, decided: () => ActivationEvent): Promise<Activation> {
    const stored = await loadActivation(database.reader, id);
    if (!stored) throw new UnknownActivation(`there is no activation ${id}`);
    const { activation } = await apply(stored, [decided()]);
    continueInBackground(id);
    return activation;
  }

  return {
    async start(): Promise<void> {
      consumption = await bus.consume(
        {
          stream: streams.wakeUps.name,
          durable: 'engine',
          subject: subjects.allWakeUps,
          ackWaitMs: settings.ackWaitMs,
          concurrency: settings.concurrency,
        },
        handle,
      );
      await sweep();
      sweeps.start(settings.sweepEveryMs / (bus.problem() === null ? 1 : awaySweepFactor));
    },

    /** Settles the open payment step of a new activation once, and hands it to the queue. */
    async begin(id: string): Promise<Activation> {
      const { activation } = await work(
        id,
        (one) => one.phase !== 'awaiting_payment' || (one.settlement?.unanswered ?? 0) > 0,
      );
      if (nextDueAt(activation) !== null) wake([id]);
      return activation;
    },

    /** Saves the customer's cancellation request; resolves with the activation's new state. */
    cancel: (id: string): Promise<Activation> =>
      take(id, () => ({ type: 'cancel_requested', at: clock.now() })),

    /** Saves an operator's decision about a payment; the engine then calls the payment service in the background. */
    settle: (id: string, event: ActivationEvent): Promise<Activation> => take(id, () => event),

    /** An operator has paused the engine: this process knows it at once, others with their next sweep. */
    pause: guard.follow,

    /** An operator looks after an activation: what was postponed, or waits because its work threw, is worked on now. */
    requeue(id: string): Promise<Activation> {
      failures.delete(id);
      return take(id, () => ({ type: 'vehicle_free', at: clock.now() }));
    },

    /** An operator has ended an incident: activations that it has postponed continue, one after the other. */
    async resume(): Promise<void> {
      await guard.follow();
      inBackground(
        resumePostponed().catch((error: unknown) =>
          log.error('engine.resume_failed', { reason: String(error) }),
        ),
      );
    },

    /** A verified callback: resolves once it is saved. A callback of a command that is not ours is ignored. */
    async receive({ command }: CommandEnded): Promise<void> {
      const stored = await loadActivation(database.reader, command.reference);
      const attempt = stored && attemptOfKey(stored.activation.id, command.key);
      if (!stored || !attempt || !isAsked(command, stored.activation))
        return log.warn('engine.callback_unmatched', { commandId: command.id });
      const event = await eventOfCommand(deps, command.vin, attempt, command);
      await apply(stored, [event]);
      continueInBackground(stored.activation.id);
    },

    /** Takes no new work and waits for what is under way. */
    async stop(): Promise<void> {
      stopped = true;
      await Promise.all([sweeps.stop(), consumption?.stop(), direct.stop()]);
      while (background.size > 0) await Promise.allSettled([...background]);
      await guard.stop();
    },
  };
}

export type Engine = ReturnType<typeof activationEngine>;

interface Saved {
  readonly stored: StoredActivation;
  readonly facts: readonly Fact[];
  readonly changed: boolean;
  readonly work: CommittedWork;
  readonly ticket: OpenedTicket | null;
  readonly wake: readonly string[];
}

async function applyIn(
  transaction: Transaction<PlatformSchema>,
  deps: EngineDeps,
  id: string,
  known: StoredActivation | null,
  decisions: readonly Decision[],
): Promise<Saved> {
  // Saving compares versions, so what is known need not be read again before it.
  const before = known ?? (await loadActivation(transaction, id));
  if (!before) throw new Error(`there is no activation ${id}`);
  const facts: Fact[] = [];
  let activation = before.activation;
  const take = (event: ActivationEvent) => {
    const outcome = transition(activation, event);
    if (outcome.verdict === 'accepted') facts.push(...outcome.facts);
    else
      deps.log[outcome.verdict === 'rejected' ? 'warn' : 'info'](`transition.${outcome.verdict}`, {
        id,
        event: event.type,
        reason: outcome.reason,
      });
    activation = outcome.activation;
  };
  for (const decision of decisions)
    take(typeof decision === 'function' ? await decision(transaction, activation) : decision);
  // What is decided by rows alone follows at once and saves a commit; while an operator has paused the engine, it waits.
  const starts =
    deps.breaker?.incident()?.cause !== 'paused' &&
    outstanding(activation, deps.clock.now()).some((effect) => effect.type === 'start_attempt');
  if (starts && !isBackground(activation)) take(await decideStart(transaction, activation, deps.clock.now()));
  if (activation === before.activation) {
    const isCurrent = known === null || (await currentVersion(transaction, id)) === known.version;
    return isCurrent
      ? { stored: before, facts: [], changed: false, work: noCommittedWork, ticket: null, wake: [] }
      : applyIn(transaction, deps, id, null, decisions);
  }
  const at = deps.clock.now();
  const stored = await saveActivation(transaction, before, activation, at);
  const { createdIds, work, ticket } = await project(transaction, deps, stored, facts);
  const freed = await freeVehicle(transaction, before.activation, activation, at);
  return { stored, facts, changed: true, work, ticket, wake: [...createdIds, ...freed] };
}

/** The vehicle's command is over: the next of its postponed activations may look again. */
async function freeVehicle(
  transaction: Transaction<PlatformSchema>,
  before: Activation,
  after: Activation,
  at: number,
): Promise<string[]> {
  const wasBusy = commandingPhases.has(before.phase);
  if (!wasBusy || commandingPhases.has(after.phase)) return [];
  const next = await nextForVehicle(transaction, after.vin, after.id);
  if (!next) return [];
  // It waits, and was postponed: it takes this in every state that it can be in.
  const { activation } = transition(next.activation, { type: 'vehicle_free', at });
  await saveActivation(transaction, next, activation, at);
  return [next.activation.id];
}
