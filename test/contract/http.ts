import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Http, TransportError } from '../../shared/ports/http.ts';
import { freePort } from '../helpers/free-port.ts';

export interface OpenedHttp {
  /** Gives up a request so late that no slow machine meets it. */
  readonly http: Http;
  /** Reaches the same handler, and gives up a request after `shortTimeoutMs`. */
  readonly impatient: Http;
  /** Where the suite's handler is served. */
  readonly origin: string;
  close(): Promise<void>;
}

export const shortTimeoutMs = 300;

type HttpHandler = (request: Request) => Response | Promise<Response>;

/** What every `Http` owes its callers. `open` serves the handler. */
export function describeHttp(name: string, open: (handler: HttpHandler) => Promise<OpenedHttp>): void {
  describe(`http: ${name}`, () => {
    let opened: OpenedHttp;
    beforeAll(async () => {
      opened = await open(answer);
    });
    afterAll(() => opened.close());
    const send = (path: string, init?: RequestInit) =>
      opened.http(new Request(`${opened.origin}${path}`, init));

    it('carries method, path, query, headers and body there, and status, headers and body back', async () => {
      const response = await send('/echo?a=1&b=%20', {
        method: 'POST',
        headers: { 'x-key': 'act_1:2', 'content-type': 'application/json' },
        body: '{"umlaut":"ü"}',
      });
      expect(response.status).toBe(202);
      expect(response.headers.get('location')).toBe('/history/1');
      expect(await response.json()).toEqual({
        method: 'POST',
        path: '/echo?a=1&b=%20',
        key: 'act_1:2',
        type: 'application/json',
        body: '{"umlaut":"ü"}',
      });
    });

    it('resolves with a 4xx or 5xx, since that is an answer', async () => {
      expect((await send('/status/404')).status).toBe(404);
      expect((await send('/status/503')).status).toBe(503);
      expect((await send('/status/204')).status).toBe(204);
    });

    it('answers 500 for a handler that throws', async () => {
      expect((await send('/throw')).status).toBe(500);
    });

    it('gives no answer, and an unknown outcome, when the handler rejects with TransportError', async () => {
      const error = await send('/reset', { method: 'POST', body: 'x' }).catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(TransportError);
      expect(error).toMatchObject({ kind: 'reset', mayHaveSucceeded: true });
      expect((await send('/status/201')).status).toBe(201);
    });

    it('rejects with an unknown outcome when no answer comes in time', async () => {
      const { impatient, origin } = opened;
      const error = await impatient(new Request(`${origin}/never`)).catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(TransportError);
      expect(error).toMatchObject({ kind: 'timeout', mayHaveSucceeded: true });
    });

    it('rejects with "refused" and certainly not done when no server listens', async () => {
      const port = await freePort();
      const error = await opened
        .http(new Request(`http://127.0.0.1:${port}/`))
        .catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(TransportError);
      expect(error).toMatchObject({ kind: 'refused', mayHaveSucceeded: false });
    });

    it('never sends what was given up before, and knows it', async () => {
      const error = await send('/echo', { signal: AbortSignal.abort() }).catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(TransportError);
      expect(error).toMatchObject({ mayHaveSucceeded: false });
    });

    it('sends many at once', async () => {
      const statuses = await Promise.all(
        Array.from({ length: 200 }, async () => (await send('/status/201')).status),
      );
      expect(statuses).toEqual(Array.from({ length: 200 }, () => 201));
    });
  });
}

async function answer(request: Request): Promise<Response> {
  const { pathname, search } = new URL(request.url);
  if (pathname === '/throw') throw new Error('broken on purpose');
  if (pathname === '/reset') throw new TransportError('reset', 'broken off on purpose', true);
  if (pathname === '/never') return new Promise<Response>(() => {});
  if (pathname.startsWith('/status/')) return new Response(null, { status: Number(pathname.slice(8)) });
  const body = {
    method: request.method,
    path: pathname + search,
    key: request.headers.get('x-key'),
    type: request.headers.get('content-type'),
    body: await request.text(),
  };
  return Response.json(body, { status: 202, headers: { location: '/history/1' } });
}
