import { z } from 'zod';
import type { Database } from '../../shared/ports/database.ts';
import type { Log } from '../../shared/ports/log.ts';
import type { App } from '../http/app-env.ts';
import { problemDoc, problemError } from '../http/problem.ts';
import type { ApiIotSchema } from './store/schema.ts';

const readinessSchema = z
  .object({
    status: z.enum(['ready', 'degraded']),
    /** Parts that do not work, and what that means. */
    problems: z.array(z.object({ part: z.literal('broker'), detail: z.string() })),
  })
  .meta({ id: 'Readiness' });

/** Without the cause, because it can be read without a token. The log has the cause. */
const brokerAway =
  'The MQTT broker is not connected. Commands are accepted and wait for it within their time; the log names the cause.';

/**
 * `GET /readyz`: for a load balancer and for who starts what needs the API IoT. Without its database it takes no command: 503. Without the
 * broker it takes them still: 200 with status `degraded`.
 */
export function mountReadiness(
  app: App,
  deps: {
    readonly database: Pick<Database<ApiIotSchema>, 'reader'>;
    readonly log: Log;
    readonly isConnected: () => boolean;
  },
): void {
  app.openAPIRegistry.registerPath({
    method: 'get',
    path: '/readyz',
    tags: ['Operations'],
    summary: 'Whether commands can be taken here, and which parts do not work; needs no token',
    responses: {
      200: {
        description: 'They can; `degraded` names the parts that do not work',
        content: { 'application/json': { schema: readinessSchema } },
      },
      503: problemDoc('unavailable: they cannot; `reasons` says why'),
    },
  });
  app.get('/readyz', async (context) => {
    try {
      await deps.database.reader.selectFrom('vehicles').select('vin').limit(1).execute();
    } catch (error) {
      deps.log.warn('http.not_ready', { reason: String(error) });
      const reasons = ['The database does not answer.'];
      throw problemError('unavailable', reasons.join(' '), { reasons });
    }
    const problems = deps.isConnected() ? [] : [{ part: 'broker' as const, detail: brokerAway }];
    const status = problems.length === 0 ? 'ready' : 'degraded';
    return context.json({ status, problems } satisfies z.infer<typeof readinessSchema>);
  });
}
