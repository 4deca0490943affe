import { AsyncLocalStorage } from 'node:async_hooks';
import {
  type Attributes,
  type Context,
  type Span as OtelSpan,
  ROOT_CONTEXT,
  type SpanContext,
  SpanKind,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api';
import { defaultResource, resourceFromAttributes } from '@opentelemetry/resources';
import { type Sampler, SamplingDecision, type SpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import type { Clock } from '../ports/clock.ts';
import { integerBetween, type Random } from '../ports/random.ts';
import type { Span, SpanAttributes, SpanStart, Tracing } from '../ports/tracing.ts';

export interface RecorderOptions {
  readonly clock: Pick<Clock, 'now'>;
  /** Draws the ids of spans. */
  readonly random: Random;
  readonly serviceName: string;
  /** Of the resource (OTEL_RESOURCE_ATTRIBUTES). */
  readonly resourceAttributes?: Readonly<Record<string, string>>;
  readonly sampler: Sampler;
  readonly processor: SpanProcessor;
}

export interface SpanRecorder extends Tracing {
  /** Hands on what has ended, and ends. */
  shutdown(): Promise<void>;
}

const kinds = {
  internal: SpanKind.INTERNAL,
  server: SpanKind.SERVER,
  client: SpanKind.CLIENT,
  producer: SpanKind.PRODUCER,
  consumer: SpanKind.CONSUMER,
} as const;

/** Longest text of an attribute, and the most attributes and links of a span. */
const spanLimits = { attributeValueLengthLimit: 256, attributeCountLimit: 32, linkCountLimit: 8 };

/** Records spans with the SDK of OpenTelemetry. Instants and ids come from the ports, so a run in virtual time records the same each time. */
export function spanRecorder(options: RecorderOptions): SpanRecorder {
  const { clock, random, sampler } = options;
  const running = new AsyncLocalStorage<string>();
  let known: SpanContext | undefined;
  const provider = new TracerProvider({
    sampler,
    spanLimits,
    resource: defaultResource().merge(
      resourceFromAttributes({ ...options.resourceAttributes, 'service.name': options.serviceName }),
    ),
    idGenerator: {
      generateTraceId: () => known?.traceId ?? drawnId(random, 32),
      generateSpanId: () => known?.spanId ?? drawnId(random, 16),
    },
    spanProcessors: [options.processor],
  });
  const tracer = provider.getTracer('fleetwake');

  function open(span: SpanStart): OtelSpan {
    const { name, kind, parent, self, links = [], startedAt, attributes = {} } = span;
    known = self === undefined ? undefined : contextOf(self);
    try {
      return tracer.startSpan(
        name,
        {
          kind: kinds[kind],
          startTime: instant(startedAt ?? clock.now()),
          attributes: present(attributes),
          links: linksOf(links),
        },
        parent === undefined ? ROOT_CONTEXT : remote(parent),
      );
    } finally {
      known = undefined;
    }
  }

  return {
    isOn: true,
    start(begun): Span {
      const span = open(begun);
      return {
        traceparent: textOf(span.spanContext()),
        end({ name, error, attributes, links, endedAt = clock.now() } = {}) {
          if (name !== undefined) span.updateName(name);
          if (attributes) span.setAttributes(present(attributes));
          if (links) span.addLinks(linksOf(links));
          if (error !== undefined) {
            span.setStatus({ code: SpanStatusCode.ERROR });
            span.setAttribute('error.type', error);
          }
          // A wall clock that was set back must not end a span before it began.
          span.end(instant(Math.max(endedAt, begun.startedAt ?? 0)));
        },
      };
    },
    within: (traceparent, work) => running.run(traceparent, work),
    current: () => running.getStore(),
    sampled(traceparent) {
      const { traceId, spanId } = contextOf(traceparent);
      const { decision } = sampler.shouldSample(ROOT_CONTEXT, traceId, '', SpanKind.INTERNAL, {}, []);
      const traceFlags = decision === SamplingDecision.RECORD_AND_SAMPLED ? 1 : 0;
      return textOf({ traceId, spanId, traceFlags });
    },
    shutdown: () => provider.shutdown(),
  };
}

function drawnId(random: Random, digits: number): string {
  let id = '';
  while (id.length < digits) id += integerBetween(random, 0, 0xffff).toString(16).padStart(4, '0');
  return id;
}

/** Seconds and nanoseconds: the SDK takes a plain number for one of the monotonic clock when it is before the start of the process. */
function instant(ms: number): [number, number] {
  const seconds = Math.floor(ms / 1_000);
  return [seconds, Math.round((ms - seconds * 1_000) * 1e6)];
}

function present(attributes: SpanAttributes): Attributes {
  return Object.fromEntries(
    Object.entries(attributes).filter(([, value]) => value !== undefined),
  ) as Attributes;
}

function linksOf(links: readonly string[]) {
  return links.map((link) => ({ context: contextOf(link) }));
}

function remote(traceparent: string): Context {
  return trace.setSpanContext(ROOT_CONTEXT, { ...contextOf(traceparent), isRemote: true });
}

function contextOf(traceparent: string): SpanContext {
  const [, traceId = '', spanId = '', flags = '0'] = traceparent.split('-');
  return { traceId, spanId, traceFlags: Number.parseInt(flags, 16) & 1 };
}

function textOf({ traceId, spanId, traceFlags }: SpanContext): string {
  return `00-${traceId}-${spanId}-0${traceFlags}`;
}
