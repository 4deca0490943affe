import { type Clock, sleep } from '../../shared/ports/clock.ts';
import type { Database } from '../../shared/ports/database.ts';
import type { Http } from '../../shared/ports/http.ts';
import type { Log } from '../../shared/ports/log.ts';
import { maskedText } from '../../shared/protocol/address.ts';
import { backOffMs } from '../background/back-off.ts';
import { backgroundLoop } from '../background/background-loop.ts';
import { type AttemptOutcome, attemptCallback } from './callback-attempt.ts';
import type { CallbackRetry } from './config.ts';
import { rescanMs } from './rescan.ts';
import {
  claimCallback,
  deleteCallback,
  listDueCallbacks,
  parkCallback,
  postponeCallback,
} from './store/callbacks.ts';
import type { ApiIotSchema, CallbackRow } from './store/schema.ts';

/** The most callbacks under way at once. */
const concurrencyMax = 64;
/** A claim lasts this much longer than an attempt: then its process counts as dead. */
const claimMarginMs = 5_000;

/**
 * Delivers signed callbacks, each until it is taken. One whose receiver is gone (410), that cannot be sent, or whose attempts are
 * used up is parked: it stays in the database with its reason, and no other callback waits for it.
 */
export interface CallbackSender {
  /** Sends a callback that is already in the database, now if there is room. */
  offer(callback: CallbackRow): void;
  /** Takes up what a former process left. */
  start(): void;
  /** Cuts the attempts under way and waits for them; they are in the database and start again later. */
  stop(): Promise<void>;
  counters(): { delivered: number; failedTries: number; givenUp: number };
}

export interface CallbackDeps {
  readonly database: Database<ApiIotSchema>;
  readonly http: Http;
  readonly clock: Clock;
  readonly log: Log;
  readonly secret: string;
  readonly retry: CallbackRetry;
  /** Whether other processes deliver callbacks of this database too: each is then claimed before an attempt. */
  readonly isShared: boolean;
}

export function newCallbackSender(deps: CallbackDeps): CallbackSender {
  return new Sender(deps);
}

class Sender implements CallbackSender {
  readonly #deps: CallbackDeps;
  /** By webhook-id, each with what cuts its attempt and when it is done with. */
  readonly #underWay = new Map<string, { readonly cut: AbortController; readonly done: Promise<void> }>();
  readonly #counts = { delivered: 0, failedTries: 0, givenUp: 0 };
  readonly #scans;
  #isStarted: boolean = false;
  /** Whether the database may hold due callbacks that there was no room for. */
  #hasBacklog: boolean = false;

  constructor(deps: CallbackDeps) {
    this.#deps = deps;
    const { clock, log } = deps;
    this.#scans = backgroundLoop({
      clock,
      log,
      failureLog: 'api_iot.callback_scan_failed',
      pass: () => this.#scan(),
      backOff: this.#backOff,
    });
  }

  get #backOff() {
    const { baseDelayMs: baseMs, maxDelayMs: maxMs } = this.#deps.retry;
    return { baseMs, maxMs };
  }

  offer(callback: CallbackRow): void {
    if (!this.#isStarted) return;
    if (this.#underWay.size >= concurrencyMax) this.#hasBacklog = true;
    else if (!this.#underWay.has(callback.id)) this.#begin(callback);
  }

  start(): void {
    this.#isStarted = true;
    this.#scans.start();
  }

  async stop(): Promise<void> {
    this.#isStarted = false;
    const attempts = [...this.#underWay.values()];
    for (const { cut } of attempts) cut.abort();
    await Promise.all([this.#scans.stop(), ...attempts.map(({ done }) => done)]);
  }

  counters() {
    return { ...this.#counts };
  }

  /** Starts what is due, as far as there is room. Resolves with the instant at which the next is due. */
  async #scan(): Promise<number | null> {
    const { clock, isShared } = this.#deps;
    const nextAt = await this.#scanOnce();
    // No wake-up comes for what another process left behind.
    return isShared ? Math.min(nextAt ?? Number.POSITIVE_INFINITY, clock.now() + rescanMs) : nextAt;
  }

  async #scanOnce(): Promise<number | null> {
    const { database, clock } = this.#deps;
    this.#hasBacklog = false;
    const pageMax = concurrencyMax * 2;
    const rows = await listDueCallbacks(database.reader, pageMax);
    if (!this.#isStarted) return null;
    for (const row of rows) {
      if (this.#underWay.has(row.id)) continue;
      if (row.due_at > clock.now()) return row.due_at;
      if (this.#underWay.size >= concurrencyMax) {
        this.#hasBacklog = true;
        return null;
      }
      this.#begin(row);
    }
    // A full page may hide more behind it; it is read again when one of these has ended.
    this.#hasBacklog = rows.length === pageMax;
    return null;
  }

  #begin(callback: CallbackRow): void {
    const cut = new AbortController();
    const done = Promise.resolve()
      .then(() => this.#run(callback, cut))
      .finally(() => {
        this.#underWay.delete(callback.id);
        if (this.#hasBacklog) this.#scans.wake();
      });
    this.#underWay.set(callback.id, { cut, done });
  }

  /** One attempt and what follows from it. Never rejects. */
  async #run(callback: CallbackRow, cut: AbortController): Promise<void> {
    const { http, clock, secret, retry } = this.#deps;
    if (!(await this.#isOurs(callback))) return;
    const outcome = await attemptCallback({ http, clock, secret, timeoutMs: retry.timeoutMs }, callback, cut);
    // Until it is written down the callback stays under way: no scan begins it again meanwhile.
    for (let failures = 1; this.#isStarted; failures += 1) {
      try {
        return await this.#save(callback, outcome);
      } catch (error) {
        this.#deps.log.error('api_iot.callback_save_failed', {
          callbackId: callback.id,
          failures,
          reason: maskedText(String(error)),
        });
        await sleep(clock, backOffMs(this.#backOff, failures), cut.signal);
      }
    }
  }

  async #isOurs(callback: CallbackRow): Promise<boolean> {
    const { database, clock, retry, isShared, log } = this.#deps;
    if (!isShared) return true;
    const until = clock.now() + retry.timeoutMs + claimMarginMs;
    try {
      return await database.write((transaction) => claimCallback(transaction, callback, until));
    } catch (error) {
      log.warn('api_iot.callback_claim_failed', {
        callbackId: callback.id,
        reason: maskedText(String(error)),
      });
      return false;
    }
  }

  async #save(callback: CallbackRow, outcome: AttemptOutcome): Promise<void> {
    const { database, retry } = this.#deps;
    if (outcome.kind === 'delivered') {
      await database.write((transaction) => deleteCallback(transaction, callback.id));
      this.#counts.delivered += 1;
      return;
    }
    const failures = callback.failures + 1;
    if (outcome.permanent || failures >= retry.attemptMax)
      return this.#park(callback, failures, outcome.reason);
    const dueAt = this.#deps.clock.now() + backOffMs(this.#backOff, failures);
    await database.write((transaction) =>
      postponeCallback(transaction, callback.id, { failures, dueAt, reason: outcome.reason }),
    );
    this.#counts.failedTries += 1;
    this.#scans.wakeAt(dueAt);
  }

  async #park(callback: CallbackRow, failures: number, reason: string): Promise<void> {
    const { database, clock, log } = this.#deps;
    await database.write((transaction) =>
      parkCallback(transaction, callback.id, { failures, at: clock.now(), reason }),
    );
    this.#counts.givenUp += 1;
    const url = maskedText(callback.url);
    log.error('api_iot.callback_parked', { callbackId: callback.id, url, failures, reason });
  }
}
