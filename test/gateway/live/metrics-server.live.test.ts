import { Counter, Gauge, Registry } from 'prom-client';
import { expect, it } from 'vitest';
import { startMetricsServer } from '../../../gateway/live/metrics-server.ts';
import { processMetrics } from '../../../gateway/live/process-metrics.ts';
import { wallClock } from '../../../shared/live/clock.ts';
import { liveHttp } from '../../../shared/live/http.ts';
import { silentLog } from '../../../shared/ports/log.ts';

const registryOf = (fill: (registry: Registry) => void) => {
  const registry = new Registry();
  fill(registry);
  return { metrics: () => registry.getMetricsAsJSON() };
};

it('answers for every service of the process, and for those that can be read when one cannot', async () => {
  const warnings: unknown[] = [];
  const log = { ...silentLog, warn: (event: string, fields?: object) => warnings.push([event, fields]) };
  const platform = registryOf((registry) => {
    for (const metric of processMetrics()) registry.registerMetric(metric);
    new Counter({ name: 'sold_total', help: 'Sold', labelNames: ['answer'], registers: [registry] }).inc(
      { answer: 'created' },
      3,
    );
  });
  const apiIot = registryOf((registry) =>
    new Gauge({ name: 'waiting', help: 'Waiting', registers: [registry] }).set(2),
  );
  let fails = false;
  const sources = [
    platform,
    { metrics: async () => (fails ? Promise.reject(new Error('disk I/O error')) : apiIot.metrics()) },
  ];
  const { serve } = liveHttp({ clock: wallClock, timeoutMs: 5_000 });
  const server = await startMetricsServer({ http: { serve } as never, log, port: 0 }, sources);
  const read = async () => {
    const answer = await fetch(`${server.origin}/metrics`);
    const lines = (await answer.text()).split('\n');
    return [
      answer.status,
      lines.filter((line) => /^(sold_total|waiting|fleetwake_)/.test(line)),
      lines.some((line) => line.startsWith('process_start_time_seconds ')),
    ];
  };
  try {
    expect(await read()).toEqual([
      200,
      ['sold_total{answer="created"} 3', 'waiting 2', 'fleetwake_metrics_services_unread 0'],
      true,
    ]);
    fails = true;
    expect(await read()).toEqual([
      200,
      ['sold_total{answer="created"} 3', 'fleetwake_metrics_services_unread 1'],
      true,
    ]);
    expect(warnings).toEqual([['metrics.not_read', { message: 'Error: disk I/O error' }]]);
    expect((await fetch(`${server.origin}/`)).status).toBe(404);
  } finally {
    await server.close(0);
  }
});
