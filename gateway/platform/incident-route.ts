import { createRoute } from '@hono/zod-openapi';
import { z } from 'zod';
import type { App } from '../http/app-env.ts';
import type { Authenticator } from '../http/authenticate.ts';
import { limitSchema, nextSchema, pageOf, timeCursor, timeCursorSchema } from '../http/paging.ts';
import { problemDoc } from '../http/problem.ts';
import { closeIncident, type IncidentRow, listIncidents } from '../store/incidents.ts';
import { systemicCauses } from '../store/systemic-causes.ts';
import type { PlatformDeps } from './deps.ts';
import { idParameters, jsonAnswer, notFound, readProblems, scoped } from './route.ts';

const incidentSchema = z
  .object({
    id: z.string(),
    cause: z.enum(systemicCauses),
    status: z.enum(['open', 'closed']),
    openedAt: z.int(),
    closedAt: z.int().nullable(),
    closedBy: z.string().nullable().meta({ description: '`engine`: a probe went well' }),
    probeAt: z
      .int()
      .nullable()
      .meta({ description: 'When the next activation probes; null once it is closed' }),
    calls: z.int().meta({ description: 'Calls that were looked at when it opened' }),
  })
  .meta({ id: 'Incident' });

function incidentResource(row: IncidentRow): z.infer<typeof incidentSchema> {
  return {
    id: row.id,
    cause: row.cause,
    status: row.closed_at === null ? 'open' : 'closed',
    openedAt: row.opened_at,
    closedAt: row.closed_at,
    closedBy: row.closed_by,
    probeAt: row.closed_at === null ? row.probe_at : null,
    calls: row.calls,
  };
}

/** `GET /incidents` and `POST /incidents/{id}/end`: causes at the API IoT that hold back the whole fleet. */
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
    summary: 'Causes at the API IoT that hold back the whole fleet, the newest first',
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
