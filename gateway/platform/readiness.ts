import { z } from 'zod';
import type { App } from '../http/app-env.ts';
import { problemDoc, problemError } from '../http/problem.ts';
import { openIncidentOf } from '../store/incidents.ts';
import type { PlatformDeps } from './deps.ts';
import type { SalesStops } from './sales-stops.ts';

const readinessSchema = z
  .object({
    status: z.enum(['ready', 'degraded']),
    /** Parts that do not work, and what that means. */
    problems: z.array(z.object({ part: z.enum(['nats', 'api-iot', 'engine']), detail: z.string() })),
  })
  .meta({ id: 'Readiness' });

type Readiness = z.infer<typeof readinessSchema>;

/** Without the cause, because it can be read without a token. The log has the cause. */
const busAway =
  'NATS takes no messages. Purchases are taken, and the engine works by its sweep; the log names the cause.';

const incidentOpen =
  'Calls to the API IoT fail for the whole fleet. Purchases are taken, and activations wait; GET /incidents names the cause.';

const enginePaused =
  'An operator has paused the engine. Purchases are taken, and activations wait; GET /incidents names who paused it and why.';

/**
 * `GET /readyz`: for a load balancer, which sends purchases to another process while this one cannot sell, or has no database. What
 * only slows the work down is 200 with status `degraded`, so that no purchase is refused for it.
 */
export function mountReadiness(
  app: App,
  deps: Pick<PlatformDeps, 'database' | 'bus' | 'log'>,
  stops: SalesStops,
): void {
  app.openAPIRegistry.registerPath({
    method: 'get',
    path: '/readyz',
    tags: ['Operations'],
    summary: 'Whether services can be sold here, and which parts do not work; needs no token',
    responses: {
      200: {
        description: 'They can; `degraded` names the parts that do not work',
        content: { 'application/json': { schema: readinessSchema } },
      },
      503: problemDoc('unavailable: they cannot; `reasons` says why'),
    },
  });
  app.get('/readyz', async (context) => {
    const reasons = [...stops()];
    const problems = await problemsOf(deps).catch((error: unknown) => {
      deps.log.warn('http.not_ready', { reason: String(error) });
      reasons.push('The database does not answer.');
      return [];
    });
    if (reasons.length > 0) throw problemError('unavailable', reasons.join(' '), { reasons });
    const status = problems.length === 0 ? 'ready' : 'degraded';
    return context.json({ status, problems } satisfies Readiness);
  });
}

/** Reads the database, which must answer: rejects where it does not. */
async function problemsOf({
  database,
  bus,
}: Pick<PlatformDeps, 'database' | 'bus'>): Promise<Readiness['problems']> {
  const incident = await openIncidentOf(database.reader);
  return [
    ...(bus.problem() === null ? [] : [{ part: 'nats' as const, detail: busAway }]),
    ...(incident === null
      ? []
      : [
          incident.cause === 'paused'
            ? { part: 'engine' as const, detail: enginePaused }
            : { part: 'api-iot' as const, detail: incidentOpen },
        ]),
  ];
}
