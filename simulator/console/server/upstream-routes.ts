import type { Hono } from 'hono';
import { problemError } from '../../../gateway/http/problem.ts';
import { isAllowed, type Upstream } from './allowed-calls.ts';
import type { ConsoleDeps } from './console-deps.ts';
import type { ConsoleContext, ConsoleEnv } from './console-env.ts';

const upstreams = { platform: 'platform', 'api-iot': 'apiIot', control: 'control' } as const;
const forwarded = ['content-type', 'retry-after', 'idempotency-replayed'];
const names: Readonly<Record<Upstream, string>> = {
  platform: 'The platform',
  apiIot: 'The API IoT',
  control: 'The control of the faults',
};

/** `/api/platform/…`, `/api/api-iot/…` and `/api/control/…`: the calls of pages, each with the rights of its session. */
export function mountUpstreams(app: Hono<ConsoleEnv>, deps: ConsoleDeps): void {
  for (const [segment, upstream] of Object.entries(upstreams)) {
    const prefix = `/api/${segment}`;
    app.all(`${prefix}/*`, async (context) => {
      const { pathname, search } = new URL(context.req.url);
      const path = pathname.slice(prefix.length);
      if (!isAllowed(upstream, context.req.method, path))
        throw problemError('not-found', `Pages have no ${context.req.method} ${path} at ${segment}.`);
      const body = context.req.method === 'POST' ? await context.req.text() : undefined;
      const call = { method: context.req.method, target: `${path}${search}`, body };
      const answer = await send(context, deps, upstream, call);
      const headers = { ...headersOf(answer), 'cache-control': 'no-store' };
      // A Response of 204 takes no body, not even an empty one.
      return new Response(answer.status === 204 ? null : await answer.arrayBuffer(), {
        status: answer.status,
        headers,
      });
    });
  }
}

interface Call {
  readonly method: string;
  readonly target: string;
  readonly body: string | undefined;
}

async function send(
  context: ConsoleContext,
  deps: ConsoleDeps,
  upstream: Upstream,
  call: Call,
): Promise<Response> {
  const { access } = context.var.session;
  const key = context.req.header('idempotency-key');
  const make = (origin: string, token: string) =>
    new Request(`${origin}${call.target}`, {
      method: call.method,
      headers: {
        authorization: `Bearer ${token}`,
        'content-type': 'application/json',
        ...(key === undefined ? {} : { 'idempotency-key': key }),
      },
      ...(call.body === undefined ? {} : { body: call.body }),
    });
  try {
    if (upstream === 'control') return await controlled(context, deps, call, make);
    const answer = await access.send(upstream, (token) => make(deps.origins[upstream], token));
    if (answer !== null) return answer;
  } catch (error) {
    if (error instanceof Error && error.name === 'TransportError')
      throw problemError('unavailable', `${names[upstream]} does not answer: ${error.message}.`);
    throw error;
  }
  throw problemError('not-permitted', `${names[upstream]} does not accept the credentials of this session.`);
}

/** Faults have one credential, the console's own: the scopes of the session decide who may read and who may change. */
async function controlled(
  { var: { session } }: ConsoleContext,
  { control, http }: ConsoleDeps,
  call: Call,
  make: (origin: string, token: string) => Request,
): Promise<Response> {
  if (control === null)
    throw problemError(
      'unavailable',
      'No control of faults is known here: give its address with --control-url.',
    );
  // A preview places nothing.
  const isReading = call.method === 'GET' || call.target === '/faults/preview';
  const scope = isReading ? 'operations:read' : 'operations:write';
  if (!(await session.access.scopes()).has(scope))
    throw problemError('missing-scope', `This needs the scope ${scope}.`, { scope });
  return http(make(control.origin, control.secret));
}

function headersOf(answer: Response): Record<string, string> {
  return Object.fromEntries(
    forwarded.flatMap((name) => {
      const value = answer.headers.get(name);
      return value === null ? [] : [[name, value]];
    }),
  );
}
