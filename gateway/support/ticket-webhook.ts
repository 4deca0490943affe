import { type Clock, sleep } from '../../shared/ports/clock.ts';
import type { Database } from '../../shared/ports/database.ts';
import type { Http } from '../../shared/ports/http.ts';
import type { Log } from '../../shared/ports/log.ts';
import { maskedIn } from '../../shared/protocol/address.ts';
import { signCallback } from '../http/webhook-signature.ts';
import { moveCursor, readCursor } from '../store/cursors.ts';
import { recordReader } from '../store/record-reader.ts';
import type { PlatformSchema, RecordRow } from '../store/schema.ts';
import { pagerDutyMessage, standardMessage } from './ticket-event.ts';
import { ticketById } from './ticket-store.ts';

/** Durations in milliseconds. */
export interface WebhookSettings {
  readonly url: string;
  /** `standard`: the signing secret (`whsec_` and base64). `pagerduty`: the integration's routing key. */
  readonly secret: string;
  readonly format: 'standard' | 'pagerduty';
  /** A receiver that takes longer has not answered. */
  readonly timeoutMs: number;
  /** Tries of one event; then it is given up, and the next one goes. */
  readonly attemptMax: number;
  /** Waits between tries: `min(2^(tries − 1) × base, max)`. */
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
/** Lines of the record read at once. */
const batchMax = 500;

/**
 * Tells an outside system of every ticket event, one after the other in the order of the record, at least once: the line's id is
 * the `webhook-id`, by which a receiver knows a repeat. Where it stands is in the database; it begins with what comes after its first start.
 */
export function ticketWebhook(deps: WebhookDeps) {
  const { database, clock, http, log, settings } = deps;
  const record = recordReader(deps);
  const cut = new AbortController();
  const counts = { delivered: 0, failedTries: 0, givenUp: 0 };
  let running: Promise<void> | null = null;
  let again = false;

  /** Where it stands; at its first start behind all that there is. */
  async function position(): Promise<number> {
    const known = await readCursor(database.reader, cursorName);
    if (known !== null) return known;
    const newest = await database.reader
      .selectFrom('record')
      .select((eb) => eb.fn.max('seq').as('seq'))
      .executeTakeFirst();
    const seq = Number(newest?.seq ?? 0);
    await moveTo(seq);
    return seq;
  }

  const moveTo = (seq: number) => database.write((transaction) => moveCursor(transaction, cursorName, seq));

  async function requestOf(row: RecordRow): Promise<Request | null> {
    const { ticketId } = JSON.parse(row.data) as { ticketId: string };
    const ticket = await ticketById(database.reader, ticketId);
    if (ticket === null) return null;
    const { format, secret, url } = settings;
    const message =
      format === 'standard' ? standardMessage(row, ticket) : pagerDutyMessage(secret, row, ticket);
    if (message === null) return null;
    const body = JSON.stringify(message);
    const signature = format === 'standard' ? signCallback(secret, row.id, clock.now(), body) : {};
    return new Request(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...signature },
      body,
    });
  }

  /** One try, never longer than the time-out. Null: taken; else why not. */
  async function tryOnce(request: Request): Promise<string | null> {
    const end = new AbortController();
    const abort = () => end.abort();
    cut.signal.addEventListener('abort', abort);
    const late = sleep(clock, settings.timeoutMs, end.signal).then(() => 'no answer in time');
    const answer = http(new Request(request, { signal: end.signal })).then(
      async (response) => {
        await response.body?.cancel();
        return response.ok ? null : `the receiver answered ${response.status}`;
      },
      (error: unknown) => maskedIn(String(error), request.url),
    );
    const outcome = await Promise.race([answer, late]);
    cut.signal.removeEventListener('abort', abort);
    end.abort();
    return outcome;
  }

  /** True once the event is done with: taken, given up, or none of this format. False: stopped before. */
  async function deliver(row: RecordRow): Promise<boolean> {
    for (let tries = 1; !cut.signal.aborted; tries += 1) {
      // Signed anew for each try: the timestamp is the try's own.
      const request = await requestOf(row);
      if (request === null) return true;
      const problem = await tryOnce(request);
      if (problem === null) {
        counts.delivered += 1;
        return true;
      }
      if (cut.signal.aborted) return false;
      if (tries >= settings.attemptMax) {
        counts.givenUp += 1;
        log.error('ticket.webhook_given_up', { recordId: row.id, type: row.type, tries, reason: problem });
        return true;
      }
      counts.failedTries += 1;
      log.warn('ticket.webhook_retry', { recordId: row.id, type: row.type, tries, reason: problem });
      const delayMs = Math.min(2 ** Math.min(tries - 1, 30) * settings.retryBaseMs, settings.retryMaxMs);
      await sleep(clock, delayMs, cut.signal);
    }
    return false;
  }

  async function deliverBatch(): Promise<boolean> {
    const cursor = await position();
    const { rows } = await record.read(cursor, batchMax);
    for (const row of rows) {
      if (!row.type.startsWith('ticket.')) continue;
      if (!(await deliver(row))) return false;
      await moveTo(row.seq);
    }
    const last = rows.at(-1);
    if (last === undefined) return false;
    if (!last.type.startsWith('ticket.')) await moveTo(last.seq);
    return true;
  }

  async function run(): Promise<void> {
    try {
      do {
        again = false;
        while (!cut.signal.aborted && (await deliverBatch()));
      } while (again && !cut.signal.aborted);
    } catch (error) {
      // The database is away: the next commit, or the next look of the desk, wakes us again.
      log.warn('ticket.webhook_failed', { reason: String(error) });
    } finally {
      running = null;
    }
  }

  return {
    /** There may be new events. Cheap, and safe to call often. */
    wake(): void {
      again = true;
      if (!cut.signal.aborted) running ??= run();
    },
    counters: () => ({ ...counts }),
    /** Cuts the try under way; it is made again after the next start. */
    async stop(): Promise<void> {
      cut.abort();
      await running;
    },
  };
}
