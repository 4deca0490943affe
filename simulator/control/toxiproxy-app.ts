import { type Context, Hono } from 'hono';
import { readToxic } from './toxic.ts';
import { type LineDeps, type ProxyView, ToxicLines } from './toxic-lines.ts';

/** Whose API this is, for clients that ask. */
const toxiproxyVersion = '2.9.0';

/**
 * Toxiproxy's HTTP API with a proxy for each vehicle, named by its VIN: `enabled: false` takes it off the network, and
 * toxics are faults of its link. Proxies are neither made nor removed here. Faults that came otherwise do not show.
 */
export function toxiproxyApp(deps: LineDeps): Hono {
  const lines = new ToxicLines(deps);
  const app = new Hono();
  app.get('/version', (context) => context.json({ version: toxiproxyVersion }));
  app.post('/reset', (context) => {
    lines.reset();
    return context.body(null, 204);
  });
  mountProxies(app, lines);
  mountToxics(app, lines);
  return app;
}

function mountProxies(app: Hono, lines: ToxicLines): void {
  const update = withProxy(lines, async (context, { name }) => {
    const body: unknown = await context.req.json().catch(() => undefined);
    if (typeof body !== 'object' || body === null)
      return refuse(context, 400, 'bad request body: no JSON object');
    // As in Toxiproxy: what is not named stays as it is.
    const { enabled } = body as { readonly enabled?: unknown };
    if (enabled !== undefined && typeof enabled !== 'boolean')
      return refuse(context, 400, 'bad request body: write enabled: true or false');
    const reason = enabled === undefined ? null : lines.setEnabled(name, enabled);
    return reason === null ? context.json(lines.proxy(name)) : refuse(context, 400, reason);
  });
  app.get('/proxies', (context) =>
    context.json(Object.fromEntries(lines.proxies().map((proxy) => [proxy.name, proxy]))),
  );
  app.post('/proxies', async (context) => {
    const { name } = await fieldsOf(context);
    if (typeof name === 'string' && lines.proxy(name)) return refuse(context, 409, 'proxy already exists');
    return refuse(context, 400, 'a proxy is the line of a vehicle: take one of GET /proxies');
  });
  app.post('/populate', async (context) => {
    const wanted: unknown = await context.req.json().catch(() => undefined);
    const reason = populate(lines, wanted);
    if (typeof reason === 'string') return refuse(context, 400, reason);
    return context.json({ proxies: reason.flatMap((name) => lines.proxy(name) ?? []) }, 201);
  });
  app.get(
    '/proxies/:vin',
    withProxy(lines, (context, proxy) => context.json(proxy)),
  );
  app.post('/proxies/:vin', update);
  app.patch('/proxies/:vin', update);
  app.delete(
    '/proxies/:vin',
    withProxy(lines, (context) =>
      refuse(context, 409, 'the line of a vehicle cannot be removed: set enabled to false'),
    ),
  );
}

/** Sets the named lines up or down, all or none as Toxiproxy does. Returns their names, or why not. */
function populate(lines: ToxicLines, wanted: unknown): readonly string[] | string {
  if (!Array.isArray(wanted)) return 'bad request body: send a list of proxies';
  const proxies: { readonly name: string; readonly isEnabled: boolean }[] = [];
  for (const [index, one] of wanted.entries()) {
    const { name, upstream, enabled = true } = (one ?? {}) as Readonly<Record<string, unknown>>;
    if (typeof name !== 'string' || name === '') return `missing required field: name at proxy ${index + 1}`;
    if (typeof upstream !== 'string' || upstream === '')
      return `missing required field: upstream at proxy ${index + 1}`;
    if (typeof enabled !== 'boolean') return `bad request body: enabled at proxy ${index + 1}`;
    if (lines.proxy(name) === null)
      return `${name}: a proxy is the line of a vehicle: take one of GET /proxies`;
    proxies.push({ name, isEnabled: enabled });
  }
  for (const { name, isEnabled } of proxies) {
    const reason = lines.setEnabled(name, isEnabled);
    if (reason !== null) return reason;
  }
  return proxies.map(({ name }) => name);
}

function mountToxics(app: Hono, lines: ToxicLines): void {
  const named = '/proxies/:vin/toxics/:toxic';
  const nameOf = (context: Context) => context.req.param('toxic') ?? '';
  const update = withProxy(lines, async (context, { name: vin }) => {
    const before = lines.toxic(vin, nameOf(context));
    if (!before) return refuse(context, 404, 'toxic not found');
    const toxic = readToxic(await fieldsOf(context), before);
    const reason = typeof toxic === 'string' ? toxic : lines.replace(vin, toxic);
    return reason === null ? context.json(toxic) : refuse(context, 400, reason);
  });
  app.get(
    '/proxies/:vin/toxics',
    withProxy(lines, (context, { toxics }) => context.json(toxics)),
  );
  app.post(
    '/proxies/:vin/toxics',
    withProxy(lines, async (context, { name: vin }) => {
      const toxic = readToxic(await fieldsOf(context));
      if (typeof toxic === 'string') return refuse(context, 400, toxic);
      if (lines.toxic(vin, toxic.name)) return refuse(context, 409, 'toxic already exists');
      const reason = lines.add(vin, toxic);
      return reason === null ? context.json(toxic) : refuse(context, 400, reason);
    }),
  );
  app.get(
    named,
    withProxy(lines, (context, { name: vin }) => {
      const toxic = lines.toxic(vin, nameOf(context));
      return toxic ? context.json(toxic) : refuse(context, 404, 'toxic not found');
    }),
  );
  app.post(named, update);
  app.patch(named, update);
  app.delete(
    named,
    withProxy(lines, (context, { name: vin }) =>
      lines.remove(vin, nameOf(context)) ? context.body(null, 204) : refuse(context, 404, 'toxic not found'),
    ),
  );
}

type Work = (context: Context, proxy: ProxyView) => Response | Promise<Response>;

function withProxy(lines: ToxicLines, work: Work) {
  return (context: Context) => {
    const vin = context.req.param('vin') ?? '';
    const proxy = lines.proxy(vin);
    return proxy
      ? work(context, proxy)
      : refuse(context, 404, `proxy not found: no vehicle here has the VIN ${vin}`);
  };
}

/** As Toxiproxy writes its errors. */
function refuse(context: Context, status: 400 | 404 | 409, error: string): Response {
  return context.json({ error, status }, status);
}

async function fieldsOf(context: Context): Promise<Record<string, unknown>> {
  const body: unknown = await context.req.json().catch(() => null);
  return typeof body === 'object' && body !== null ? (body as Record<string, unknown>) : {};
}
