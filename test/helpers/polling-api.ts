import { Hono } from 'hono';

interface Job {
  readonly id: number;
  readonly vehicle: string;
  readonly option: string;
  readonly operation: string;
  readonly created: string;
  state: string;
  finished: string | null;
  problem: string | null;
}

/** How a job ends, and after how long; or what happens to the request. */
export type JobPlan =
  | { readonly state: string; readonly problem?: string; readonly afterMs: number }
  | 'lost before'
  | 'lost after'
  | 'never ends';

/** An API IoT in the style of the shipped adapter `polling-only`. */
export function pollingApi(now: () => number) {
  const jobs: (Job & { readonly plan: JobPlan })[] = [];
  const api = {
    /** In order; the last one repeats. */
    script: [{ state: 'DONE', afterMs: 5_000 }] as JobPlan[],
    jobs,
    requests: [] as string[],
  };
  const iso = (at: number) => new Date(at).toISOString();
  const shown = ({ plan, ...job }: (typeof jobs)[number]): Job => {
    if (typeof plan === 'string') return plan === 'lost after' ? { ...job, state: 'DONE' } : job;
    const endsAt = Date.parse(job.created) + plan.afterMs;
    if (now() < endsAt) return job;
    return { ...job, state: plan.state, problem: plan.problem ?? null, finished: iso(endsAt) };
  };
  const app = new Hono();
  app.use(async (context, next) => {
    const { pathname, search } = new URL(context.req.url);
    api.requests.push(`${context.req.method} ${pathname}${search}`);
    await next();
  });
  app.post('/auth/token', (context) => context.json({ token: 'token', ttl: 600 }));
  app.get('/vehicles/:vin/connection', (context) => context.json({ connected: 'yes', since: iso(now()) }));
  app.post('/jobs', async (context) => {
    const { vehicle, option, operation } = await context.req.json<Record<string, string>>();
    const plan = (api.script.length > 1 ? api.script.shift() : api.script[0]) ?? 'never ends';
    if (plan === 'lost before') throw new Error('cut');
    const job = {
      ...{
        id: 4_711 + jobs.length,
        vehicle: vehicle ?? '',
        option: option ?? '',
        operation: operation ?? '',
      },
      ...{ created: iso(now()), state: 'QUEUED', finished: null, problem: null, plan },
    };
    jobs.push(job);
    if (plan === 'lost after') throw new Error('cut');
    return context.json({ job: shown(job) }, 201);
  });
  app.get('/jobs', (context) => {
    const vin = context.req.query('vehicle');
    return context.json({
      jobs: jobs
        .filter(({ vehicle }) => vehicle === vin)
        .map(shown)
        .reverse(),
    });
  });
  app.get('/jobs/:id', (context) => {
    const found = jobs.find(({ id }) => String(id) === context.req.param('id'));
    return found ? context.json({ job: shown(found) }) : context.json({ problem: 'NO_JOB' }, 404);
  });
  app.onError((error) => {
    throw error;
  });
  return Object.assign(api, { fetch: async (request: Request) => app.fetch(request) });
}
