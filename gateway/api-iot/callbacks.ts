import type { Clock, Timer } from '../../shared/ports/clock.ts';
import type { Database } from '../../shared/ports/database.ts';
import type { Http } from '../../shared/ports/http.ts';
import type { Log } from '../../shared/ports/log.ts';
import { signCallback } from '../http/webhook-signature.ts';
import type { Background } from './background.ts';
import type { CallbackRetry } from './config.ts';
import { deleteCallback, listCallbacks, postponeCallback } from './store/callbacks.ts';
import type { ApiIotSchema, CallbackRow } from './store/schema.ts';

/** The most callbacks under way at once. */
const concurrencyMax = 64;

/** Delivers signed callbacks, each until it is taken, its receiver is gone (410) or its tries are used up. */
export interface CallbackSender {
  /** Sends a callback that is already in the database, now if there is room. */
  offer(callback: CallbackRow): void;
  /** Takes up what a former process left. */
  start(): void;
  /** Cuts the tries under way; they are in the database and start again later. */
  stop(): void;
  counters(): { delivered: number; failedTries: number; givenUp: number };
}

export interface CallbackDeps {
  readonly database: Database<ApiIotSchema>;
  readonly http: Http;
  readonly clock: Clock;
  readonly log: Log;
  readonly background: Background;
  readonly secret: string;
  readonly retry: CallbackRetry;
}

type Try = 'taken' | 'gone' | 'failed';

/** One try, cut after `timeoutMs` or by whoever aborts `cut`. */
async function tryOnce(deps: CallbackDeps, callback: CallbackRow, cut: AbortController): Promise<Try> {
  const { clock, retry } = deps;
  const headers = {
    'content-type': 'application/json',
    ...(callback.traceparent === null ? {} : { traceparent: callback.traceparent }),
    ...signCallback(deps.secret, callback.id, clock.now(), callback.body),
  };
  const unanswered = new Promise<Try>((resolve) =>
    cut.signal.addEventListener('abort', () => resolve('failed'), { once: true }),
  );
  const answer = deps
    .http(new Request(callback.url, { method: 'POST', headers, body: callback.body, signal: cut.signal }))
    .then(async (response): Promise<Try> => {
      await response.body?.cancel();
      if (response.ok) return 'taken';
      return response.status === 410 ? 'gone' : 'failed';
    })
    .catch((): Try => 'failed');
  const timer = clock.setTimer(retry.timeoutMs, () => cut.abort());
  try {
    return await Promise.race([answer, unanswered]);
  } finally {
    timer.cancel();
  }
}

export function newCallbackSender(deps: CallbackDeps): CallbackSender {
  const { database, clock, log, background, retry } = deps;
  /** By webhook-id, each with what cuts its try. */
  const underWay = new Map<string, AbortController>();
  const counts = { delivered: 0, failedTries: 0, givenUp: 0 };
  let started = false;
  let timer: Timer | null = null;
  let dueAt = Number.POSITIVE_INFINITY;
  /** True when the database may hold due callbacks that there was no room for. */
  let backlog = false;

  async function settle(callback: CallbackRow, outcome: Try): Promise<void> {
    const failures = callback.failures + 1;
    if (outcome === 'failed' && failures < retry.attemptMax) {
      counts.failedTries += 1;
      const delayMs = Math.min(2 ** callback.failures * retry.baseDelayMs, retry.maxDelayMs);
      const nextAt = clock.now() + delayMs;
      await database.write((transaction) => postponeCallback(transaction, callback.id, failures, nextAt));
      wakeAt(nextAt);
      return;
    }
    if (outcome === 'taken') counts.delivered += 1;
    else {
      counts.givenUp += 1;
      log.warn('api_iot.callback_given_up', {
        callbackId: callback.id,
        url: callback.url,
        failures,
        outcome,
      });
    }
    await database.write((transaction) => deleteCallback(transaction, callback.id));
  }

  function begin(callback: CallbackRow): void {
    const cut = new AbortController();
    underWay.set(callback.id, cut);
    background.run('callback', async () => {
      try {
        const outcome = await tryOnce(deps, callback, cut);
        if (started) await settle(callback, outcome);
      } catch (error) {
        // The database did not take the outcome: the callback is still due in it.
        wakeAt(clock.now() + retry.baseDelayMs);
        throw error;
      } finally {
        underWay.delete(callback.id);
        if (backlog && started) scanSoon();
      }
    });
  }

  /** Starts what is due, as far as there is room, and sets the timer to what is due next. */
  async function scan(): Promise<void> {
    backlog = false;
    const rows = await listCallbacks(database.reader, concurrencyMax * 2);
    if (!started) return;
    for (const row of rows) {
      if (underWay.has(row.id)) continue;
      if (row.due_at > clock.now()) return wakeAt(row.due_at);
      if (underWay.size >= concurrencyMax) {
        backlog = true;
        return;
      }
      begin(row);
    }
    // A full page may hide more behind it; it is read again when one of these has ended.
    backlog = rows.length === concurrencyMax * 2;
  }

  function scanSoon(): void {
    background.run('callbacks', () =>
      scan().catch((error: unknown) => {
        wakeAt(clock.now() + retry.baseDelayMs);
        throw error;
      }),
    );
  }

  function wakeAt(at: number): void {
    if (!started || at >= dueAt) return;
    timer?.cancel();
    dueAt = at;
    timer = clock.setTimer(at - clock.now(), () => {
      timer = null;
      dueAt = Number.POSITIVE_INFINITY;
      scanSoon();
    });
  }

  return {
    offer(callback) {
      if (!started) return;
      if (underWay.size >= concurrencyMax) backlog = true;
      else if (!underWay.has(callback.id)) begin(callback);
    },
    start() {
      started = true;
      scanSoon();
    },
    stop() {
      started = false;
      for (const cut of underWay.values()) cut.abort();
      timer?.cancel();
      timer = null;
      dueAt = Number.POSITIVE_INFINITY;
    },
    counters: () => ({ ...counts }),
  };
}
