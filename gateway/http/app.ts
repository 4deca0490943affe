import { OpenAPIHono } from '@hono/zod-openapi';
import type { Context, MiddlewareHandler } from 'hono';
import { HTTPException } from 'hono/http-exception';
import { z } from 'zod';
import type { Log } from '../../shared/ports/log.ts';
import { problemOf } from '../../shared/protocol/problem.ts';
import type { App, AppEnv } from './app-env.ts';
import { bodyLimit, bodyLimitBytes } from './body-limit.ts';
import { crossOrigin } from './cross-origin.ts';
import { mountDocsPage } from './docs-page.ts';
import { mountDocument } from './document.ts';
import { ProblemError, problemOfException, problemResponse, refuseInvalid } from './problem.ts';

export interface AppOptions {
  readonly log: Log;
  /** Title and version of the OpenAPI document. */
  readonly title: string;
  readonly version: string;
  readonly description?: string;
  /** Origins whose pages may call from a browser (CORS); none unless given. */
  readonly allowedOrigins?: readonly string[];
  /** Paths that take larger bodies than 64 KiB, with their limit in bytes. */
  readonly largerBodies?: Readonly<Record<string, number>>;
  /** Returns a path as logs and problems may have it, where one lets its holder in. */
  readonly loggedPath?: (path: string) => string;
  /** Returns the page that answers a refused request to a page; null: a problem (JSON) does. */
  readonly pageOf?: (context: Context<AppEnv>, error: ProblemError) => Response | null;
  /** Measures each request (request-figures.ts). */
  readonly observe?: MiddlewareHandler<AppEnv>;
}

const methods = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const;

/** The methods that the path has a handler for; middlewares (`ALL`) do not count. */
function allowedMethods(app: App, path: string): string[] {
  return methods.filter((method) => {
    const [matches] = app.router.match(method, path);
    return matches.some(([[, route]]) => route.method === method);
  });
}

function answerError(
  error: Error,
  context: Context<AppEnv>,
  { log, loggedPath = String, pageOf }: AppOptions,
): Response {
  if (error instanceof ProblemError)
    return pageOf?.(context, error) ?? problemResponse(error.problem, error.headers);
  const known = error instanceof HTTPException ? problemOfException(error) : null;
  if (known !== null) return problemResponse(known);
  log.error('http.request_failed', {
    method: context.req.method,
    path: loggedPath(context.req.path),
    message: error.message,
    stack: error.stack,
  });
  return problemResponse(problemOf('internal', 'The request failed here. It may be sent again.'));
}

/**
 * A Hono app in which every answer that is not a success is application/problem+json: unknown paths 404, other methods
 * 405 with Allow, unreadable bodies 400, 413 and 415, schema failures 422 with `errors`, anything unexpected 500
 * without its text (which goes to the log). Serves `/livez`, `/openapi.json` (3.1) and `/docs`, both open to everyone.
 */
export function newApp(options: AppOptions): App {
  const app: App = new OpenAPIHono<AppEnv>({ defaultHook: refuseInvalid('invalid-request') });
  app.onError((error, context) => answerError(error, context, options));
  const { loggedPath = String } = options;
  app.notFound((context) => {
    const allowed = allowedMethods(app, context.req.path);
    // A handler of this very method that found nothing is a 404 too.
    if (allowed.length === 0 || allowed.includes(context.req.method)) {
      return problemResponse(problemOf('not-found', `Nothing is at ${loggedPath(context.req.path)}.`));
    }
    const allow = allowed.join(', ');
    const detail = `${context.req.method} is not possible here; ${allow} is.`;
    return problemResponse(problemOf('method-not-allowed', detail), { allow });
  });
  // First of all routes: it tells that the process takes requests, and asks neither database nor token.
  app.get('/livez', (context) => context.json({ status: 'ok' }));
  app.openAPIRegistry.registerPath({
    method: 'get',
    path: '/livez',
    tags: ['Operations'],
    summary: 'Whether the process takes requests; needs no token and asks no database',
    responses: {
      200: {
        description: 'It does: {"status": "ok"}',
        content: { 'application/json': { schema: z.object({ status: z.literal('ok') }) } },
      },
    },
  });
  if (options.observe) app.use(options.observe);
  if (options.allowedOrigins?.length) app.use(crossOrigin(options.allowedOrigins));
  app.use(bodyLimit((path) => options.largerBodies?.[path] ?? bodyLimitBytes));
  const { title, version, description } = options;
  mountDocument(app, { title, version, ...(description === undefined ? {} : { description }) });
  mountDocsPage(app, title);
  return app;
}
