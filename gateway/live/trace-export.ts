import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  BatchSpanProcessor,
  ParentBasedSampler,
  type Sampler,
  type SpanExporter,
  type SpanProcessor,
  TraceIdRatioBasedSampler,
} from '@opentelemetry/sdk-trace';
import { Counter } from 'prom-client';
import { wallClock } from '../../shared/live/clock.ts';
import { systemRandom } from '../../shared/live/random.ts';
import type { Log } from '../../shared/ports/log.ts';
import { spanRecorder } from '../../shared/tracing/span-recorder.ts';
import { countedWarnings } from '../http/counted-warnings.ts';
import type { TraceSettings, Traces } from '../options/trace-settings.ts';

/** What stopping waits for the collector at the most. */
const stopMaxMs = 2_000;

/**
 * Exports spans to a collector in the background. What the collector does not take in time is dropped and counted: the queue has
 * OTEL_BSP_MAX_QUEUE_SIZE places, and nothing that is recorded waits for one.
 */
export function exportedTraces(
  defaultName: string,
  { serviceName, resourceAttributes, sampler, queue }: TraceSettings,
  log: Log,
): Traces {
  const service = serviceName ?? resourceAttributes['service.name'] ?? defaultName;
  const metric = new Counter({
    name: 'fleetwake_trace_spans_total',
    help: 'Spans by what became of them: exported, failed (the collector did not take them), dropped (the queue was full)',
    labelNames: ['service', 'outcome'],
    registers: [],
  });
  const warnings = countedWarnings({ clock: wallClock, log });
  const count = (outcome: 'exported' | 'failed' | 'dropped', spans: number) => {
    metric.inc({ service: defaultName, outcome }, spans);
    if (outcome !== 'exported') warnings('traces.not_exported', { service: defaultName, outcome });
  };
  const recorder = spanRecorder({
    ...{ clock: wallClock, random: systemRandom, serviceName: service, resourceAttributes },
    sampler: samplerOf(sampler),
    processor: boundedProcessor(new OTLPTraceExporter(), queue, count),
  });
  return {
    tracing: recorder,
    metrics: [metric],
    async stop() {
      const ended = recorder.shutdown().catch(() => {});
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<void>((resolve) => {
        timer = setTimeout(resolve, stopMaxMs);
      });
      await Promise.race([ended, late]);
      clearTimeout(timer);
    },
  };
}

function samplerOf({ name, ratio }: TraceSettings['sampler']): Sampler {
  const own = name.endsWith('always_on')
    ? new AlwaysOnSampler()
    : name.endsWith('always_off')
      ? new AlwaysOffSampler()
      : new TraceIdRatioBasedSampler(ratio);
  return name.startsWith('parentbased') ? new ParentBasedSampler({ root: own }) : own;
}

/** The SDK's batches, with a count of what they export and lose: the SDK itself does not tell what it drops. */
function boundedProcessor(
  exporter: SpanExporter,
  queue: TraceSettings['queue'],
  count: (outcome: 'exported' | 'failed' | 'dropped', spans: number) => void,
): SpanProcessor {
  let waiting = 0;
  const counted: SpanExporter = {
    export(spans, onResult) {
      waiting -= spans.length;
      exporter.export(spans, (result) => {
        count(result.error === undefined && result.code === 0 ? 'exported' : 'failed', spans.length);
        onResult(result);
      });
    },
    shutdown: () => exporter.shutdown(),
  };
  const batches = new BatchSpanProcessor({ ...queue, exporter: counted });
  return {
    onStart() {},
    onEnd(span) {
      if (waiting >= queue.maxQueueSize) return count('dropped', 1);
      waiting += 1;
      batches.onEnd(span);
    },
    forceFlush: () => batches.forceFlush(),
    shutdown: () => batches.shutdown(),
  };
}
