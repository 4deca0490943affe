import type { Bus } from '../ports/bus.ts';
import { type Http, TransportError } from '../ports/http.ts';
import { ChannelFailure, type Mailer } from '../ports/mailer.ts';
import type { Pusher } from '../ports/pusher.ts';
import type { Span, SpanStart, Tracing } from '../ports/tracing.ts';
import { traceparentOf } from '../protocol/traceparent.ts';
import { hasVinShape } from '../protocol/vin.ts';

/** Client spans for requests that belong to a trace: by their own traceparent, or by the work that sends them. */
export function tracedHttp(http: Http, tracing: Tracing): Http {
  return async (request) => {
    const parent = traceparentOf(request.headers.get('traceparent') ?? undefined) ?? tracing.current();
    if (parent === undefined) return http(request);
    const url = new URL(request.url);
    const template = pathTemplate(url.pathname);
    const span = tracing.start({
      name: `${request.method} ${template}`,
      kind: 'client',
      parent,
      attributes: {
        'http.request.method': request.method,
        'url.template': template,
        'server.address': url.hostname,
        'server.port': Number(url.port) || (url.protocol === 'https:' ? 443 : 80),
      },
    });
    request.headers.set('traceparent', span.traceparent);
    try {
      const response = await http(request);
      const { status } = response;
      const error = status >= 400 ? String(status) : undefined;
      span.end({ error, attributes: { 'http.response.status_code': status } });
      return response;
    } catch (error) {
      span.end({ error: errorType(error) });
      throw error;
    }
  };
}

/** A path without what names a vehicle, a customer or a secret: only lower-case words of it stay. */
export function pathTemplate(path: string): string {
  const masked = (segment: string) => {
    if (/^(v\d{1,2}|\.?[a-z][a-z_.-]{0,30}|)$/.test(segment)) return segment;
    return hasVinShape(segment) ? '{vin}' : '{id}';
  };
  return path.split('/').slice(0, 12).map(masked).join('/');
}

/** Client spans for mails of a traced notification. */
export function tracedMailer(mailer: Mailer, tracing: Tracing): Mailer {
  return {
    send: (mail) =>
      ofWork(tracing, { name: 'send mail', attributes: { 'network.protocol.name': 'smtp' } }, () =>
        mailer.send(mail),
      ),
    close: () => mailer.close(),
  };
}

/** Client spans for push messages of a traced notification: without the path of the address, which lets its holder send. */
export function tracedPusher(pusher: Pusher, tracing: Tracing): Pusher {
  return {
    send: (push) =>
      ofWork(
        tracing,
        { name: 'send push', attributes: { 'server.address': hostOf(push.subscription.endpoint) } },
        () => pusher.send(push),
      ),
  };
}

function hostOf(address: string): string | undefined {
  return URL.canParse(address) ? new URL(address).hostname : undefined;
}

/** Producer and consumer spans for messages of which `contextOf` names the trace. `template` is the subject without its variable part. */
export function tracedBus(
  bus: Bus,
  tracing: Tracing,
  {
    contextOf,
    template,
  }: { contextOf(subject: string, payload: string): string | undefined; template: string },
): Bus {
  const attributes = { 'messaging.system': 'nats', 'messaging.destination.template': template };
  return {
    async publish(subject, payload, options = {}) {
      const parent = contextOf(subject, payload);
      if (parent === undefined) return bus.publish(subject, payload, options);
      const start = {
        ...({ name: `send ${template}`, kind: 'producer', parent } as const),
        attributes: {
          ...attributes,
          'messaging.operation.type': 'send',
          'messaging.operation.name': 'publish',
        },
      };
      return spanned(tracing, start, (span) =>
        bus.publish(subject, payload, {
          ...options,
          headers: { ...options.headers, traceparent: span.traceparent },
        }),
      );
    },
    consume: (options, handle) =>
      bus.consume(options, (delivery) => {
        const parent = traceparentOf(delivery.headers.traceparent);
        if (parent === undefined) return handle(delivery);
        const start = {
          ...({ name: `process ${template}`, kind: 'consumer', parent } as const),
          attributes: {
            ...attributes,
            'messaging.operation.type': 'process',
            'messaging.consumer.group.name': options.durable,
            'fleetwake.delivery_count': delivery.deliveryCount,
          },
        };
        return spanned(tracing, start, () => handle(delivery));
      }),
    problem: () => bus.problem(),
    close: () => bus.close(),
  };
}

function ofWork<T>(
  tracing: Tracing,
  start: Pick<SpanStart, 'name' | 'attributes'>,
  work: () => Promise<T>,
): Promise<T> {
  const parent = tracing.current();
  return parent === undefined ? work() : spanned(tracing, { ...start, kind: 'client', parent }, work);
}

/** Runs work as one span, which ends with it. */
export async function spanned<T>(
  tracing: Tracing,
  start: SpanStart,
  work: (span: Span) => Promise<T>,
): Promise<T> {
  const span = tracing.start(start);
  try {
    const result = await work(span);
    span.end();
    return result;
  } catch (error) {
    span.end({ error: errorType(error) });
    throw error;
  }
}

/** One of few words: what an error says may hold addresses. */
function errorType(error: unknown): string {
  if (error instanceof TransportError) return error.kind;
  if (error instanceof ChannelFailure) return error.permanent ? 'refused' : 'not_taken';
  return error instanceof Error ? error.name : 'unknown';
}
