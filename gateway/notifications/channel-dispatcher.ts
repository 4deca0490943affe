import type { Timer } from '../../shared/ports/clock.ts';
import type { Database } from '../../shared/ports/database.ts';
import type { Ids } from '../../shared/ports/ids.ts';
import type { Log } from '../../shared/ports/log.ts';
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
  /** Told after each commit that wrote to the record what became of notices: it is an outbox that somebody has to look at. */
  readonly onRecorded?: () => void;
}

/** How many tries ended how, since the start of this process. */
interface DispatchCounters {
  readonly sent: number;
  readonly retried: number;
  readonly dead: number;
  /** Sent by us and by another process as well, or sent again after a crash whose outcome nobody knows. */
  readonly repeated: number;
}

export interface ChannelDispatcher {
  wake(): void;
  start(): void;
  stop(): Promise<void>;
  idle(): Promise<void>;
  counters(): DispatchCounters;
}

/** After a database error, or when another process is at the same notices. */
const databaseRetryMs = 1_000;

/**
 * Delivers the notices of one channel. Claims as many as there is room for, sends them at once (those of one customer one
 * after the other), and writes down together what has ended while the last write was under way. One channel that
 * hangs takes no room from the other.
 */
export function channelDispatcher(deps: DispatcherDeps, channel: NoticeChannel): ChannelDispatcher {
  const { database, clock, ids, log, settings } = deps;
  const concurrency = settings.concurrency[channel];
  const lanes = new Map<string, Promise<void>>();
  const counts = { sent: 0, retried: 0, dead: 0, repeated: 0 };
  let running = false;
  let underWay = 0;
  let ended: Outcome[] = [];
  let saving = false;
  let claiming = false;
  /** The database may hold due notices that were not looked for yet. */
  let hungry = false;
  let timer: Timer | null = null;
  let timerAt = Number.POSITIVE_INFINITY;
  let waitingForQuiet: (() => void)[] = [];

  function isQuiet(): boolean {
    return underWay === 0 && !claiming && !saving && !(running && hungry);
  }

  function tellQuiet(): void {
    if (!isQuiet()) return;
    const waiting = waitingForQuiet;
    waitingForQuiet = [];
    for (const resolve of waiting) resolve();
  }

  function wakeAt(at: number): void {
    if (!running || at >= timerAt) return;
    timer?.cancel();
    timerAt = at;
    timer = clock.setTimer(at - clock.now(), () => {
      timer = null;
      timerAt = Number.POSITIVE_INFINITY;
      look();
    });
  }

  function look(): void {
    if (!running) return;
    hungry = true;
    void claim();
  }

  function begin(notice: ClaimedNotice): void {
    underWay += 1;
    const before = lanes.get(notice.customer_id) ?? Promise.resolve();
    const lane = before
      .then(() => deliverNotice(deps, notice))
      .then((outcome) => {
        if (lanes.get(notice.customer_id) === lane) lanes.delete(notice.customer_id);
        ended.push(outcome);
        void save();
      });
    lanes.set(notice.customer_id, lane);
  }

  /** Claims until nothing is due or there is no room. Never rejects. */
  async function claim(): Promise<void> {
    if (claiming) return;
    claiming = true;
    try {
      // Without room, whoever ends calls again.
      while (running && hungry && underWay < concurrency) {
        hungry = false;
        await claimOnce();
      }
    } catch (error) {
      hungry = false;
      log.error('notices.claim_failed', { channel, reason: String(error) });
      wakeAt(clock.now() + databaseRetryMs);
    } finally {
      claiming = false;
      tellQuiet();
    }
  }

  async function claimOnce(): Promise<void> {
    const { claimMs, batch } = settings;
    // A look is far cheaper than a write, and many a wake-up is for the other channel or comes too late.
    const nextAt = await nextNoticeAt(database.reader, channel);
    const now = clock.now();
    // At most a claim away, to find what another process took and never ended.
    if (nextAt === null || nextAt > now) return wakeAt(Math.min(nextAt ?? now + claimMs, now + claimMs));
    const limit = Math.min(batch, concurrency - underWay);
    const claimed = await database.write((transaction) =>
      claimNotices(transaction, database.dialect, { channel, now, claimMs, limit }),
    );
    for (const notice of claimed) begin(notice);
    if (claimed.length > 0) hungry = true;
    // Another process was faster.
    else wakeAt(now + databaseRetryMs);
  }

  /** One write at a time; what ends meanwhile goes into the next one. Never rejects. */
  async function save(): Promise<void> {
    if (saving) return;
    saving = true;
    while (ended.length > 0) {
      const outcomes = ended;
      ended = [];
      try {
        const repeated = await database.write((transaction) => saveOutcomes(transaction, ids, outcomes));
        underWay -= outcomes.length;
        deps.onRecorded?.();
        count(outcomes, repeated);
        for (const outcome of outcomes) if (outcome.status === 'retry') wakeAt(outcome.dueAt);
        if (outcomes.some((outcome) => outcome.status === 'released')) hungry = true;
      } catch (error) {
        log.error('notices.save_failed', { channel, notices: outcomes.length, reason: String(error) });
        if (!running) {
          // The claims lapse, and whoever comes next sends these again under the same Message-ID.
          underWay -= outcomes.length;
          break;
        }
        ended = [...outcomes, ...ended];
        clock.setTimer(databaseRetryMs, () => void save());
        break;
      }
    }
    saving = false;
    if (running && hungry) void claim();
    tellQuiet();
  }

  function count(outcomes: readonly Outcome[], repeated: number): void {
    counts.repeated += repeated;
    for (const outcome of outcomes) {
      const { notice } = outcome;
      const fields = { noticeId: notice.id, channel, kind: notice.kind, tries: notice.tries + 1 };
      if (outcome.status === 'sent') counts.sent += 1;
      if (outcome.status === 'sent' && notice.repeated) counts.repeated += 1;
      if (outcome.status === 'retry') {
        counts.retried += 1;
        log.warn('notice.retry', { ...fields, dueAt: outcome.dueAt, reason: outcome.error });
      }
      if (outcome.status === 'dead') {
        counts.dead += 1;
        log.error('notice.dead', { ...fields, reason: outcome.error });
      }
    }
  }

  const quiet = () =>
    new Promise<void>((resolve) => {
      waitingForQuiet.push(resolve);
      tellQuiet();
    });

  return {
    wake: () => wakeAt(clock.now() + settings.gatherMs),
    start() {
      running = true;
      look();
    },
    async stop() {
      running = false;
      timer?.cancel();
      timer = null;
      timerAt = Number.POSITIVE_INFINITY;
      await quiet();
    },
    async idle() {
      look();
      await quiet();
    },
    counters: () => ({ ...counts }),
  };
}
