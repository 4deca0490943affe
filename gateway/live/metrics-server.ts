import { AggregatorRegistry, Gauge, Registry } from 'prom-client';
import type { LiveHttp } from '../../shared/live/http.ts';
import type { HttpServer } from '../../shared/live/http-server.ts';
import type { Log } from '../../shared/ports/log.ts';
import { metricsContentType } from '../http/metrics-route.ts';

/** What a registry of prom-client returns as JSON: it passes between threads. */
export type MetricFamilies = readonly object[];

export interface MetricsSource {
  metrics(): Promise<MetricFamilies>;
}

/** A service that answers later than this is left out of a scrape: a Prometheus waits for 10 s. */
const readMaxMs = 5_000;

/**
 * Serves the metrics of every service of this process without a token, where only this machine reaches them: for a Prometheus or an
 * agent beside it. A service whose metrics cannot be read is left out and counted, so that those of the others arrive.
 */
export function startMetricsServer(
  { http, log, port }: { readonly http: LiveHttp; readonly log: Log; readonly port: number },
  sources: readonly MetricsSource[],
): Promise<HttpServer> {
  const headers = { 'content-type': metricsContentType };
  return http.serve(
    async ({ method, url }) =>
      method === 'GET' && new URL(url).pathname === '/metrics'
        ? new Response(await textOf(sources, log), { headers })
        : new Response('This port answers only GET /metrics\n', { status: 404 }),
    { port, flag: '--metrics-port' },
  );
}

async function textOf(sources: readonly MetricsSource[], log: Log): Promise<string> {
  const reads = await Promise.allSettled(sources.map(inTime));
  const families = reads.flatMap((read) => (read.status === 'fulfilled' ? [read.value] : []));
  for (const read of reads)
    if (read.status === 'rejected') log.warn('metrics.not_read', { message: String(read.reason) });
  const unread = unreadMetric(sources.length - families.length);
  const all = [...families.map(wholeFamilies), await unread.getMetricsAsJSON()];
  return await AggregatorRegistry.aggregate(all as object[][]).metrics();
}

function inTime(source: MetricsSource): Promise<MetricFamilies> {
  return new Promise((resolve, reject) => {
    const late = () => reject(new Error(`a service did not answer within ${readMaxMs / 1_000} s`));
    const timer = setTimeout(late, readMaxMs);
    source
      .metrics()
      .then(resolve, reject)
      .finally(() => clearTimeout(timer));
  });
}

/** prom-client leaves out some metrics of a process where it adds up several; here only one source has them. */
const wholeFamilies = (families: MetricFamilies) =>
  families.map((family) =>
    'aggregator' in family && family.aggregator === 'omit' ? { ...family, aggregator: 'first' } : family,
  );

function unreadMetric(count: number): Registry {
  const registry = new Registry();
  new Gauge({
    name: 'fleetwake_metrics_services_unread',
    help: 'Services of this process whose metrics could not be read for this scrape',
    registers: [registry],
  }).set(count);
  return registry;
}
