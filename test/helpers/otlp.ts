import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface SeenSpan {
  readonly service: string;
  readonly name: string;
  readonly kind: number;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly links?: readonly { readonly spanId: string }[];
  readonly attributes: readonly { readonly key: string; readonly value: object }[];
  readonly status: { readonly code?: number };
}

interface OtlpText {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: readonly { key: string; value: { stringValue?: string } }[] };
    readonly scopeSpans: readonly { readonly spans: readonly Omit<SeenSpan, 'service'>[] }[];
  }[];
}

/** The spans of one OTLP request in JSON. */
export function spansOf(text: string): SeenSpan[] {
  const { resourceSpans } = JSON.parse(text) as OtlpText;
  return resourceSpans.flatMap(({ resource, scopeSpans }) => {
    const name = resource.attributes.find(({ key }) => key === 'service.name')?.value.stringValue ?? '';
    return scopeSpans.flatMap(({ spans }) => spans.map((span) => ({ ...span, service: name })));
  });
}

export interface Collector {
  readonly origin: string;
  readonly spans: SeenSpan[];
  readonly headers: Record<string, unknown>[];
}

/** An OTLP receiver in memory. `status` null: it never answers. */
export async function withCollector(
  work: (collector: Collector) => Promise<void>,
  status: number | null = 200,
): Promise<void> {
  const spans: SeenSpan[] = [];
  const headers: Record<string, unknown>[] = [];
  const server = createServer(async (request, response) => {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    headers.push(request.headers);
    if (status === 200 && request.url === '/v1/traces')
      spans.push(...spansOf(Buffer.concat(parts).toString()));
    if (status !== null) response.writeHead(status, { 'content-type': 'application/json' }).end('{}');
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  try {
    await work({ origin: `http://127.0.0.1:${port}`, spans, headers });
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

const kinds = ['', 'internal', 'server', 'client', 'producer', 'consumer'];

/** The spans of a trace as indented lines, each once beside the same parent, in the order of their texts. */
export function treeOf(spans: readonly SeenSpan[], traceId: string): string[] {
  const own = spans.filter((span) => span.traceId === traceId);
  const ids = new Set(own.map(({ spanId }) => spanId));
  const isRoot = ({ parentSpanId }: SeenSpan) => !parentSpanId || !ids.has(parentSpanId);
  const below = (members: readonly SeenSpan[], depth: number): string[] => {
    const groups = new Map<string, SeenSpan[]>();
    for (const span of members) {
      const line = `${'  '.repeat(depth)}${span.name} · ${kinds[span.kind]} · ${span.service.slice(10)}`;
      groups.set(line, [...(groups.get(line) ?? []), span]);
    }
    return [...groups]
      .sort(([left], [right]) => (left < right ? -1 : 1))
      .flatMap(([line, same]) => [
        line,
        ...below(
          own.filter(({ parentSpanId }) => same.some(({ spanId }) => spanId === parentSpanId)),
          depth + 1,
        ),
      ]);
  };
  return below(own.filter(isRoot), 0);
}
