import type { Hono } from 'hono';
import { problemError } from '../../../gateway/http/problem.ts';
import type { ConsoleDeps } from './console-deps.ts';
import type { ConsoleEnv } from './console-env.ts';
import { type Session, sessionEnded } from './sessions.ts';

/** Streams at once: of one session, and of all. */
export const streamsOfSessionMax = 4;
export const streamsMax = 50;

/** `GET /api/events`: the platform's stream of events, with the rights of the session and for as long as it lasts. */
export function mountEvents(app: Hono<ConsoleEnv>, deps: ConsoleDeps): void {
  let all = 0;
  app.get('/api/events', async (context) => {
    const { session } = context.var;
    if (session.streams >= streamsOfSessionMax || all >= streamsMax)
      throw problemError(
        'too-many-streams',
        'Close other windows of the console: each follows a stream.',
        {},
        { 'retry-after': '5' },
      );
    const after = context.req.header('last-event-id') ?? context.req.query('after');
    const signal = AbortSignal.any([session.ended, context.req.raw.signal]);
    session.streams += 1;
    all += 1;
    const release = once(() => {
      session.streams -= 1;
      all -= 1;
    });
    try {
      const answer = await opened(deps, session, after, signal);
      if (answer?.body && answer.status === 200) {
        signal.addEventListener('abort', release, { once: true });
        return new Response(withEnd(answer.body, release), {
          headers: { 'content-type': 'text/event-stream', 'cache-control': 'no-store' },
        });
      }
      release();
      const detail = `The platform answers ${answer?.status ?? 401} to a request for its events.`;
      throw problemError(answer?.status === 403 ? 'not-permitted' : 'unavailable', detail);
    } catch (error) {
      release();
      // A logout cuts the request to the platform: the platform is not to blame.
      if (session.ended.aborted) throw sessionEnded();
      if (error instanceof Error && error.name === 'TransportError')
        throw problemError('unavailable', `The platform does not answer: ${error.message}.`);
      throw error;
    }
  });
}

function opened(
  { origins }: ConsoleDeps,
  { access }: Session,
  after: string | undefined,
  signal: AbortSignal,
): Promise<Response | null> {
  return access.send(
    'platform',
    (token) =>
      new Request(`${origins.platform}/events`, {
        headers: {
          authorization: `Bearer ${token}`,
          accept: 'text/event-stream',
          ...(after === undefined ? {} : { 'last-event-id': after }),
        },
        signal,
      }),
  );
}

/** Hands a stream on, and calls `end` once it has ended in any way. A stream that is cut ends here without an error. */
function withEnd(body: ReadableStream<Uint8Array>, end: () => void): ReadableStream<Uint8Array> {
  const reader = body.getReader();
  return new ReadableStream({
    async pull(controller) {
      const part = await reader.read().catch(() => ({ done: true as const, value: undefined }));
      if (!part.done) return controller.enqueue(part.value);
      end();
      controller.close();
    },
    async cancel(reason) {
      end();
      await reader.cancel(reason).catch(() => undefined);
    },
  });
}

function once(work: () => void): () => void {
  let isDone = false;
  return () => {
    if (!isDone) work();
    isDone = true;
  };
}
