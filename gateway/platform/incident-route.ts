import { createRoute } from '@hono/zod-openapi';
import { z } from 'zod';
import type { App } from '../http/app-env.ts';
import type { Authenticator } from '../http/authenticate.ts';
import { limitSchema, nextSchema, pageOf, timeCursor, timeCursorSchema } from '../http/paging.ts';
import { problemDoc, problemError } from '../http/problem.ts';
import { closeIncident, type IncidentRow, listIncidents, openPause } from '../store/incidents.ts';
import { incidentCauses } from '../store/systemic-causes.ts';
import type { PlatformDeps } from './deps.ts';
import { shownTextSchema } from './name.ts';
import { idParameters, jsonAnswer, notFound, readProblems, scoped, writeProblems } from './route.ts';

const incidentSchema = z
  .object({
    id: z.string(),
    cause: z.enum(incidentCauses).meta({ description: '`paused`: by an operator; else why calls fail' }),
    status: z.enum(['open', 'closed']),
    openedAt: z.int(),
    openedBy: z.string().nullable().meta({ description: '`engine`, or the operator who paused it' }),
    reason: z.string().nullable().meta({ description: 'Why an operator paused the engine' }),
    closedAt: z.int().nullable(),
    closedBy: z.string().nullable().meta({ description: '`engine`: a probe went well' }),
    probeAt: z
      .int()
      .nullable()
      .meta({ description: 'When the next activation probes; null once it is closed, and of a pause' }),
    calls: z.int().meta({ description: 'Calls that were looked at when it opened' }),
  })
  .meta({ id: 'Incident' });

const pauseSchema = z.strictObject({
  reason: shownTextSchema(2_000).meta({
    description: 'Shown to operators and in the history',
    example: 'maintenance of the API IoT',
  }),
});

function incidentResource(row: IncidentRow): z.infer<typeof incidentSchema> {
  return {
    id: row.id,
    cause: row.cause,
    status: row.closed_at === null ? 'open' : 'closed',
    openedAt: row.opened_at,
    openedBy: row.opened_by,
    reason: row.reason,
    closedAt: row.closed_at,
    closedBy: row.closed_by,
    probeAt: row.closed_at === null && row.cause !== 'paused' ? row.probe_at : null,
    calls: row.calls,
  };
}

/** `GET /incidents`, `POST /incidents` and `POST /incidents/{id}/end`: what holds back the whole fleet, a cause at the API IoT or a pause. */
export function mountIncidents(
  app: App,
  {
    database,
    clock,
    ids,
    desk,
    engine,
  }: Pick<PlatformDeps, 'database' | 'clock' | 'ids' | 'desk' | 'engine'>,
  { requireScope }: Authenticator,
): void {
  const list = createRoute({
    method: 'get',
    path: '/incidents',
    tags: ['Operations'],
    summary: 'What holds back the whole fleet, causes at the API IoT and pauses, the newest first',
    ...scoped(requireScope, 'operations:read'),
    request: {
      query: z.object({
        status: z.enum(['open', 'closed', 'all']).default('open'),
        limit: limitSchema,
        cursor: timeCursorSchema,
      }),
    },
    responses: {
      200: jsonAnswer('A page', z.object({ incidents: z.array(incidentSchema), next: nextSchema })),
      ...readProblems,
    },
  });
  const pause = createRoute({
    method: 'post',
    path: '/incidents',
    tags: ['Operations'],
    summary:
      'Pause the engine: purchases are taken, and no activation calls the API IoT until the incident is ended',
    description:
      'Commands that are sent already may still succeed, and money of what fails goes back. The wait costs no attempt; a deadline still ends an activation with the money back. A systemic incident that is open ends with it. Engine processes other than the one that answers know it with their next sweep, within 15 s.',
    ...scoped(requireScope, 'operations:write'),
    request: { body: { required: true, content: { 'application/json': { schema: pauseSchema } } } },
    responses: {
      201: jsonAnswer('The pause, an open incident', incidentSchema),
      409: problemDoc('already-paused'),
      ...writeProblems,
    },
  });
  const end = createRoute({
    method: 'post',
    path: '/incidents/{id}/end',
    tags: ['Operations'],
    summary:
      'End an open incident: activations continue at once, one after the other, without a probe before them',
    description: 'Calls that fail again open a new incident.',
    ...scoped(requireScope, 'operations:write'),
    request: { params: idParameters },
    responses: {
      200: jsonAnswer('The incident as it stands now', incidentSchema),
      404: problemDoc('not-found: no open incident has this id'),
      ...readProblems,
    },
  });
  app.openapi(list, async (context) => {
    const { status, limit, cursor } = context.req.valid('query');
    const rows = await listIncidents(database.reader, { status, limit: limit + 1, before: cursor ?? null });
    const { page, next } = pageOf(rows, limit, (row) => timeCursor(row.opened_at, row.id));
    return context.json({ incidents: page.map(incidentResource), next }, 200);
  });
  app.openapi(pause, async (context) => {
    const { reason } = context.req.valid('json');
    const by = { actor: `operator:${context.var.caller.clientId}`, at: clock.now(), reason };
    const row = await database.write((transaction) => openPause(transaction, ids, by));
    if (row === null)
      throw problemError('already-paused', 'the engine is paused already: GET /incidents says since when');
    desk.onRecorded();
    await engine.pause();
    return context.json(incidentResource(row), 201);
  });
  app.openapi(end, async (context) => {
    const { id } = context.req.valid('param');
    const by = { actor: `operator:${context.var.caller.clientId}`, at: clock.now() };
    const row = await database.write((transaction) => closeIncident(transaction, ids, id, by));
    if (row === null) throw notFound('open incident', id);
    desk.onRecorded();
    await engine.resume();
    return context.json(incidentResource(row), 200);
  });
}
