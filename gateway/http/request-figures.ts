import type { Context, MiddlewareHandler } from 'hono';
import { matchedRoutes } from 'hono/route';
import { Histogram, type Metric } from 'prom-client';
import type { Clock } from '../../shared/ports/clock.ts';
import { type Span, silentTracing, type Tracing } from '../../shared/ports/tracing.ts';
import { traceparentOf } from '../../shared/protocol/traceparent.ts';
import type { AppEnv } from './app-env.ts';

const buckets = [0.005, 0.025, 0.1, 0.5, 2.5, 10];
/** The method of a request is what its client writes. */
const methods: ReadonlySet<string> = new Set(['GET', 'POST', 'PUT', 'PATCH', 'DELETE']);

export interface RequestFigures {
  readonly metric: Metric;
  readonly observe: MiddlewareHandler<AppEnv>;
}

export interface RequestFiguresDeps {
  readonly clock: Pick<Clock, 'now'>;
  readonly service: 'platform' | 'api_iot';
  /** Absent: no request is a span. */
  readonly tracing?: Tracing;
  /** The context of the activation that a request made: a request that came without a trace is part of its trace. */
  readonly contextOf?: (activationId: string) => string;
}

/** Of probes, metrics and documents: no spans. */
const untraced: ReadonlySet<string> = new Set(['/livez', '/readyz', '/healthz', '/metrics', '/openapi.json']);

/**
 * Measures each request of a service until its answer begins, by method, route and class of status, and records it as a span. A route is
 * a pattern such as `/purchases/:id`, so that neither a vehicle nor a customer becomes a label; `none` is a path at which there is nothing.
 */
export function requestFigures(deps: RequestFiguresDeps): RequestFigures {
  const { clock, service, tracing = silentTracing } = deps;
  const metric = new Histogram({
    name: 'fleetwake_http_request_duration_seconds',
    help: 'Requests until their answer begins, by route and class of status',
    labelNames: ['service', 'method', 'route', 'status'],
    buckets,
    registers: [],
  });
  return {
    metric,
    async observe(context, next) {
      const begunAt = clock.now();
      const span = tracing.isOn ? startSpan(deps, context) : null;
      await next();
      // A HEAD is answered by the route of GET.
      const sent = context.req.method === 'HEAD' ? 'GET' : context.req.method;
      const route = matchedRoutes(context).findLast((one) => one.method === sent)?.path ?? 'none';
      const method = methods.has(sent) ? sent : 'other';
      const { status } = context.res;
      const labels = { service, method, route, status: `${Math.floor(status / 100)}xx` };
      metric.observe(labels, (clock.now() - begunAt) / 1_000);
      if (!tracing.isOn || untraced.has(route)) return;
      (span ?? startLate(deps, context, begunAt)).end({
        name: `${method} ${route}`,
        error: status >= 500 ? String(status) : undefined,
        attributes: {
          'http.request.method': method,
          'http.route': route,
          'http.response.status_code': status,
        },
        links: linksOf(deps, context),
      });
    },
  };
}

/** Null at the platform for a request without a trace: it may make an activation, and then belongs to that one's. */
function startSpan({ tracing, service }: RequestFiguresDeps, context: Context<AppEnv>): Span | null {
  const parent = traceparentOf(context.req.header('traceparent'));
  if (parent === undefined && service === 'platform') return null;
  const span = tracing?.start({ name: 'request', kind: 'server', parent }) ?? null;
  if (span !== null) context.set('traceparent', span.traceparent);
  return span;
}

function startLate(deps: RequestFiguresDeps, context: Context<AppEnv>, startedAt: number): Span {
  const [parent] = activationContexts(deps, context);
  return (deps.tracing ?? silentTracing).start({ name: 'request', kind: 'server', parent, startedAt });
}

/** A request that came with its caller's trace is linked to that of the activation. */
function linksOf(deps: RequestFiguresDeps, context: Context<AppEnv>): string[] {
  return context.var.traceparent === undefined ? [] : activationContexts(deps, context);
}

function activationContexts({ contextOf }: RequestFiguresDeps, context: Context<AppEnv>): string[] {
  const { activationId } = context.var;
  return activationId === undefined || contextOf === undefined ? [] : [contextOf(activationId)];
}
