import { Hono } from 'hono';
import { bodyLimit, bodyLimitBytes } from '../../gateway/http/body-limit.ts';
import { ProblemError, problemError, problemResponse } from '../../gateway/http/problem.ts';
import type { Log } from '../../shared/ports/log.ts';
import type { Secrets } from '../../shared/ports/secrets.ts';
import { problemOf } from '../../shared/protocol/problem.ts';
import type { FaultRecord } from '../faults/fault.ts';
import type { VehicleSnapshot } from '../fleet/vehicle-snapshot.ts';
import type { FaultDesk, PlacedFault } from './fault-desk.ts';
import { readFault } from './read-fault.ts';
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
    .route('/', faultsApp(deps.desk))
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

function faultsApp(desk: FaultDesk): Hono {
  const app = new Hono();
  app.get('/faults', (context) => context.json({ faults: desk.list().map(faultView) }));
  app.post('/faults/preview', async (context) => {
    const { vins, count } = desk.preview(await recordOf(context.req));
    return context.json({ vehicles: count, candidates: vins.length, vins: vins.slice(0, 100) });
  });
  app.post('/faults', async (context) => {
    const placing = desk.add(await recordOf(context.req));
    if (!placing.ok) throw problemError('invalid-request', `The fault cannot be had: ${placing.reason}.`);
    return context.json(faultView(placing.fault), 201, { location: `/faults/${placing.fault.id}` });
  });
  app.get('/faults/:id', (context) => {
    const fault = desk.find(context.req.param('id'));
    if (!fault) throw noFault(context.req.param('id'));
    return context.json(faultView(fault));
  });
  app.delete('/faults/:id', (context) => {
    if (!desk.remove(context.req.param('id'))) throw noFault(context.req.param('id'));
    return context.body(null, 204);
  });
  app.delete('/faults', (context) => context.json({ removed: desk.clear() }));
  return app;
}

function noFault(id: string): ProblemError {
  return problemError(
    'not-found',
    `There is no fault ${id}; "fleetwake fault list" shows those that there are.`,
  );
}

async function recordOf(request: { json(): Promise<unknown> }): Promise<FaultRecord> {
  const reading = readFault(await bodyOf(request));
  if (reading.ok) return reading.record;
  throw problemError('invalid-request', reading.mistakes.join('; '), { mistakes: reading.mistakes });
}

async function bodyOf(request: { json(): Promise<unknown> }): Promise<unknown> {
  try {
    return await request.json();
  } catch {
    throw problemError('malformed-request', 'The body is no JSON. Send a fault as docs/faults.md shows it.');
  }
}

function faultView({ id, addedAt, record, vins, struck, time }: PlacedFault) {
  return { id, addedAt, ...record, vehicles: vins.length, vins: vins.slice(0, 100), struck, ...time };
}
