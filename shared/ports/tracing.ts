/**
 * Spans of OpenTelemetry. A context is the text of a W3C traceparent, as activations, requests and messages carry it already.
 * Attributes hold no VIN, address of a customer or secret.
 */
export interface Tracing {
  /** False: nothing is recorded, and callers may spare themselves the work of describing spans. */
  readonly isOn: boolean;
  /** Starts a span. The caller ends it. */
  start(span: SpanStart): Span;
  /** Runs work whose requests, mails and pushes belong to this context where they name none. */
  within<T>(traceparent: string, work: () => T): T;
  /** The context of the work that is running, if it has one. */
  current(): string | undefined;
  /** Returns a context of our own making with the flag that says whether its trace is recorded. */
  sampled(traceparent: string): string;
}

export interface SpanStart {
  /** One of a bounded number of names, such as `POST /purchases`. */
  readonly name: string;
  readonly kind: 'internal' | 'server' | 'client' | 'producer' | 'consumer';
  /** Without it, the span begins a trace. */
  readonly parent?: string | undefined;
  /** The span's own context where it is known beforehand; else its span id is drawn. */
  readonly self?: string;
  /** Contexts of spans that came before, such as the attempt before this one. */
  readonly links?: readonly string[];
  /** Epoch milliseconds; now unless given. */
  readonly startedAt?: number | undefined;
  readonly attributes?: SpanAttributes;
}

export type SpanAttributes = Readonly<Record<string, string | number | boolean | undefined>>;

export interface Span {
  /** For what this span sends. */
  readonly traceparent: string;
  /** `error` is a short type of error (`timeout`, `503`); without it the span has not failed. */
  end(outcome?: {
    /** In place of the first one. */
    readonly name?: string;
    readonly error?: string | undefined;
    readonly attributes?: SpanAttributes;
    readonly links?: readonly string[];
    readonly endedAt?: number;
  }): void;
}

const silentSpan: Span = { traceparent: '', end() {} };

export const silentTracing: Tracing = {
  isOn: false,
  start: () => silentSpan,
  within: (_, work) => work(),
  current: () => undefined,
  sampled: (traceparent) => traceparent,
};
