import { Registry } from 'prom-client';
import type { App } from './app-env.ts';
import { type Authenticator, securityFor } from './authenticate.ts';
import { problemDoc } from './problem.ts';

export const metricsContentType: string = Registry.PROMETHEUS_CONTENT_TYPE;

/** `GET /metrics` in the Prometheus text format, with the scope `metrics:read`. */
export function mountMetricsRoute(
  app: App,
  registry: Pick<Registry, 'metrics'>,
  { requireScope }: Authenticator,
): void {
  app.openAPIRegistry.registerPath({
    method: 'get',
    path: '/metrics',
    tags: ['Operations'],
    summary: 'Metrics in the Prometheus text format',
    security: securityFor('metrics:read'),
    responses: {
      200: { description: 'The metrics', content: { 'text/plain': { schema: { type: 'string' } } } },
      401: problemDoc('unauthorized'),
      403: problemDoc('missing-scope'),
    },
  });
  app.get('/metrics', requireScope('metrics:read'), async (context) =>
    context.body(await registry.metrics(), 200, { 'content-type': metricsContentType }),
  );
}
