import { JsonTraceSerializer } from '@opentelemetry/otlp-transformer';
import { AlwaysOnSampler, type ReadableSpan } from '@opentelemetry/sdk-trace';
import type { Tracing } from '../../shared/ports/tracing.ts';
import { spanRecorder } from '../../shared/tracing/span-recorder.ts';
import type { VirtualProcess } from '../../shared/virtual/process.ts';
import { seededRandom } from '../../shared/virtual/random.ts';

export interface VirtualTraces {
  readonly tracingOf: (process: VirtualProcess) => Tracing;
  /** All spans that have ended as one OTLP request in JSON. The same seed gives the same bytes. */
  text(): string;
}

/** Records the spans of a run in virtual time. Their ids are drawn from a stream of their own, so the run draws what it would without. */
export function virtualTraces(seed: number): VirtualTraces {
  const random = seededRandom(seed).stream('spans');
  const spans: ReadableSpan[] = [];
  const processor = {
    onStart() {},
    onEnd: (span: ReadableSpan) => void spans.push(span),
    forceFlush: async () => {},
    shutdown: async () => {},
  };
  return {
    tracingOf: (process) =>
      spanRecorder({
        clock: process.clock,
        random: random.stream(`${process.name} ${process.life}`),
        serviceName: `fleetwake-${process.name.replaceAll('_', '-')}`,
        sampler: new AlwaysOnSampler(),
        processor,
      }),
    text: () => `${new TextDecoder().decode(JsonTraceSerializer.serializeRequest(spans))}\n`,
  };
}
