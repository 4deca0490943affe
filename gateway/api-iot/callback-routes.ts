import { createRoute } from '@hono/zod-openapi';
import { z } from 'zod';
import type { Clock } from '../../shared/ports/clock.ts';
import type { Database } from '../../shared/ports/database.ts';
import type { Log } from '../../shared/ports/log.ts';
import { maskedText } from '../../shared/protocol/address.ts';
import type { App } from '../http/app-env.ts';
import { type Authenticator, securityFor } from '../http/authenticate.ts';
import { limitSchema, nextSchema, pageOf } from '../http/paging.ts';
import { problemDoc, problemError } from '../http/problem.ts';
import type { CallbackSender } from './callbacks.ts';
import { jsonBody, type scopes } from './routes-shared.ts';
import { deleteParkedCallback, listParkedCallbacks, replayCallback } from './store/callbacks.ts';
import type { ApiIotSchema, CallbackRow } from './store/schema.ts';

export interface CallbackRoutesDeps {
  readonly database: Database<ApiIotSchema>;
  readonly clock: Clock;
  readonly log: Log;
  readonly callbacks: Pick<CallbackSender, 'offer'>;
}

const idSchema = z.string().regex(/^[A-Za-z0-9._-]{1,128}$/, '1 to 128 letters, digits, dots, _ and -');

const parkedSchema = z
  .object({
    id: z.string().meta({ description: 'The webhook-id' }),
    url: z.string().meta({ description: 'Without credentials and path' }),
    tries: z.int(),
    reason: z.string().nullable(),
    parkedAt: z.int(),
  })
  .meta({ id: 'ParkedCallback' });

function parkedCallback({ id, url, failures, last_error, parked_at }: CallbackRow) {
  return {
    id,
    url: maskedText(url),
    tries: failures,
    reason: last_error,
    parkedAt: parked_at ?? 0,
  } satisfies z.infer<typeof parkedSchema>;
}

const scope = 'callbacks:operate' satisfies keyof typeof scopes;
const problems = {
  401: problemDoc('unauthorized'),
  403: problemDoc('missing-scope'),
  422: problemDoc('invalid-request'),
};

/** `GET /callbacks` and `POST /callbacks/{id}/replay` and `/drop`: what an operator does with callbacks that were given up. */
export function mountParkedCallbacks(
  app: App,
  { database, clock, log, callbacks }: CallbackRoutesDeps,
  { requireScope }: Authenticator,
): void {
  const common = {
    tags: ['Callbacks'],
    middleware: requireScope(scope),
    security: securityFor(scope),
  };
  const list = createRoute({
    ...common,
    method: 'get',
    path: '/callbacks',
    summary: 'Callbacks that were given up, in the order of their ids',
    request: {
      query: z.object({
        status: z.literal('parked'),
        limit: limitSchema,
        cursor: idSchema.optional(),
      }),
    },
    responses: {
      200: jsonBody('A page', z.object({ callbacks: z.array(parkedSchema), next: nextSchema })),
      ...problems,
    },
  });
  app.openapi(list, async (context) => {
    const { limit, cursor = '' } = context.req.valid('query');
    const rows = await listParkedCallbacks(database.reader, cursor, limit + 1);
    const { page, next } = pageOf(rows, limit, ({ id }) => id);
    return context.json({ callbacks: page.map(parkedCallback), next }, 200);
  });
  for (const [action, summary] of [
    ['replay', 'Send a parked callback again, from its first try on'],
    ['drop', "Take a parked callback off the operator's list without sending it"],
  ] as const) {
    const route = createRoute({
      ...common,
      method: 'post',
      path: `/callbacks/{id}/${action}`,
      summary,
      request: { params: z.object({ id: idSchema }) },
      responses: {
        200: jsonBody('The callback as it was parked', parkedSchema),
        404: problemDoc('not-found: no parked callback has this id'),
        ...problems,
      },
    });
    app.openapi(route, async (context) => {
      const { id } = context.req.valid('param');
      const dueAt = clock.now();
      const row = await database.write((transaction) =>
        action === 'replay' ? replayCallback(transaction, id, dueAt) : deleteParkedCallback(transaction, id),
      );
      if (row === null) throw problemError('not-found', `There is no parked callback ${id}.`);
      log.info(action === 'replay' ? 'api_iot.callback_replayed' : 'api_iot.callback_dropped', {
        callbackId: id,
        by: context.var.caller.clientId,
      });
      if (action === 'replay') callbacks.offer({ ...row, failures: 0, due_at: dueAt, parked_at: null });
      return context.json(parkedCallback(row), 200);
    });
  }
}
