import { Hono } from 'hono';
import { bodyLimit, bodyLimitBytes } from '../../gateway/http/body-limit.ts';
import { ProblemError, problemError, problemResponse } from '../../gateway/http/problem.ts';
import type { Log } from '../../shared/ports/log.ts';
import type { Secrets } from '../../shared/ports/secrets.ts';
import { problemOf } from '../../shared/protocol/problem.ts';
import type { VehicleSnapshot } from '../fleet/vehicle-snapshot.ts';
import { type FaultOperations, faultOperations, noJson } from './fault-operations.ts';
import type { LineDeps } from './toxic-lines.ts';
import { toxiproxyApp } from './toxiproxy-app.ts';
import { vehiclesApp } from './vehicles-app.ts';

export interface ControlDeps extends LineDeps {
  readonly secrets: Secrets;
  /** SHA-256 of the credential, as `Secrets.digest` writes it. */
  readonly credentialDigest: string;
  readonly log: Log;
  /** Takes requests without the credential too: for clients that know host and port alone. Never those of a web page. */
  readonly isOpen: boolean;
  /** The vehicles of this process, as they are now. */
  readonly vehicles: () => readonly VehicleSnapshot[];
}

/** The credential as the first segments of the path: for clients that can send no header. */
const inPath = '/as/:credential';

/**
 * The control surface: `/faults`, and Toxiproxy's API for the line of each vehicle. The one credential goes as
 * `Authorization: Bearer …`, or in front of the path (`/as/{credential}/proxies`).
 */
export function controlApp(deps: ControlDeps): Hono {
  const surface = new Hono()
    .route('/', faultsApp(faultOperations(deps.desk)))
    .route('/', vehiclesApp(deps))
    .route('/', toxiproxyApp(deps));
  const app = new Hono();
  app.onError((error) => {
    if (error instanceof ProblemError) return problemResponse(error.problem, error.headers);
    deps.log.error('control.request_failed', { message: error.message, stack: error.stack });
    return problemResponse(problemOf('internal', 'The request failed here. It may be sent again.'));
  });
  app.notFound((context) =>
    problemResponse(
      problemOf('not-found', `Nothing is at ${context.req.method} ${pathOf(context.req.path)}.`),
    ),
  );
  app.use(bodyLimit(() => bodyLimitBytes));
  app.use(`${inPath}/*`, async (context, next) => {
    requireCredential(deps, context.req.param('credential'));
    await next();
  });
  app.route(inPath, surface);
  // Else the check of the header, which comes next, would answer a wrong path under the right secret.
  app.all(`${inPath}/*`, (context) => context.notFound());
  app.use(async (context, next) => {
    const given = context.req.header('authorization');
    if (deps.isOpen && given === undefined && !isOfPage(context.req)) return next();
    requireCredential(deps, /^Bearer +(\S+)$/i.exec(given ?? '')?.[1]);
    await next();
  });
  return app.route('/', surface);
}

/** Browsers send this header with each request of a page; other programs of this machine do not. */
function isOfPage(request: { header(name: string): string | undefined }): boolean {
  return request.header('origin') !== undefined || request.header('sec-fetch-site') !== undefined;
}

/** Without the credential, if it is in there. */
function pathOf(path: string): string {
  return path.replace(/^\/as\/[^/]+/, '');
}

function requireCredential({ secrets, credentialDigest }: ControlDeps, given: string | undefined): void {
  if (given !== undefined && secrets.equal(secrets.digest(given), credentialDigest)) return;
  throw problemError(
    'unauthorized',
    'Send the secret of control.json in the data folder: Authorization: Bearer SECRET, or /as/SECRET in front of the path.',
    {},
    { 'www-authenticate': 'Bearer realm="fleetwake control"' },
  );
}

function faultsApp(operations: FaultOperations): Hono {
  const app = new Hono();
  app.get('/faults', (context) => {
    const hasRemoved = context.req.query('view') === 'all';
    return context.json(operations.list({ hasRemoved, vin: context.req.query('vin') }));
  });
  app.post('/faults/preview', async (context) => context.json(operations.preview(await bodyOf(context.req))));
  app.post('/faults', async (context) => {
    const fault = operations.add(await bodyOf(context.req));
    return context.json(fault, 201, { location: `/faults/${fault.id}` });
  });
  app.get('/faults/:id', (context) => context.json(operations.get(context.req.param('id'))));
  app.delete('/faults/:id', (context) => {
    operations.remove(context.req.param('id'));
    return context.body(null, 204);
  });
  app.delete('/faults', (context) => context.json(operations.clear()));
  return app;
}

async function bodyOf(request: { json(): Promise<unknown> }): Promise<unknown> {
  try {
    return await request.json();
  } catch {
    throw noJson();
  }
}
