import { createRoute } from '@hono/zod-openapi';
import { z } from 'zod';
import type { App, AppEnv } from '../http/app-env.ts';
import type { Authenticator } from '../http/authenticate.ts';
import { limitSchema, nextSchema, pageOf, sequenceCursorSchema } from '../http/paging.ts';
import { problemDoc } from '../http/problem.ts';
import { actOnDeadNotification } from '../notifications/dead-notification.ts';
import { actOnParkedEvent, resumeWebhook } from '../support/webhook-actions.ts';
import { listParked, type ParkedEvent, readWebhookOff } from '../support/webhook-store.ts';
import type { PlatformDeps } from './deps.ts';
import { noticeResource, noticeSchema } from './notice-view.ts';
import { idParameters, jsonAnswer, notFound, readProblems, scoped } from './route.ts';

type Deps = Pick<PlatformDeps, 'database' | 'clock' | 'ids' | 'desk'>;

const parkedEventSchema = z
  .object({
    id: z.string().meta({ description: "The event's webhook-id" }),
    type: z.string(),
    ticketId: z.string(),
    tries: z.int(),
    reason: z.string(),
    parkedAt: z.int(),
    replayAt: z.int().nullable().meta({ description: 'When an operator asked to send it again' }),
  })
  .meta({ id: 'ParkedWebhookEvent' });
const offSchema = z
  .object({ at: z.int(), reason: z.string() })
  .nullable()
  .meta({ description: 'Since when the receiver wants no event any more (410), and why; null: it is on' });

function parkedEvent({ id, type, tries, reason, ...row }: ParkedEvent): z.infer<typeof parkedEventSchema> {
  return {
    id,
    type,
    ticketId: row.ticket_id,
    tries,
    reason,
    parkedAt: row.parked_at,
    replayAt: row.replay_at,
  };
}

const actorOf = (context: { readonly var: AppEnv['Variables'] }) => `operator:${context.var.caller.clientId}`;

/** `POST /notices/{id}/resend` and `/drop`: ends a dead notification. */
function mountDeadNotifications(app: App, deps: Deps, requireScope: Authenticator['requireScope']): void {
  const { database, clock, ids, desk } = deps;
  const actions = [
    ['resend', 'Send a dead notification again, from its first try on'],
    ['drop', "Remove a dead notification from the operator's list without sending it"],
  ] as const;
  for (const [action, summary] of actions) {
    const route = createRoute({
      method: 'post',
      path: `/notices/{id}/${action}`,
      tags: ['Operations'],
      summary,
      ...scoped(requireScope, 'operations:write'),
      request: { params: idParameters },
      responses: {
        200: jsonAnswer('The notification as it is now', noticeSchema),
        404: problemDoc('not-found: no dead notification has this id'),
        ...readProblems,
      },
    });
    app.openapi(route, async (context) => {
      const { id } = context.req.valid('param');
      const by = { actor: actorOf(context), at: clock.now() };
      const row = await database.write((transaction) =>
        actOnDeadNotification(transaction, ids, id, action, by),
      );
      if (row === null) throw notFound('dead notification', id);
      desk.onRecorded();
      return context.json(noticeResource(row, null), 200);
    });
  }
}

/** `POST /webhook-events/{id}/replay` and `/drop`: ends what the receiver of ticket events refused. */
function mountParkedEvents(app: App, deps: Deps, requireScope: Authenticator['requireScope']): void {
  const { database, clock, ids, desk } = deps;
  const actions = [
    ['replay', 'Send a parked webhook event again, once'],
    ['drop', "Take a parked webhook event off the operator's list without sending it"],
  ] as const;
  for (const [action, summary] of actions) {
    const route = createRoute({
      method: 'post',
      path: `/webhook-events/{id}/${action}`,
      tags: ['Operations'],
      summary,
      ...scoped(requireScope, 'operations:write'),
      request: { params: idParameters },
      responses: {
        200: jsonAnswer('The event as it was parked', parkedEventSchema),
        404: problemDoc('not-found: no parked event has this id'),
        ...readProblems,
      },
    });
    app.openapi(route, async (context) => {
      const { id } = context.req.valid('param');
      const by = { actor: actorOf(context), at: clock.now() };
      const parked = await database.write((transaction) =>
        actOnParkedEvent(transaction, ids, id, action, by),
      );
      if (parked === null) throw notFound('parked event', id);
      desk.onRecorded();
      return context.json(parkedEvent(parked), 200);
    });
  }
}

/** `GET /webhook-events` and `POST /webhook-events/resume`. */
function mountWebhook(app: App, deps: Deps, requireScope: Authenticator['requireScope']): void {
  const { database, clock, ids, desk } = deps;
  const list = createRoute({
    method: 'get',
    path: '/webhook-events',
    tags: ['Operations'],
    summary:
      'Ticket events that the webhook gave up, in the order of the history, and whether it is switched off',
    ...scoped(requireScope, 'operations:read'),
    request: {
      query: z.object({ status: z.literal('parked'), limit: limitSchema, cursor: sequenceCursorSchema }),
    },
    responses: {
      200: jsonAnswer(
        'A page',
        z.object({ events: z.array(parkedEventSchema), off: offSchema, next: nextSchema }),
      ),
      ...readProblems,
    },
  });
  const resume = createRoute({
    method: 'post',
    path: '/webhook-events/resume',
    tags: ['Operations'],
    summary: 'Switch the webhook on again after its receiver answered 410',
    ...scoped(requireScope, 'operations:write'),
    responses: {
      200: jsonAnswer('Whether it was off', z.object({ wasOff: z.boolean() })),
      401: problemDoc('unauthorized'),
      403: problemDoc('missing-scope'),
    },
  });
  app.openapi(list, async (context) => {
    const { limit, cursor } = context.req.valid('query');
    const rows = await listParked(database.reader, limit + 1, cursor ?? 0);
    const { page, next } = pageOf(rows, limit, ({ seq }) => String(seq));
    const off = await readWebhookOff(database.reader);
    return context.json({ events: page.map(parkedEvent), off, next }, 200);
  });
  app.openapi(resume, async (context) => {
    const by = { actor: actorOf(context), at: clock.now() };
    const wasOff = await database.write((transaction) => resumeWebhook(transaction, ids, by));
    if (wasOff) desk.onRecorded();
    return context.json({ wasOff }, 200);
  });
}

/** The operator's actions on notifications and webhook events that were given up. */
export function mountParkedWork(app: App, deps: Deps, { requireScope }: Authenticator): void {
  mountDeadNotifications(app, deps, requireScope);
  mountWebhook(app, deps, requireScope);
  mountParkedEvents(app, deps, requireScope);
}
