import { Hono } from 'hono';
import { secureHeaders } from 'hono/secure-headers';
import { bodyLimit, bodyLimitBytes } from '../../../gateway/http/body-limit.ts';
import { ProblemError, problemResponse } from '../../../gateway/http/problem.ts';
import { problemOf } from '../../../shared/protocol/problem.ts';
import type { ConsoleDeps } from './console-deps.ts';
import type { ConsoleEnv } from './console-env.ts';
import { mountEvents } from './event-route.ts';
import { mountFaultPresets } from './fault-presets.ts';
import { pageShell } from './page-shell.ts';
import { mountRuns } from './run-routes.ts';
import { requireChangeToken, sameOrigin } from './same-origin.ts';
import { mountSession, sessionOf } from './session-routes.ts';
import { sessionEnded } from './sessions.ts';
import { mountUpstreams } from './upstream-routes.ts';

/** Nothing is loaded from elsewhere, nothing runs that is not one of the built files, and no page of another origin frames this one. */
const headers = secureHeaders({
  contentSecurityPolicy: {
    defaultSrc: ["'none'"],
    scriptSrc: ["'self'"],
    styleSrc: ["'self'"],
    connectSrc: ["'self'"],
    imgSrc: ["'self'", 'data:'],
    formAction: ["'self'"],
    baseUri: ["'none'"],
    frameAncestors: ["'none'"],
  },
  xFrameOptions: 'DENY',
  referrerPolicy: 'no-referrer',
  // The console speaks plain HTTP on the loopback.
  strictTransportSecurity: false,
});

/** The console's HTTP surface: its page, what the page loads, sessions, and the calls of the page. */
export function consoleApp(deps: ConsoleDeps): Hono<ConsoleEnv> {
  const { assets, log } = deps;
  const app = new Hono<ConsoleEnv>();
  const shell = pageShell(assets);
  app.onError((error) => {
    if (error instanceof ProblemError) return problemResponse(error.problem, error.headers);
    log.error('console.request_failed', { message: error.message, stack: error.stack });
    return problemResponse(problemOf('internal', 'The request failed here. It may be sent again.'));
  });
  app.notFound((context) =>
    problemResponse(problemOf('not-found', `Nothing is at ${context.req.method} ${context.req.path}.`)),
  );
  app.use(
    headers,
    sameOrigin,
    bodyLimit(() => bodyLimitBytes),
  );
  app.get('/assets/:name', (context) => {
    const file = assets.files.get(context.req.param('name'));
    if (!file) return context.notFound();
    const caching = 'public, max-age=31536000, immutable';
    return context.body(file.bytes, 200, { 'content-type': file.type, 'cache-control': caching });
  });
  mountSession(app, deps);
  app.use('/api/*', async (context, next) => {
    const session = sessionOf(context, deps);
    if (session === null) throw sessionEnded();
    context.set('session', session);
    await next();
  });
  app.use('/api/*', requireChangeToken(deps.secrets));
  mountEvents(app, deps);
  mountFaultPresets(app, deps);
  mountRuns(app, deps);
  mountUpstreams(app, deps);
  app.all('/api/*', (context) => context.notFound());
  app.get('*', (context) => context.html(shell, 200, { 'cache-control': 'no-store' }));
  return app;
}
