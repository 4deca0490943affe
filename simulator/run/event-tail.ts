import { createParser } from 'eventsource-parser';
import type { RecordEntry } from '../../gateway/platform/record-view.ts';
import { type Clock, sleep } from '../../shared/ports/clock.ts';
import { TransportError } from '../../shared/ports/http.ts';

export interface EventTailOptions {
  readonly clock: Clock;
  /** Opens the stream after this event, or with what comes next. Rejects with `TransportError` without an answer. */
  readonly open: (after: number | null, signal: AbortSignal) => Promise<Response>;
  /** The event after which it starts; null: with what comes next. */
  readonly after: number | null;
  readonly onEvent: (entry: RecordEntry) => void;
  /** The stream was lost; it is opened again after this event. */
  readonly onLost: (reason: string, after: number | null) => void;
  readonly signal: AbortSignal;
}

/** The platform answered, and another try would be answered alike. */
export class StreamRefused extends Error {
  override readonly name = 'StreamRefused';
}

/** Between two tries, where neither the stream nor an answer says otherwise. */
const retryDefaultMs = 1_000;
/** The platform sends a comment after 15 s of silence: a connection without anything for so long is dead. */
export const silenceMaxMs = 45_000;

/**
 * Follows the platform's stream of events until `signal` is aborted: each event once, in order, across lost connections and restarts of the
 * platform. Rejects when the first try gets no answer, or when any is refused.
 */
export async function tailEvents(options: EventTailOptions): Promise<void> {
  const { clock, signal, onLost } = options;
  const place: Place = { after: options.after, retryMs: retryDefaultMs };
  let wasOpen = false;
  while (!signal.aborted) {
    let waitMs = place.retryMs;
    try {
      const response = await options.open(place.after, signal);
      if (response.status === 200) {
        wasOpen = true;
        await readStream(options, place, response);
        waitMs = place.retryMs;
        if (!signal.aborted) onLost('the stream ended', place.after);
      } else {
        waitMs = await retryAfterMs(response);
        onLost(`the platform answered ${response.status}`, place.after);
      }
    } catch (error) {
      if (signal.aborted) return;
      if (!wasOpen || !(error instanceof TransportError)) throw error;
      onLost(error.message, place.after);
    }
    await sleep(clock, waitMs, signal);
  }
}

/** Where the next connection continues, and when. */
interface Place {
  after: number | null;
  retryMs: number;
}

/** Throws `StreamRefused` for an answer that another try would not change. */
async function retryAfterMs(response: Response): Promise<number> {
  const body = (await response.json().catch(() => null)) as { readonly detail?: string } | null;
  if (response.status < 500 && response.status !== 429)
    throw new StreamRefused(body?.detail ?? `the platform answered ${response.status}`);
  const seconds = Number(response.headers.get('retry-after') ?? '');
  return seconds > 0 ? seconds * 1_000 : retryDefaultMs;
}

/** Reads one connection to its end; rejects with `TransportError` when it breaks or falls silent. */
async function readStream(options: EventTailOptions, place: Place, { headers, body }: Response) {
  const { clock, signal, onEvent } = options;
  const start = headers.get('last-event-id');
  if (place.after === null && start !== null) place.after = Number(start);
  if (body === null) return;
  const reader = body.getReader();
  const leave = () => void reader.cancel().catch(() => {});
  signal.addEventListener('abort', leave, { once: true });
  const decoder = new TextDecoder();
  const parser = createParser({
    onEvent({ data }) {
      const entry = JSON.parse(data) as RecordEntry;
      // The platform may send an event twice.
      if (signal.aborted || entry.sequence <= (place.after ?? -1)) return;
      place.after = entry.sequence;
      onEvent(entry);
    },
    onRetry(ms) {
      place.retryMs = ms;
    },
  });
  let isSilent = false as boolean;
  const silent = () => {
    isSilent = true;
    leave();
  };
  let timer = clock.setTimer(silenceMaxMs, silent);
  try {
    for (;;) {
      const { done, value } = await reader.read();
      timer.cancel();
      if (done) break;
      timer = clock.setTimer(silenceMaxMs, silent);
      parser.feed(decoder.decode(value, { stream: true }));
    }
  } catch (error) {
    throw new TransportError('reset', error instanceof Error ? error.message : String(error), true);
  } finally {
    timer.cancel();
    signal.removeEventListener('abort', leave);
    leave();
  }
  if (isSilent) throw new TransportError('timeout', `nothing came for ${silenceMaxMs / 1_000} s`, true);
}
