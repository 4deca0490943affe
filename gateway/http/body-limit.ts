import type { MiddlewareHandler } from 'hono';
import { utf8Of } from '../../shared/protocol/utf8.ts';
import { problemError } from './problem.ts';

/** The largest body that an app takes unless it says otherwise: 64 KiB. */
export const bodyLimitBytes = 64 * 1024;

function refuse(limitBytes: number): never {
  throw problemError('body-too-large', `The body may have at most ${limitBytes} bytes.`, { limitBytes });
}

async function readStream(body: ReadableStream<Uint8Array>, limitBytes: number): Promise<Uint8Array> {
  const reader = body.getReader();
  const chunks: Uint8Array[] = [];
  let size = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return Buffer.concat(chunks);
    size += value.length;
    if (size > limitBytes) {
      await reader.cancel();
      refuse(limitBytes);
    }
    chunks.push(value);
  }
}

async function readBytes(request: Request, limitBytes: number): Promise<Uint8Array> {
  if (request.headers.has('content-length')) {
    // The transport holds a sender to what it announced; a caller inside this process is measured afterwards.
    const bytes = new Uint8Array(await request.arrayBuffer());
    return bytes.byteLength > limitBytes ? refuse(limitBytes) : bytes;
  }
  return request.body === null ? new Uint8Array() : readStream(request.body, limitBytes);
}

/**
 * Reads the body once, at most `limitOf(path)` bytes of it, and leaves the text where `c.req.json()` and `c.req.text()` find it.
 * A larger body ends with 413 `body-too-large`, whether or not the sender announced its length; one that is not UTF-8 or
 * ends before its announced length with 400.
 */
export function bodyLimit(limitOf: (path: string) => number): MiddlewareHandler {
  return async (context, next) => {
    const { method, path, raw } = context.req;
    if (method === 'GET' || method === 'HEAD') return next();
    const limitBytes = limitOf(path);
    if (Number(context.req.header('content-length') ?? 0) > limitBytes) refuse(limitBytes);
    const bytes = await readBytes(raw, limitBytes).catch((error: unknown) => {
      // The client is gone, or its connection is: nothing went wrong here, and no client receives the answer.
      if (raw.signal.aborted) throw problemError('malformed-request', 'The body ended too early.');
      throw error;
    });
    const text = utf8Of(bytes);
    if (text === null) throw problemError('malformed-request', 'The body is not UTF-8. Send JSON in UTF-8.');
    // Hono's type says string; what its methods await is a promise.
    Object.assign(context.req.bodyCache, { text: Promise.resolve(text) });
    return next();
  };
}
