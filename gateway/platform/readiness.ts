import { z } from 'zod';
import type { App } from '../http/app-env.ts';
import { problemDoc, problemError } from '../http/problem.ts';

/** Returns one sentence for each reason why nothing can be sold now; none while the platform sells. */
export type SalesStops = () => readonly string[];

/** Throws 503 with the reasons while nothing can be sold, before anything of a purchase exists. */
export function refuseWhileStopped(stops: SalesStops): void {
  const reasons = stops();
  if (reasons.length === 0) return;
  throw problemError('unavailable', `Nothing was bought. ${reasons.join(' ')}`, { reasons });
}

/** `GET /readyz`: for a load balancer, which sends purchases to another process while this one cannot sell. */
export function mountReadiness(app: App, stops: SalesStops): void {
  app.openAPIRegistry.registerPath({
    method: 'get',
    path: '/readyz',
    tags: ['Operations'],
    summary: 'Whether services can be sold here; needs no token',
    responses: {
      200: {
        description: 'They can',
        content: { 'application/json': { schema: z.object({ status: z.literal('ready') }) } },
      },
      503: problemDoc('unavailable: they cannot; `reasons` says why'),
    },
  });
  app.get('/readyz', (context) => {
    const reasons = stops();
    if (reasons.length === 0) return context.json({ status: 'ready' });
    throw problemError('unavailable', reasons.join(' '), { reasons });
  });
}
