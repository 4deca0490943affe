import { type SSEStreamingApi, streamSSE } from 'hono/streaming';
import { z } from 'zod';
import type { Timer } from '../../shared/ports/clock.ts';
import type { App } from '../http/app-env.ts';
import { type Authenticator, securityFor } from '../http/authenticate.ts';
import { problemDoc, problemError } from '../http/problem.ts';
import { newestPruned } from '../retention/pruning-table.ts';
import { recordReader } from '../store/record-reader.ts';
import type { RecordRow } from '../store/schema.ts';
import type { PlatformDeps } from './deps.ts';
import { ticketOr } from './event-ticket.ts';
import type { Metrics } from './metrics.ts';
import { type Owner, ownerOf } from './ownership.ts';
import { newestSequence, recordEntry, rowsFor, viewFor } from './record-view.ts';

/** The most clients that follow the stream at once, and the most of one caller (a client, or one of its customers). */
export const streamMax = 100;
export const streamsPerCallerMax = 10;
/** Rows read at once: the most that is kept in memory for a slow client. */
const batchMax = 100;
/** Time without events after which a comment is sent, so that no proxy closes the connection. */
export const heartbeatMs = 15_000;
/** A client that takes nothing for so long is cut. */
export const stallMs = 60_000;

export type StreamDeps = Pick<PlatformDeps, 'database' | 'clock' | 'log' | 'changes' | 'tokens'> & {
  readonly metrics: Metrics;
};

/** Wait of one client: it ends on a change, when a heartbeat is due, or for good when its token expires. */
function newBell(deps: StreamDeps, stream: SSEStreamingApi, endsAt: number) {
  let changed = false;
  let ended = false;
  let wake: (() => void) | null = null;
  const ring = () => wake?.();
  const unsubscribe = deps.changes.subscribe(() => {
    changed = true;
    ring();
  });
  const end = () => {
    ended = true;
    expiry.cancel();
    unsubscribe();
    ring();
  };
  const expiry = deps.clock.setTimer(endsAt - deps.clock.now(), end);
  stream.onAbort(end);
  return {
    end,
    ended: () => ended,
    /** Before reading: what changes from now on is not missed. */
    listen() {
      changed = false;
    },
    /** True if there may be new events, false after `heartbeatMs` without a change. */
    async wait(): Promise<boolean> {
      if (!changed && !ended) {
        let timer: Timer | null = null;
        await new Promise<void>((resolve) => {
          wake = resolve;
          timer = deps.clock.setTimer(heartbeatMs, resolve);
        });
        wake = null;
        (timer as Timer | null)?.cancel();
      }
      return changed;
    },
  };
}

/** Null for a line that is not for this client. */
function message(row: RecordRow, owner: Owner) {
  const entry = recordEntry(row, viewFor(owner));
  return entry && { id: String(row.seq), event: row.type, data: JSON.stringify(entry) };
}

/** Sends, and cuts a client that does not take it. */
async function send(deps: StreamDeps, stream: SSEStreamingApi, write: () => Promise<unknown>): Promise<void> {
  const timer = deps.clock.setTimer(stallMs, () => {
    deps.log.warn('platform.stream_stalled');
    stream.abort();
  });
  await write();
  timer.cancel();
}

async function follow(
  deps: StreamDeps,
  stream: SSEStreamingApi,
  bell: ReturnType<typeof newBell>,
  record: ReturnType<typeof recordReader>,
  { after, owner }: { readonly after: number; readonly owner: Owner },
): Promise<void> {
  let sequence = after;
  // With the place at which it starts: a client that is cut before its first event misses nothing.
  await send(deps, stream, () => stream.write(`id: ${sequence}\nretry: 1000\n\n`));
  while (!bell.ended()) {
    bell.listen();
    const { rows, isLast } = await record.read(sequence, batchMax);
    for (const row of await rowsFor(deps.database.reader, owner, rows)) {
      if (bell.ended()) return;
      const sent = message(row, owner);
      if (sent !== null) await send(deps, stream, () => stream.writeSSE(sent));
    }
    sequence = rows.at(-1)?.seq ?? sequence;
    if (!isLast && rows.length > 0) continue;
    if (!(await bell.wait()) && !bell.ended()) {
      await send(deps, stream, () => stream.write(': still here\n\n'));
    }
  }
}

function describe(app: App): void {
  app.openAPIRegistry.registerPath({
    method: 'get',
    path: '/events',
    tags: ['Events'],
    summary: 'The record as it grows (server-sent events)',
    description:
      'Each event has the sequence as its id, the type as its name and a RecordEntry as its data. Starts with what comes next, or after Last-Event-ID (also as ?after=), and says where in the header Last-Event-ID and in the id of its first block, which has no data. A client may meet an event twice, never a gap. Ends when the token lapses: come back with a new one.',
    security: [...securityFor('events:read'), {}],
    request: {
      headers: z.object({ 'last-event-id': z.string().optional() }),
      query: z.object({
        after: z.string().optional().meta({ description: 'Last-Event-ID for clients that cannot send it' }),
        ticket: z.string().optional().meta({ description: 'Of POST /events/tickets, instead of a token' }),
      }),
    },
    responses: {
      200: {
        description: 'The stream',
        headers: { 'Last-Event-ID': { description: 'Where it starts', schema: { type: 'string' } } },
        content: { 'text/event-stream': { schema: { type: 'string' } } },
      },
      400: problemDoc('malformed-request: Last-Event-ID is not a sequence'),
      401: problemDoc('unauthorized'),
      403: problemDoc('missing-scope'),
      410: problemDoc('events-gone: events after Last-Event-ID have reached their age and were removed'),
      429: problemDoc(`too-many-streams: the caller follows ${streamsPerCallerMax} already`),
      503: problemDoc('unavailable: too many clients follow the stream'),
    },
  });
}

function parseSequence(text: string): number {
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw problemError(
    'malformed-request',
    'Last-Event-ID (or after) must be the id of an event, a whole number.',
  );
}

/** A client that begins before the newest event that was removed would meet a gap without a sign of it. */
async function requireNothingGone(deps: StreamDeps, after: number): Promise<void> {
  const newest = await newestPruned(deps.database.reader, 'record');
  if (after >= newest) return;
  throw problemError(
    'events-gone',
    `Events after ${after} have reached their age and were removed. Read the present state, and begin without Last-Event-ID, or after ${newest}.`,
    { after: newest },
  );
}

export interface EventStreams {
  /** Ends every stream; clients come back with Last-Event-ID. */
  stop(): void;
}

/** Places for streams: some for all, fewer for each caller. */
function newPlaces(metrics: Metrics) {
  const streams = new Map<SSEStreamingApi, string>();
  return {
    /** Throws 429 or 503 when there is none for this caller. */
    check(caller: string): void {
      const own = [...streams.values()].filter((other) => other === caller).length;
      if (own >= streamsPerCallerMax) {
        const detail = `You follow ${own} streams already. End one, or wait until one ends.`;
        throw problemError('too-many-streams', detail, {}, { 'retry-after': '10' });
      }
      if (streams.size >= streamMax) {
        const detail = `${streamMax} clients follow the stream already. Try again later.`;
        throw problemError('unavailable', detail, {}, { 'retry-after': '10' });
      }
    },
    take(stream: SSEStreamingApi, caller: string): void {
      streams.set(stream, caller);
      metrics.streams(streams.size);
    },
    free(stream: SSEStreamingApi): void {
      streams.delete(stream);
      metrics.streams(streams.size);
    },
    abortAll(): void {
      for (const stream of streams.keys()) stream.abort();
    },
  };
}

/** `GET /events`: reads the record from the database for each client, at its own pace. */
export function mountEvents(app: App, deps: StreamDeps, { requireScope }: Authenticator): EventStreams {
  const places = newPlaces(deps.metrics);
  const record = recordReader(deps);
  describe(app);
  app.get('/events', ticketOr(deps, requireScope('events:read')), async (context) => {
    const given = context.req.header('last-event-id') ?? context.req.query('after');
    const after = given === undefined ? await newestSequence(deps.database.reader) : parseSequence(given);
    if (given !== undefined) await requireNothingGone(deps, after);
    const { caller } = context.var;
    const name = `${caller.clientId}\n${caller.customerId ?? ''}`;
    places.check(name);
    // A stream without a reader would keep its place.
    if (context.req.raw.method === 'HEAD')
      return context.body(null, 200, { 'content-type': 'text/event-stream' });
    context.header('last-event-id', String(after));
    const run = async (stream: SSEStreamingApi) => {
      places.take(stream, name);
      const bell = newBell(deps, stream, caller.expiresAt);
      const freed = () => places.free(stream);
      stream.onAbort(freed);
      // The client may leave before its connection reads the stream, which then is never cancelled.
      context.req.raw.signal.addEventListener('abort', () => stream.abort(), { once: true });
      try {
        await follow(deps, stream, bell, record, { after, owner: ownerOf(context) });
      } finally {
        bell.end();
        freed();
      }
    };
    return streamSSE(context, run, async (error) => {
      deps.log.error('platform.stream_failed', { message: error.message });
    });
  });
  return { stop: places.abortAll };
}
