import { AggregatorRegistry } from 'prom-client';
import type { LiveHttp } from '../../shared/live/http.ts';
import type { HttpServer } from '../../shared/live/http-server.ts';
import { metricsContentType } from '../http/metrics-route.ts';

/** What a registry of prom-client returns as JSON: it passes between threads. */
export type MetricFamilies = readonly object[];

/** Serves the metrics of every service of this process without a token, where only this machine reaches them: for a Prometheus or an agent beside it. */
export function startMetricsServer(
  http: LiveHttp,
  port: number,
  sources: readonly (() => Promise<MetricFamilies>)[],
): Promise<HttpServer> {
  const headers = { 'content-type': metricsContentType };
  const text = async () => {
    const families = await Promise.all(sources.map((read) => read()));
    return AggregatorRegistry.aggregate(families as object[][]).metrics();
  };
  return http.serve(
    async ({ method, url }) =>
      method === 'GET' && new URL(url).pathname === '/metrics'
        ? new Response(await text(), { headers })
        : new Response('This port answers only GET /metrics\n', { status: 404 }),
    { port, flag: '--metrics-port' },
  );
}
