import { type SSEStreamingApi, streamSSE } from 'hono/streaming';
import type { Timer } from '../../shared/ports/clock.ts';
import type { App } from '../http/app-env.ts';
import { type Authenticator, securityFor } from '../http/authenticate.ts';
import { problemDoc, problemError } from '../http/problem.ts';
import { recordReader } from '../store/record-reader.ts';
import type { RecordRow } from '../store/schema.ts';
import type { PlatformDeps } from './deps.ts';
import type { Metrics } from './metrics.ts';
import { type Owner, ownerOf } from './ownership.ts';
import { newestSequence, recordEntry, rowsFor, viewFor } from './record-view.ts';

/** The most clients that follow the stream at once. */
export const streamMax = 100;
/** Rows read at once: all that is kept in memory for a client, however far behind it is. */
const batchMax = 100;
/** A comment is sent after so much silence, so that nobody between takes the connection for dead. */
export const heartbeatMs = 15_000;
/** A client that takes nothing for so long is cut. */
export const stallMs = 60_000;

export type StreamDeps = Pick<PlatformDeps, 'database' | 'clock' | 'log' | 'changes'> & {
  readonly metrics: Metrics;
};

/** One client's wait for news: ends on a change, on a heartbeat's time, or for good, which its token's end is. */
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
    /** True when there may be news, false when it was silent for `heartbeatMs`. */
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
  await send(deps, stream, () => stream.write('retry: 1000\n\n'));
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
      'Each event has the sequence as its id, the type as its name and a RecordEntry as its data. Starts with what comes next, or after Last-Event-ID (also as ?after=). A client may meet an event twice, never a gap. Ends when the token lapses: come back with a new one.',
    security: securityFor('events:read'),
    responses: {
      200: { description: 'The stream', content: { 'text/event-stream': { schema: { type: 'string' } } } },
      400: problemDoc('malformed-request: Last-Event-ID is not a sequence'),
      401: problemDoc('unauthorized'),
      403: problemDoc('missing-scope'),
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

export interface EventStreams {
  /** Ends every stream; clients come back with Last-Event-ID. */
  stop(): void;
}

/** `GET /events`: reads the record from the database for each client, at its own pace. */
export function mountEvents(app: App, deps: StreamDeps, { requireScope }: Authenticator): EventStreams {
  const streams = new Set<SSEStreamingApi>();
  const record = recordReader(deps);
  describe(app);
  app.get('/events', requireScope('events:read'), async (context) => {
    const given = context.req.header('last-event-id') ?? context.req.query('after');
    const after = given === undefined ? await newestSequence(deps.database.reader) : parseSequence(given);
    if (streams.size >= streamMax) {
      const detail = `${streamMax} clients follow the stream already. Try again later.`;
      throw problemError('unavailable', detail, {}, { 'retry-after': '10' });
    }
    const run = async (stream: SSEStreamingApi) => {
      streams.add(stream);
      deps.metrics.streams(streams.size);
      const bell = newBell(deps, stream, context.var.caller.expiresAt);
      try {
        await follow(deps, stream, bell, record, { after, owner: ownerOf(context) });
      } finally {
        bell.end();
        streams.delete(stream);
        deps.metrics.streams(streams.size);
      }
    };
    return streamSSE(context, run, async (error) => {
      deps.log.error('platform.stream_failed', { message: error.message });
    });
  });
  return {
    stop() {
      for (const stream of streams) stream.abort();
    },
  };
}
