import { Hono } from 'hono';

/** What the API does with the next command: its answer, or what happens to it. */
export type SynchronousStep = 'applied' | 'refused' | 'busy' | 'lost before' | 'lost after' | 'slow_down';

interface Entry {
  readonly status: string;
  readonly order: string;
  readonly at: number;
  readonly why?: string;
}

/** An API IoT in the style of the shipped adapter `synchronous`. */
export function synchronousApi(now: () => number) {
  const entries = new Map<string, Entry[]>();
  const features = new Map<string, Map<string, string>>();
  const api = {
    /** In order; the last one repeats. */
    script: ['applied'] as SynchronousStep[],
    /** Commands that reached the vehicles: `PUT heated_seats on act_1`. */
    commands: [] as string[],
    /** Requests by their method and path. */
    requests: [] as string[],
  };
  const app = new Hono();
  app.use(async (context, next) => {
    api.requests.push(`${context.req.method} ${context.req.path}`);
    await next();
  });
  app.post('/token', async (context) => {
    const form = await context.req.parseBody();
    return form.client_id === 'engine' && form.client_secret === 'secret'
      ? context.json({ access_token: 'token', expires_in: 3_600 })
      : context.json({ error: 'invalid_client' }, 401);
  });
  app.use('/cars/*', async (context, next) => {
    if (context.req.header('authorization') !== 'Bearer token') return context.json({ error: 'token' }, 401);
    await next();
  });
  app.get('/cars/:vin', (context) => {
    const own = features.get(context.req.param('vin')) ?? new Map();
    const list = ['heated_seats', 'sport_mode'].map((name) => ({ name, state: own.get(name) ?? 'off' }));
    return context.json({ car: { model: 'aurora-2026', features: list } });
  });
  app.get('/cars/:vin/log', (context) =>
    context.json({ entries: entries.get(context.req.param('vin')) ?? [] }),
  );
  app.put('/cars/:vin/features/:feature', async (context) => {
    const { vin, feature } = context.req.param();
    const { state, order } = await context.req.json<{ state: string; order: string }>();
    const step = api.script.length > 1 ? api.script.shift() : api.script[0];
    if (step === 'slow_down') return context.json({ error: 'slow_down' }, 420 as 429, { 'retry-after': '7' });
    if (step === 'lost before') throw new Error('cut');
    const status = step === undefined || step === 'lost after' ? 'applied' : step;
    const entry = {
      status,
      order,
      at: Math.floor(now() / 1_000),
      ...(step === 'busy' ? { why: 'driving' } : {}),
    };
    entries.set(vin, [...(entries.get(vin) ?? []), entry]);
    api.commands.push(`${feature} ${state} ${order}`);
    if (status === 'applied') features.set(vin, (features.get(vin) ?? new Map()).set(feature, state));
    if (step === 'lost after') throw new Error('cut');
    return context.json(entry);
  });
  // A thrown error cuts the connection: no answer comes.
  app.onError((error) => {
    throw error;
  });
  return Object.assign(api, { fetch: async (request: Request) => app.fetch(request) });
}
