import type { MiddlewareHandler } from 'hono';
import { problemError } from './problem.ts';

/** The largest body that an app takes unless it says otherwise: 64 KiB. */
export const bodyLimitBytes = 64 * 1024;

function refuse(limitBytes: number): never {
  throw problemError('body-too-large', `The body may have at most ${limitBytes} bytes.`, { limitBytes });
}

async function readStream(body: ReadableStream<Uint8Array>, limitBytes: number): Promise<string> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let text = '';
  let size = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return text + decoder.decode();
    size += value.length;
    if (size > limitBytes) {
      await reader.cancel();
      refuse(limitBytes);
    }
    text += decoder.decode(value, { stream: true });
  }
}

/**
 * Reads the body once, at most `limitOf(path)` bytes of it, and leaves the text where `c.req.json()` and `c.req.text()` find it.
 * A larger body ends with 413 `body-too-large`, whether or not the sender announced its length.
 */
export function bodyLimit(limitOf: (path: string) => number): MiddlewareHandler {
  return async (context, next) => {
    const { method, path, raw } = context.req;
    if (method === 'GET' || method === 'HEAD') return next();
    const limitBytes = limitOf(path);
    const announced = context.req.header('content-length');
    if (announced !== undefined) {
      // The transport holds a sender to what it announced; a caller inside this process is measured afterwards.
      if (Number(announced) > limitBytes) refuse(limitBytes);
      if (Buffer.byteLength(await context.req.text()) > limitBytes) refuse(limitBytes);
      return next();
    }
    const text = raw.body === null ? '' : await readStream(raw.body, limitBytes);
    // Hono's type says string; what its methods await is a promise.
    Object.assign(context.req.bodyCache, { text: Promise.resolve(text) });
    return next();
  };
}
