import type { MiddlewareHandler } from 'hono';
import { matchedRoutes } from 'hono/route';
import { Histogram, type Metric } from 'prom-client';
import type { Clock } from '../../shared/ports/clock.ts';
import type { AppEnv } from './app-env.ts';

const buckets = [0.005, 0.025, 0.1, 0.5, 2.5, 10];
/** The method of a request is what its client writes. */
const methods: ReadonlySet<string> = new Set(['GET', 'POST', 'PUT', 'PATCH', 'DELETE']);

export interface RequestFigures {
  readonly metric: Metric;
  readonly observe: MiddlewareHandler<AppEnv>;
}

/**
 * Measures each request of a service until its answer begins, by method, route and class of status. A route is a pattern such as
 * `/purchases/:id`, so that neither a vehicle nor a customer becomes a label; `none` is a path at which there is nothing.
 */
export function requestFigures(clock: Pick<Clock, 'now'>, service: 'platform' | 'api_iot'): RequestFigures {
  const metric = new Histogram({
    name: 'fleetwake_http_request_duration_seconds',
    help: 'Requests until their answer begins, by route and class of status',
    labelNames: ['service', 'method', 'route', 'status'],
    buckets,
    registers: [],
  });
  return {
    metric,
    async observe(context, next) {
      const begunAt = clock.now();
      await next();
      // A HEAD is answered by the route of GET.
      const method = context.req.method === 'HEAD' ? 'GET' : context.req.method;
      const route = matchedRoutes(context).findLast((one) => one.method === method)?.path ?? 'none';
      const labels = { service, method: methods.has(method) ? method : 'other', route };
      const status = `${Math.floor(context.res.status / 100)}xx`;
      metric.observe({ ...labels, status }, (clock.now() - begunAt) / 1_000);
    },
  };
}
