import { z } from 'zod';
import type { App } from '../http/app-env.ts';
import { problemDoc, problemError } from '../http/problem.ts';
import type { PlatformDeps } from './deps.ts';
import type { SalesStops } from './sales-stops.ts';

const readinessSchema = z
  .object({
    status: z.enum(['ready', 'degraded']),
    /** Parts that do not work, and what that means. */
    problems: z.array(z.object({ part: z.enum(['nats']), detail: z.string() })),
  })
  .meta({ id: 'Readiness' });

type Readiness = z.infer<typeof readinessSchema>;

/** Said without the cause: nobody needs a token to read it. The log has the cause. */
const busAway =
  'NATS takes no messages. Purchases are taken, and the engine works by its sweep; the log names the cause.';

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
    const reasons = [...stops(), ...(await databaseProblems(deps))];
    if (reasons.length > 0) throw problemError('unavailable', reasons.join(' '), { reasons });
    const problems = problemsOf(deps);
    const status = problems.length === 0 ? 'ready' : 'degraded';
    return context.json({ status, problems } satisfies Readiness);
  });
}

async function databaseProblems({
  database,
  log,
}: Pick<PlatformDeps, 'database' | 'log'>): Promise<string[]> {
  try {
    await database.reader.selectFrom('cursors').select('name').limit(1).execute();
    return [];
  } catch (error) {
    log.warn('http.not_ready', { reason: String(error) });
    return ['The database does not answer.'];
  }
}

function problemsOf({ bus }: Pick<PlatformDeps, 'bus'>): Readiness['problems'] {
  return bus.problem() === null ? [] : [{ part: 'nats', detail: busAway }];
}
