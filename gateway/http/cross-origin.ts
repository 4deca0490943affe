import type { MiddlewareHandler } from 'hono';
import { cors } from 'hono/cors';

/** What a page may read of an answer beside the headers that every page may. */
const exposed = [
  'ETag',
  'Idempotency-Replayed',
  'Last-Event-ID',
  'Link',
  'Location',
  'RateLimit',
  'RateLimit-Policy',
  'Retry-After',
  'WWW-Authenticate',
];

const accepted = [
  'Authorization',
  'Content-Type',
  'Idempotency-Key',
  'Last-Event-ID',
  'Prefer',
  'traceparent',
];

/** Lets pages of these origins call the app from a browser. Cookies mean nothing here, so none are allowed. */
export function crossOrigin(origins: readonly string[]): MiddlewareHandler {
  return cors({
    origin: [...origins],
    allowMethods: ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'],
    allowHeaders: accepted,
    exposeHeaders: exposed,
    maxAge: 600,
  });
}
