import type { Database } from '../../shared/ports/database.ts';
import type { Ids } from '../../shared/ports/ids.ts';
import type { Log } from '../../shared/ports/log.ts';
import { type BackgroundLoop, backgroundLoop } from '../background/background-loop.ts';
import type { PlatformSchema } from '../store/schema.ts';
import { type DeliveryDeps, deliverNotice } from './delivery.ts';
import {
  type ClaimedNotice,
  claimNotices,
  nextNoticeAt,
  type Outcome,
  saveOutcomes,
} from './notice-queue.ts';
import type { NoticeChannel } from './notice-table.ts';

export interface DispatcherDeps extends DeliveryDeps {
  readonly database: Database<PlatformSchema>;
  readonly ids: Ids;
  readonly log: Log;
  /** Called after each commit that wrote results of notifications to the purchase history, so that the event relay publishes them. */
  readonly onRecorded?: () => void;
}

/** How many tries ended how, since the start of this process. */
interface DispatchCounters {
  readonly sent: number;
  readonly retried: number;
  readonly dead: number;
  /** Sent by another process as well, or sent again after a crash with an unknown outcome. */
  readonly repeated: number;
}

export interface ChannelDispatcher {
  wake(): void;
  start(): void;
  stop(): Promise<void>;
  idle(): Promise<void>;
  counters(): DispatchCounters;
}

/** Waits after a database error. */
const backOff = { baseMs: 1_000, maxMs: 10_000 };
/** The wait when another process is at the same notifications. */
const contendedMs = 1_000;

/**
 * Delivers the notifications of one channel. Claims as many as there is room for, sends them at once (those of one customer one
 * after the other), and saves together what has ended while the last write was under way. One channel that
 * hangs takes no room from the other.
 */
export function channelDispatcher(deps: DispatcherDeps, channel: NoticeChannel): ChannelDispatcher {
  return new Dispatcher(deps, channel);
}

class Dispatcher implements ChannelDispatcher {
  readonly #deps: DispatcherDeps;
  readonly #channel: NoticeChannel;
  readonly #concurrency: number;
  readonly #claims: BackgroundLoop;
  readonly #saves: BackgroundLoop;
  /** The newest delivery of each customer, after which the next one begins. */
  readonly #perCustomerQueue = new Map<string, Promise<void>>();
  readonly #counts = { sent: 0, retried: 0, dead: 0, repeated: 0 };
  /** Claimed and not saved yet. */
  #underWay = 0;
  #ended: Outcome[] = [];
  /** Whether claiming ended for want of room: the database may hold more that is due. */
  #isFull: boolean = false;
  #idleWaiters: (() => void)[] = [];

  constructor(deps: DispatcherDeps, channel: NoticeChannel) {
    this.#deps = deps;
    this.#channel = channel;
    this.#concurrency = deps.settings.concurrency[channel];
    const { clock, log } = deps;
    const onPassEnd = () => this.#resolveIdle();
    this.#claims = backgroundLoop({
      ...{ clock, log, backOff, onPassEnd },
      failureLog: 'notices.claim_failed',
      pass: (signal) => this.#claim(signal),
      gatherMs: deps.settings.gatherMs,
    });
    this.#saves = backgroundLoop({
      ...{ clock, log, backOff, onPassEnd },
      failureLog: 'notices.save_failed',
      pass: () => this.#save(),
      // Without this last try the claims lapse, and what was sent goes out again under the same Message-ID.
      finishesOnStop: true,
    });
  }

  wake(): void {
    this.#claims.wake();
  }

  start(): void {
    this.#saves.start(null);
    this.#claims.start();
  }

  async stop(): Promise<void> {
    await this.#claims.stop();
    await Promise.all(this.#perCustomerQueue.values());
    await this.#saves.stop();
    this.#underWay = 0;
    this.#resolveIdle();
  }

  async idle(): Promise<void> {
    this.#claims.wakeAt(this.#deps.clock.now());
    await new Promise<void>((resolve) => {
      this.#idleWaiters.push(resolve);
      this.#resolveIdle();
    });
  }

  counters(): DispatchCounters {
    return { ...this.#counts };
  }

  #resolveIdle(): void {
    if (this.#underWay > 0 || this.#claims.counters().mode === 'running') return;
    const waiters = this.#idleWaiters;
    this.#idleWaiters = [];
    for (const resolve of waiters) resolve();
  }

  /** Claims until nothing is due or there is no room. Resolves with the instant at which to look again. */
  async #claim(signal: AbortSignal): Promise<number | null> {
    const { database, clock, settings } = this.#deps;
    const { claimMs, pollMs, batch, perAddress } = settings;
    this.#isFull = false;
    while (!signal.aborted && this.#underWay < this.#concurrency) {
      // A look is far cheaper than a write, and many a wake-up is for the other channel or comes too late.
      const nextAt = await nextNoticeAt(database.reader, this.#channel);
      const now = clock.now();
      if (nextAt === null || nextAt > now) return Math.min(nextAt ?? now + pollMs, now + pollMs);
      const limit = Math.min(batch, this.#concurrency - this.#underWay);
      const claim = { channel: this.#channel, now, claimMs, limit, perAddress };
      const { claimed, limited } = await database.write((transaction) =>
        claimNotices(transaction, database.dialect, claim),
      );
      for (const notice of claimed) this.#begin(notice);
      if (limited > 0)
        this.#deps.log.warn('notice.address_limited', { waiting: limited, max: perAddress?.max });
      if (claimed.length + limited === 0) return now + contendedMs;
    }
    this.#isFull = true;
    return null;
  }

  #begin(notice: ClaimedNotice): void {
    const { customer_id: customerId } = notice;
    this.#underWay += 1;
    const before = this.#perCustomerQueue.get(customerId) ?? Promise.resolve();
    const delivery = before
      .then(() => deliverNotice(this.#deps, notice))
      .then((outcome) => {
        if (this.#perCustomerQueue.get(customerId) === delivery) this.#perCustomerQueue.delete(customerId);
        this.#ended.push(outcome);
        this.#saves.wake();
      });
    this.#perCustomerQueue.set(customerId, delivery);
  }

  /** Saves what has ended; what ends meanwhile goes into the next write. */
  async #save(): Promise<null> {
    const { database, ids } = this.#deps;
    while (this.#ended.length > 0) {
      const outcomes = this.#ended;
      this.#ended = [];
      try {
        const repeated = await database.write((transaction) => saveOutcomes(transaction, ids, outcomes));
        this.#saved(outcomes, repeated);
      } catch (error) {
        this.#ended = [...outcomes, ...this.#ended];
        // A stop makes one more try.
        this.#saves.wake();
        throw error;
      }
    }
    return null;
  }

  #saved(outcomes: readonly Outcome[], repeated: number): void {
    this.#underWay -= outcomes.length;
    this.#deps.onRecorded?.();
    this.#count(outcomes, repeated);
    for (const outcome of outcomes) if (outcome.status === 'retry') this.#claims.wakeAt(outcome.dueAt);
    const isReleased = outcomes.some((outcome) => outcome.status === 'released');
    if (this.#isFull || isReleased) this.#claims.wakeAt(this.#deps.clock.now());
  }

  #count(outcomes: readonly Outcome[], repeated: number): void {
    const counts = this.#counts;
    counts.repeated += repeated;
    for (const outcome of outcomes) {
      if (outcome.status === 'sent') counts.sent += 1;
      if (outcome.status === 'sent' && outcome.notice.repeated) counts.repeated += 1;
      if (outcome.status === 'retry') counts.retried += 1;
      if (outcome.status === 'dead') counts.dead += 1;
      this.#log(outcome);
    }
  }

  #log(outcome: Outcome): void {
    const { log } = this.#deps;
    const { notice } = outcome;
    const fields = {
      noticeId: notice.id,
      channel: this.#channel,
      kind: notice.kind,
      tries: notice.tries + 1,
    };
    if (outcome.status === 'retry')
      log.warn('notice.retry_scheduled', { ...fields, dueAt: outcome.dueAt, reason: outcome.error });
    if (outcome.status === 'dead') log.error('notice.dead', { ...fields, reason: outcome.error });
  }
}
