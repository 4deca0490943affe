import type { MiddlewareHandler } from 'hono';
import { problemError } from '../../../gateway/http/problem.ts';
import type { Secrets } from '../../../shared/ports/secrets.ts';
import type { ConsoleEnv } from './console-env.ts';

/** The header in which a page sends the change token of its session. */
export const changeTokenHeader = 'x-fleetwake-change';

const reading = new Set(['GET', 'HEAD']);

/**
 * Refuses a change that a page of another origin has made a browser send. A browser names the page's origin with each change;
 * a program that names none sends no cookie of its own accord.
 */
export const sameOrigin: MiddlewareHandler = async (context, next) => {
  if (!reading.has(context.req.method)) {
    const origin = context.req.header('origin');
    const site = context.req.header('sec-fetch-site');
    const isOwn = origin === undefined ? site === undefined : hostOf(origin) === context.req.header('host');
    if (!isOwn || (site !== undefined && site !== 'same-origin'))
      throw problemError('not-permitted', 'A page of another origin may change nothing here.');
  }
  await next();
};

/** Null for an origin that hides its name (`null`). */
function hostOf(origin: string): string | null {
  try {
    return new URL(origin).host;
  } catch {
    return null;
  }
}

/** Refuses a change without the change token of its session. */
export function requireChangeToken(secrets: Secrets): MiddlewareHandler<ConsoleEnv> {
  return async (context, next) => {
    const given = context.req.header(changeTokenHeader) ?? '';
    if (!reading.has(context.req.method) && !secrets.equal(given, context.var.session.changeToken)) {
      const detail = `A change needs the change token of the session in ${changeTokenHeader}: reload the page.`;
      throw problemError('not-permitted', detail);
    }
    await next();
  };
}
