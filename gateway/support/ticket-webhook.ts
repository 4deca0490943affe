import { type Clock, wallNow } from '../../shared/ports/clock.ts';
import type { Database } from '../../shared/ports/database.ts';
import type { Http } from '../../shared/ports/http.ts';
import type { Log } from '../../shared/ports/log.ts';
import { maskedIn } from '../../shared/protocol/address.ts';
import { backOffMs } from '../background/back-off.ts';
import { backgroundLoop } from '../background/background-loop.ts';
import { signCallback } from '../http/webhook-signature.ts';
import { moveCursor } from '../store/cursors.ts';
import { recordReader } from '../store/record-reader.ts';
import type { PlatformSchema, RecordRow } from '../store/schema.ts';
import { isIncident, pagerDutyIncidentMessage, standardIncidentMessage } from './incident-event.ts';
import {
  isSettlementEvent,
  pagerDutySettlementMessage,
  standardSettlementMessage,
} from './settlement-event.ts';
import { pagerDutyMessage, standardMessage, type TicketMessage } from './ticket-event.ts';
import { ticketById } from './ticket-look-ups.ts';
import { attemptWebhook, type WebhookOutcome } from './webhook-attempt.ts';
import { deleteParked, lookAtWebhook, nextReplay, parkEvent, switchWebhookOff } from './webhook-store.ts';

/** Durations in milliseconds. */
export interface WebhookSettings {
  readonly url: string;
  /** `standard`: the signing secret (`whsec_` and base64). `pagerduty`: the integration's routing key. */
  readonly secret: string;
  readonly format: 'standard' | 'pagerduty';
  /** A receiver that takes longer has not answered. */
  readonly timeoutMs: number;
  /** Attempts of one event; then it is parked, and the next one goes. */
  readonly attemptMax: number;
  /** Waits between attempts: `min(2^(tries − 1) × base, max)`, or what Retry-After names where it is longer. */
  readonly retryBaseMs: number;
  readonly retryMaxMs: number;
}

/** Waits of 1, 2, 4 … 256 s, then 300 s: the 20th try comes an hour after the first. */
export const standardWebhook = {
  timeoutMs: 10_000,
  attemptMax: 20,
  retryBaseMs: 1_000,
  retryMaxMs: 300_000,
} as const;

export interface WebhookDeps {
  readonly database: Database<PlatformSchema>;
  readonly clock: Clock;
  readonly http: Http;
  readonly log: Log;
  readonly settings: WebhookSettings;
}

const cursorName = 'ticket-webhook';
/** Lines of the history read at once. */
const batchMax = 500;

/**
 * Sends every event of tickets, settlements and incidents to an outside system, one after the other in the order of the
 * history, at least once: the line's id is the `webhook-id`, by which a receiver recognises a repeat. An event that the
 * receiver refuses, or whose attempts are used up, is parked for an operator, and the next one goes; 410 switches the
 * webhook off until an operator switches it on. Its position is in the database; it begins with what comes after its first
 * start.
 */
export function ticketWebhook(deps: WebhookDeps) {
  return new TicketWebhook(deps);
}

class TicketWebhook {
  readonly #deps: WebhookDeps;
  readonly #record;
  readonly #loop;
  readonly #counts = { delivered: 0, failedTries: 0, givenUp: 0 };
  /** The event whose next attempt waits, or null. */
  #retry: { readonly id: string; readonly tries: number; readonly at: number } | null = null;

  constructor(deps: WebhookDeps) {
    this.#deps = deps;
    this.#record = recordReader(deps);
    const { retryBaseMs: baseMs, retryMaxMs: maxMs } = deps.settings;
    this.#loop = backgroundLoop({
      clock: deps.clock,
      log: deps.log,
      failureLog: 'ticket.webhook_failed',
      pass: (signal) => this.#pass(signal),
      backOff: { baseMs, maxMs },
    });
    this.#loop.start(null);
  }

  /** There may be new events. Cheap, and safe to call often. */
  wake(): void {
    this.#loop.wake();
  }

  counters() {
    return { ...this.#counts };
  }

  /** Cuts the attempt under way; it is made again after the next start. */
  stop(): Promise<void> {
    return this.#loop.stop();
  }

  /** Sends what is due. Resolves with the instant of the next attempt of what failed. */
  async #pass(signal: AbortSignal): Promise<number | null> {
    const { database } = this.#deps;
    while (!signal.aborted) {
      const { isOff, hasReplays, cursor } = await lookAtWebhook(database.reader, cursorName);
      if (isOff) return null;
      const replay = hasReplays ? await nextReplay(database.reader) : null;
      const row = replay ?? (await this.#nextRow(cursor ?? (await this.#begin())));
      if (row === null) return null;
      const retryAt = await this.#deliver(row, replay !== null, signal);
      if (retryAt !== null) return retryAt;
    }
    return null;
  }

  /** The next event of a ticket, a settlement or an incident behind the cursor; lines of other kinds are passed over. */
  async #nextRow(after: number): Promise<RecordRow | null> {
    for (let cursor = after; ; ) {
      const { rows } = await this.#record.read(cursor, batchMax);
      const row = rows.find(
        ({ type }) => type.startsWith('ticket.') || isSettlementEvent(type) || isIncident(type),
      );
      if (row) return row;
      const last = rows.at(-1);
      if (last === undefined) return null;
      await this.#moveTo(last.seq);
      cursor = last.seq;
    }
  }

  /** Takes its first position: the end of the history. */
  async #begin(): Promise<number> {
    const newest = await this.#deps.database.reader
      .selectFrom('record')
      .select((eb) => eb.fn.max('seq').as('seq'))
      .executeTakeFirst();
    const seq = Number(newest?.seq ?? 0);
    await this.#moveTo(seq);
    return seq;
  }

  #moveTo(seq: number): Promise<void> {
    return this.#deps.database.write((transaction) => moveCursor(transaction, cursorName, seq));
  }

  /** One attempt and what follows from it. Resolves with the instant of the next attempt, or null: the event is done with, or cut. */
  async #deliver(row: RecordRow, isReplay: boolean, signal: AbortSignal): Promise<number | null> {
    const { clock, settings } = this.#deps;
    const retry = this.#retry?.id === row.id ? this.#retry : null;
    if (retry !== null && retry.at > clock.now()) return retry.at;
    const outcome = await this.#attempt(row, signal);
    // Cut by a stop: nothing is known of it, and it is made again.
    if (signal.aborted && outcome.kind === 'failed') return null;
    const tries = (retry?.tries ?? 0) + 1;
    switch (outcome.kind) {
      case 'unsupported':
        await this.#done(row);
        return null;
      case 'delivered':
        this.#counts.delivered += 1;
        await this.#done(row);
        return null;
      case 'gone':
        await this.#switchOff(outcome.reason);
        return null;
      case 'refused':
        await this.#park(row, tries, outcome.reason);
        return null;
      case 'failed':
        // A replay is one attempt: an operator who looks at the list sees how it ended.
        if (isReplay || tries >= settings.attemptMax) {
          await this.#park(row, tries, outcome.reason);
          return null;
        }
        return this.#retryLater(row, tries, outcome);
    }
  }

  /** Never rejects: an event that cannot be read fails like one that is not taken, and is parked in the end. */
  async #attempt(
    row: RecordRow,
    signal: AbortSignal,
  ): Promise<WebhookOutcome | { readonly kind: 'unsupported' }> {
    const { clock, http, settings } = this.#deps;
    try {
      const message = await this.#messageOf(row);
      if (message === null) return { kind: 'unsupported' };
      const make = (cut: AbortSignal) => this.#requestOf(row, message, cut);
      return await attemptWebhook({ http, clock, timeoutMs: settings.timeoutMs }, make, signal);
    } catch (error) {
      return { kind: 'failed', reason: maskedIn(String(error), settings.url), retryAfterMs: null };
    }
  }

  #retryLater(
    row: RecordRow,
    tries: number,
    { reason, retryAfterMs }: { readonly reason: string; readonly retryAfterMs: number | null },
  ): number {
    const { clock, log, settings } = this.#deps;
    const { retryBaseMs: baseMs, retryMaxMs: maxMs } = settings;
    const at = clock.now() + Math.max(backOffMs({ baseMs, maxMs }, tries), retryAfterMs ?? 0);
    this.#counts.failedTries += 1;
    this.#retry = { id: row.id, tries, at };
    log.warn('ticket.webhook_retry_scheduled', {
      recordId: row.id,
      type: row.type,
      tries,
      retryAt: at,
      reason,
    });
    return at;
  }

  /** Returns the signed request, or why none can be made. */
  #requestOf(row: RecordRow, message: object, signal: AbortSignal): Request | string {
    const { clock, settings } = this.#deps;
    const { format, secret, url } = settings;
    const body = JSON.stringify(message);
    try {
      // Signed anew for each attempt: the timestamp is the attempt's own.
      const signature = format === 'standard' ? signCallback(secret, row.id, wallNow(clock), body) : {};
      const headers = { 'content-type': 'application/json', ...signature };
      return new Request(url, { method: 'POST', headers, body, signal });
    } catch (error) {
      return `cannot be sent: ${maskedIn(String(error), url)}`;
    }
  }

  async #messageOf(row: RecordRow): Promise<TicketMessage> {
    const { database, settings } = this.#deps;
    const { format, secret } = settings;
    if (isSettlementEvent(row.type))
      return format === 'standard' ? standardSettlementMessage(row) : pagerDutySettlementMessage(secret, row);
    if (isIncident(row.type))
      return format === 'standard' ? standardIncidentMessage(row) : pagerDutyIncidentMessage(secret, row);
    const { ticketId } = JSON.parse(row.data) as { ticketId: string };
    const ticket = await ticketById(database.reader, ticketId);
    if (ticket === null) return null;
    return format === 'standard' ? standardMessage(row, ticket) : pagerDutyMessage(secret, row, ticket);
  }

  /** Delivered, or none of this format: it leaves the list, and the cursor moves behind it. */
  async #done(row: RecordRow): Promise<void> {
    await this.#deps.database.write(async (transaction) => {
      await deleteParked(transaction, row.id);
      await moveCursor(transaction, cursorName, row.seq);
    });
  }

  async #park(row: RecordRow, tries: number, reason: string): Promise<void> {
    const { database, clock, log } = this.#deps;
    await database.write(async (transaction) => {
      await parkEvent(transaction, row, { tries, reason, at: clock.now() });
      await moveCursor(transaction, cursorName, row.seq);
    });
    this.#counts.givenUp += 1;
    log.error('ticket.webhook_parked', { recordId: row.id, type: row.type, tries, reason });
  }

  async #switchOff(reason: string): Promise<void> {
    const { database, clock, log } = this.#deps;
    await database.write((transaction) => switchWebhookOff(transaction, { at: clock.now(), reason }));
    log.error('ticket.webhook_switched_off', { reason });
  }
}
