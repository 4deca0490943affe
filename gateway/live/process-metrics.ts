import { collectDefaultMetrics, type Metric, Registry } from 'prom-client';

let metrics: readonly Metric[] | null = null;

/** Processor time, memory, open files, garbage collection and event loop of this process, by prom-client's names. */
export function processMetrics(): readonly Metric[] {
  // Once in a process: each collection has observers of its own.
  if (metrics === null) {
    const registry = new Registry();
    collectDefaultMetrics({ register: registry });
    metrics = registry.getMetricsAsArray() as unknown as readonly Metric[];
  }
  return metrics;
}
