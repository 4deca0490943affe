import { Hono } from 'hono';
import { secureHeaders } from 'hono/secure-headers';
import { problemResponse } from '../../../gateway/http/problem.ts';
import { problemOf } from '../../../shared/protocol/problem.ts';
import type { ConsoleAssets } from './assets.ts';
import { pageShell } from './page-shell.ts';

export interface ConsoleDeps {
  readonly assets: ConsoleAssets;
}

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

/** The console's HTTP surface: its page and what the page loads. */
export function consoleApp({ assets }: ConsoleDeps): Hono {
  const app = new Hono();
  const shell = pageShell(assets);
  app.use(headers);
  app.get('/assets/:name', (context) => {
    const file = assets.files.get(context.req.param('name'));
    if (!file) return context.notFound();
    const caching = 'public, max-age=31536000, immutable';
    return context.body(file.bytes, 200, { 'content-type': file.type, 'cache-control': caching });
  });
  app.get('*', (context) => context.html(shell, 200, { 'cache-control': 'no-store' }));
  app.notFound((context) =>
    problemResponse(problemOf('not-found', `Nothing is at ${context.req.method} ${context.req.path}.`)),
  );
  return app;
}
